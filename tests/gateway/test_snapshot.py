"""What is in force as files: tables, parts, heads, and a worker's watch over them with a clock of its own."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from bylaw.access.decision import Request
from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, Value
from bylaw.canonical import canonical
from bylaw.errors import MalformedError, VerificationError
from bylaw.gateway.caller.keys import Key, KeyFile
from bylaw.gateway.settings import SnapshotSettings
from bylaw.gateway.snapshot import people
from bylaw.gateway.snapshot.follow import AHEAD, Clock, Follower, Stale
from bylaw.gateway.snapshot.head import read_head, write_head
from bylaw.gateway.snapshot.parts import Parts
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.gateway.snapshot.table import Rows, Table, write_rows, write_table
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from offices import BASE, LETTER, enacted, office_in

AT = datetime(2026, 6, 13, 12, tzinfo=UTC)
REQUEST = Request(model="m")


def test_a_table_finds_what_is_in_it_and_nothing_else(tmp_path: Path) -> None:
    rows = {f"key {number} é": number for number in range(5000)}
    write_table(tmp_path / "t", rows.items())
    table = Table(tmp_path / "t", int)
    assert len(table) == 5000 and dict(table.items()) == rows
    assert all(table.get(key) == value for key, value in rows.items())
    assert table.get("key 5000 é") is None and table.get("") is None


def test_rows_of_one_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bylaw.gateway.snapshot.table.hash_of", len)
    write_table(tmp_path / "t", [("aa", 1), ("bb", 2), ("c", 3)])
    table = Table(tmp_path / "t", int)
    assert [table.get(key) for key in ("aa", "bb", "c", "dd")] == [1, 2, 3, None]


def test_a_file_of_another_kind_or_cut_short_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", [b"a", b"", b"ccc"])
    assert [Rows(tmp_path / "rows")[number] for number in range(3)] == [b"a", b"", b"ccc"]
    with pytest.raises(MalformedError):
        Table(tmp_path / "rows", int)
    for content in (b"x", b"x" * 100, (tmp_path / "rows").read_bytes()[:30]):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(MalformedError):
            Rows(tmp_path / "bad")


def test_a_part_is_what_its_name_says(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    name = parts.put(lambda path: path.write_bytes(b"x") and None)
    assert parts.find(name).read_bytes() == b"x"
    (tmp_path / name).write_bytes(b"y")
    with pytest.raises(VerificationError, match="changed"):
        parts.find(name)
    with pytest.raises(VerificationError, match="cannot be read"):
        parts.find("0" * 64)


class Time:
    """A clock that is set by hand; ``steady`` goes on by itself."""

    def __init__(self, at: datetime) -> None:
        self.wall = self.steady = at.timestamp()

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.steady)


class Made:
    """An office, its publisher and one worker's follower, on one clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = Lab.open(folder / "lab")
        self.office = office_in(folder)
        enacted(self.office, folder, self.lab, BASE, "base.toml", AT - timedelta(days=9))
        self.keys = KeyFile(folder / "keys.jsonl")
        self.signer = LocalSigner.generate()
        self.time = Time(AT)
        self.publisher = self.new_publisher()
        self.follower = Follower(folder / "snapshot", self.signer.public, 0.1, self.time.clock)

    def new_publisher(self) -> Publisher:
        settings = SnapshotSettings(max_age_seconds=100, renew_seconds=30)
        return Publisher(self.office, self.keys, self.folder / "snapshot", self.signer, settings)

    async def turn(self) -> None:
        self.publisher.turn(self.time.wall)
        await self.follower.turn()

    def outcome(self, subject: str) -> str:
        edition, _ = self.follower.current()
        return edition.decide(subject, REQUEST).decision.outcome


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    yield Made(tmp_path)


def run(coroutine: object) -> None:
    import asyncio

    asyncio.run(coroutine)  # type: ignore[arg-type]


def test_a_worker_decides_as_the_office_does_to_the_byte(made: Made) -> None:
    enacted(made.office, made.folder, made.lab, LETTER, "letter.toml", AT)
    run(made.turn())
    edition, _ = made.follower.current()
    policy, register = made.office.policy(AT), made.office.register(AT)
    for subject in ("citizen", "resident", "foreign", "nobody"):
        for request in (REQUEST, Request(model="m", location="cn"), Request(model="m", surface="weights")):
            assert edition.decide(subject, request).body == canonical(policy.decide(register, subject, request))


def test_names_and_days_of_birth_do_not_leave_the_office(made: Made) -> None:
    said = Fact(name="name", values=(Value(text="Ada Lovelace"),), source="hr", grade="attested", as_of=AT.date())
    born = Fact(name="born", values=(Value(text="1815-12-10"),), source="hr", grade="attested", as_of=AT.date())
    with made.office.store() as store:
        store.record([Said("ada", "person", (said, born))], source="x", digest="2" * 64, by="ana", at=AT)
    run(made.turn())
    assert made.outcome("ada") == "allow"
    content = b"".join(path.read_bytes() for path in (made.folder / "snapshot").iterdir())
    assert b"Lovelace" not in content and b"1815" not in content and b"ada" in content


def test_people_are_the_register_without_what_no_rule_reads(made: Made) -> None:
    register = made.office.register(AT)
    people.write(register, made.folder / "s", made.folder / "f")
    found = people.People(made.folder / "s", made.folder / "f")
    assert {id: found[id] for id in found} == dict(register) and len(found) == len(register)
    assert "nobody" in found and "no-one" not in found and 3 not in found
    with pytest.raises(KeyError):
        found["no-one"]


def test_a_directive_alone_writes_no_people_again(made: Made) -> None:
    run(made.turn())
    first = read_head(made.folder / "snapshot", made.signer.public)
    made.time.go(1)
    assert made.publisher.turn(made.time.wall) is None
    enacted(made.office, made.folder, made.lab, LETTER, "letter.toml", AT)
    head = made.publisher.turn(made.time.wall)
    assert head is not None and head.version == first.version + 1
    assert (head.days, head.keys, head.hits) == (first.days, first.keys, first.hits) and head.rules != first.rules


def test_a_change_counts_at_the_worker_and_what_is_told_comes_after_it(made: Made) -> None:
    run(made.turn())
    told: list[str] = []
    made.follower.changed.append(lambda edition: told.append(made.outcome("foreign")))
    assert made.outcome("foreign") == "allow"
    enacted(made.office, made.folder, made.lab, LETTER, "letter.toml", AT)
    run(made.turn())
    assert told == ["refuse"] and made.outcome("foreign") == "refuse" and made.outcome("citizen") == "allow"


def test_rules_begin_and_end_by_their_own_dates_without_a_new_head(made: Made) -> None:
    later = LETTER.replace("2026-06-12T21:21:00Z", "2026-06-13T12:00:30Z\neffective_until = 2026-06-13T12:01:00Z")
    enacted(made.office, made.folder, made.lab, later, "letter.toml", AT)
    run(made.turn())
    seen = []
    for _ in range(9):
        seen.append(made.outcome("foreign"))
        made.time.go(10)
    assert seen == ["allow"] * 3 + ["refuse"] * 3 + ["allow"] * 3


def test_past_its_age_nothing_is_in_force(made: Made) -> None:
    run(made.turn())
    made.time.go(99)
    assert made.outcome("citizen") == "allow"
    made.time.go(2)
    with pytest.raises(Stale, match="older than 100 seconds"):
        made.follower.current()
    run(made.turn())
    assert made.outcome("citizen") == "allow"


def test_before_the_first_snapshot_nothing_is_in_force(made: Made) -> None:
    run(made.follower.turn())
    with pytest.raises(Stale):
        made.follower.current()


def test_a_clock_set_back_makes_nothing_last_longer(made: Made) -> None:
    run(made.turn())
    made.time.wall -= 3600
    assert made.outcome("citizen") == "allow"
    made.time.go(101)
    with pytest.raises(Stale):
        made.follower.current()


@pytest.mark.parametrize("back", [3600, 3 * 86_400])
def test_a_clock_set_back_forgets_no_directive(made: Made, back: int) -> None:
    """Nor does a publisher that signs anew then, or a worker that knew no other head."""
    run(made.turn())
    made.time.go(20)
    begins = LETTER.replace("2026-06-12T21:21:00Z", "2026-06-13T12:00:10Z")
    enacted(made.office, made.folder, made.lab, begins, "letter.toml", AT + timedelta(seconds=20))
    run(made.turn())
    assert made.outcome("foreign") == "refuse"
    made.time.wall -= back
    for _ in range(4):
        run(made.turn())
        assert made.outcome("foreign") == "refuse" and made.outcome("citizen") == "allow"
        made.time.go(40)
    made.publisher = made.new_publisher()
    made.follower = Follower(made.folder / "snapshot", made.signer.public, 0.1, made.time.clock)
    run(made.turn())
    assert made.outcome("foreign") == "refuse"


def test_a_clock_set_forward_closes_the_door_until_there_is_a_new_head(made: Made) -> None:
    run(made.turn())
    made.time.wall += 86_400 * 3
    with pytest.raises(Stale):
        made.follower.current()
    run(made.turn())
    assert made.outcome("citizen") == "allow"


def test_decisions_are_never_made_for_an_instant_before_the_head(made: Made) -> None:
    run(made.turn())
    made.time.wall -= 86_400
    edition, now = made.follower.current()
    assert now == edition.head.made


def test_a_head_from_the_future_or_of_an_earlier_version_is_not_taken(made: Made) -> None:
    run(made.turn())
    folder = made.folder / "snapshot"
    head = read_head(folder, made.signer.public)
    for changed in (
        {"version": 9, "made": made.time.wall + AHEAD + 60},
        {"version": head.version, "made": made.time.wall + 1},
        {"version": 1},
    ):
        write_head(folder, msgspec.structs.replace(head, **changed), made.signer)
        run(made.follower.turn())
        assert made.follower.edition is not None and made.follower.edition.head == head
        assert made.follower.fault


def test_a_head_of_another_key_is_not_taken(made: Made) -> None:
    run(made.turn())
    head = read_head(made.folder / "snapshot", made.signer.public)
    write_head(made.folder / "snapshot", msgspec.structs.replace(head, version=9), LocalSigner.generate())
    run(made.follower.turn())
    assert made.follower.edition is not None and made.follower.edition.head == head
    assert "signature" in made.follower.fault


def test_tomorrow_is_there_before_it_begins(made: Made) -> None:
    made.time.go(11 * 3600 + 1800)
    run(made.turn())
    edition, _ = made.follower.current()
    assert sorted(edition.head.days) == ["2026-06-13", "2026-06-14"]
    for _ in range(12):
        made.time.go(180)
        run(made.turn())
        assert made.outcome("citizen") == "allow"
    edition, _ = made.follower.current()
    assert edition.day == "2026-06-14"


def test_without_the_people_of_the_day_nothing_is_in_force(made: Made) -> None:
    made.time.go(12 * 3600 - 10)
    run(made.turn())
    edition, _ = made.follower.current()
    head = msgspec.structs.replace(edition.head, version=9, days={"2026-06-13": edition.head.days["2026-06-13"]})
    write_head(made.folder / "snapshot", head, made.signer)
    run(made.follower.turn())
    made.time.go(11)
    with pytest.raises(Stale, match="nobody as of 2026-06-14"):
        made.follower.current()


def test_a_publisher_that_is_started_again_goes_on_from_the_last_version(made: Made) -> None:
    run(made.turn())
    made.publisher = made.new_publisher()
    run(made.turn())
    edition, _ = made.follower.current()
    assert edition.head.version == 2


def test_a_document_changed_after_it_was_enacted_is_never_published(made: Made) -> None:
    run(made.turn())
    path = made.office.rules_folder / "ordinary-access@1.toml"
    path.write_text(path.read_text().replace("Everybody", "All"))
    made.time.go(40)
    with pytest.raises(VerificationError):
        made.publisher.turn(made.time.wall)
    run(made.follower.turn())
    made.time.go(61)
    with pytest.raises(Stale):
        made.follower.current()


def test_keys_come_and_go(made: Made) -> None:
    text = made.keys.issue(Key(subject="citizen"), AT)
    run(made.turn())
    edition, _ = made.follower.current()
    (hash,) = made.keys.valid()
    assert edition.key(hash) == Key(subject="citizen") and edition.key("0" * 64) is None
    made.keys.revoke(text, "lost", AT + timedelta(seconds=1))
    made.time.go(1)
    run(made.turn())
    edition, _ = made.follower.current()
    assert edition.key(hash) is None


def test_a_key_ends_at_its_own_time(made: Made) -> None:
    from bylaw.gateway.caller.identify import Headers, identify
    from bylaw.gateway.caller.tokens import Tokens
    from bylaw.gateway.problem import Problem

    text = made.keys.issue(Key(subject="citizen", expires=AT + timedelta(seconds=30)), AT)
    run(made.turn())
    headers = Headers.of([(b"x-api-key", text.encode())])
    edition, now = made.follower.current()
    assert identify(headers, Tokens({}, Path), edition, now).subject == "citizen"
    made.time.go(30)  # and no new head has come
    with pytest.raises(Problem) as refused:
        identify(headers, Tokens({}, Path), *made.follower.current())
    assert refused.value.kind == "who"


def test_an_edition_keeps_so_many_decisions_and_no_more(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    run(made.turn())
    monkeypatch.setattr("bylaw.gateway.snapshot.edition.KEEP", 5)
    edition, _ = made.follower.current()
    for number in range(20):
        edition.decide("citizen", Request(model="m", location=f"x{number}"))
        assert len(edition._ruled) <= 5


def test_a_head_that_changes_nothing_compiles_nothing(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    run(made.turn())
    first, _ = made.follower.current()
    made.time.go(31)
    monkeypatch.setattr("bylaw.gateway.snapshot.edition.compile", None)
    run(made.turn())
    second, _ = made.follower.current()
    assert second.head.version == first.head.version + 1 and second.policy is first.policy


def test_any_byte_of_a_head_that_is_changed_is_found(made: Made) -> None:
    run(made.turn())
    path = made.folder / "snapshot" / "head"
    content, draw = path.read_bytes(), random.Random(3)
    for _ in range(60):
        place = draw.randrange(len(content) - 1)
        changed = content[:place] + bytes([content[place] ^ (1 << draw.randrange(7))]) + content[place + 1 :]
        path.write_bytes(changed)
        try:
            head = read_head(made.folder / "snapshot", made.signer.public)
        except VerificationError:
            continue
        path.write_bytes(content)
        assert head == read_head(made.folder / "snapshot", made.signer.public)  # white space, or the key's name


def test_an_office_and_its_publisher_agree_on_the_basis(made: Made) -> None:
    run(made.turn())
    edition, _ = made.follower.current()

    assert edition.basis("2026-06-13T12:00:00Z") == made.office.basis(AT, made.office.policy(AT))
