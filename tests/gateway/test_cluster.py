"""Between machines, over a real PostgreSQL that is believed in nothing: heads out, decisions back, each once."""

import asyncio
import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest
from gateway_postgres import Postgres, postgres

from bylaw.access.decision import Request
from bylaw.access.office.made import Made, Written
from bylaw.canonical import canonical
from bylaw.errors import RecordError, UsageError, VerificationError
from bylaw.gateway.caller.keys import KeyFile
from bylaw.gateway.cluster import heads, taking
from bylaw.gateway.cluster.database import SCHEMA, Database, Gone
from bylaw.gateway.cluster.heads import HEADS, Fetching, Putting
from bylaw.gateway.cluster.pieces import SENT, Filed, piece_of, seal
from bylaw.gateway.cluster.sending import Sending
from bylaw.gateway.cluster.taking import Taking, Takings
from bylaw.gateway.record.coverage import Beat, read
from bylaw.gateway.record.segment import Segments
from bylaw.gateway.record.writing import line_of
from bylaw.gateway.settings import GatewaySettings, Place, SnapshotSettings
from bylaw.gateway.snapshot.follow import Clock, Follower
from bylaw.gateway.snapshot.head import open_head, write_head
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.gateway.state import State
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from bylaw.storage import line_of as record_line
from offices import AT, BASE, LETTER, enacted, office_in

NUMBERS = count()
NOW = AT.timestamp()
WORKER = "eu-w0123456789ab"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as (one,):
        yield one


@pytest.fixture
def dsn(server: Postgres) -> str:
    return server.database(f"t{next(NUMBERS)}")


@pytest.fixture
def base(dsn: str) -> Iterator[Database]:
    made = Database(dsn, SENT, 20.0)
    made.execute(SCHEMA)
    yield made
    made.close()


class Machines:
    """An office with its publisher, and a replica's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lab = folder, Lab.open(folder / "lab")
        self.office = office_in(folder)
        enacted(self.office, folder, self.lab, BASE, "base.toml", AT)
        self.signer, self.machine = LocalSigner.generate(), LocalSigner.generate()
        self.now = NOW
        settings = SnapshotSettings(max_age_seconds=100, renew_seconds=0.001)
        self.publisher = Publisher(self.office, KeyFile(folder / "keys"), folder / "here", self.signer, settings)
        self.home = State(Place(GatewaySettings(state="home"), folder))
        self.away = State(Place(GatewaySettings(state="away"), folder))
        self.away.segments.mkdir(parents=True)
        self.away.coverage.mkdir()
        self.putting = Putting(folder / "here", self.signer.public, 0.0)
        self.fetching = Fetching(self.away.snapshot, self.signer.public)

    def publish(self, base: Database) -> None:
        """A head, in the database."""
        self.now += 1
        assert self.publisher.turn(self.now) is not None
        self.putting.turn(base)

    def sending(self) -> Sending:
        return Sending(self.away, "eu", self.machine, self.signer.public)

    def takings(self) -> Takings:
        return Takings([Taking(self.home, self.office.archive, "eu", self.machine.public, self.signer)])

    def decisions(self, *numbers: int, worker: str = WORKER) -> bytes:
        """Lines of a segment."""
        policy, register = self.office.policy(AT), self.office.register(AT)
        decision, basis = policy.decide(register, "citizen", Request(model="m")), self.office.basis(AT, policy)
        made = [Made(decision=decision, basis=basis, call=f"{worker}-{number}") for number in numbers]
        return b"".join(line_of(Written(canonical(one), bytes([7]) * 32)) for one in made)

    def segment(self, content: bytes, number: int = 1) -> Path:
        """A replica's segment that nobody writes any more."""
        path = self.away.segments / f"{WORKER}-{number:06}.log"
        path.write_bytes(content)
        return path

    def calls(self) -> list[str]:
        """Of all decisions in the archive."""
        return [made.call for made in self.office.archive.between("2026", "2027")]


@pytest.fixture
def both(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def decided(both: Machines) -> bytes:
    """What a replica's worker decides by the head it has."""
    follower = Follower(both.away.snapshot, both.signer.public, 1.0, Clock(lambda: both.now, lambda: both.now))
    asyncio.run(follower.turn())
    edition, _ = follower.current()
    return edition.decide("foreign", Request(model="m")).body


def test_a_replica_decides_to_the_byte_as_the_office_does(both: Machines, base: Database) -> None:
    for text in ("", LETTER):
        if text:
            enacted(both.office, both.folder, both.lab, text, "letter.toml", AT)
        both.publish(base)
        both.fetching.turn(base)
        policy, register = both.office.policy(AT), both.office.register(AT)
        assert decided(both) == canonical(policy.decide(register, "foreign", Request(model="m")))
        assert base.execute("SELECT count(DISTINCT name) FROM bylaw.part")[0][0] >= 5


def test_large_parts_go_in_pieces_and_only_what_is_used_stays(
    both: Machines, base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "PIECE", 100)
    for _ in range(3):
        both.publish(base)
        both.fetching.turn(base)
        enacted(
            both.office,
            both.folder,
            both.lab,
            LETTER.replace('"letter"', f'"l{both.now:.0f}"'),
            f"l{both.now:.0f}.toml",
            AT,
        )
    names = {name for (name,) in base.execute("SELECT DISTINCT name FROM bylaw.part")}
    here = {path.name for path in (both.folder / "here").iterdir() if len(path.name) == 64}
    away = {path.name for path in both.away.snapshot.iterdir() if len(path.name) == 64}
    assert names == here == away
    assert base.execute("SELECT max(number) FROM bylaw.part")[0][0] > 5


def test_a_head_that_goes_back_is_not_taken_even_after_a_restart(both: Machines, base: Database) -> None:
    both.publish(base)
    old = base.execute("SELECT envelope FROM bylaw.head")[0][0]
    both.publish(base)
    both.fetching.turn(base)
    base.execute("UPDATE bylaw.head SET version = 1, envelope = %s", (old,))
    for each in (both.fetching, Fetching(both.away.snapshot, both.signer.public)):
        with pytest.raises(VerificationError, match="version 1 after 2"):
            each.turn(base)
        assert each.version == 2
    both.putting.turn(base)  # the publisher sees that its own is no longer there
    assert base.execute("SELECT version FROM bylaw.head") == [(2,)]


def test_what_another_key_signed_or_somebody_changed_is_not_taken(both: Machines, base: Database) -> None:
    both.publish(base)
    both.fetching.turn(base)
    before, other = decided(both), both.folder / "other"
    head = open_head((both.folder / "here" / "head").read_bytes(), both.signer.public)
    write_head(other, msgspec.structs.replace(head, version=9), LocalSigner.generate())
    base.execute("UPDATE bylaw.head SET version = 9, envelope = %s", ((other / "head").read_bytes(),))
    with pytest.raises(VerificationError, match="signature"):
        both.fetching.turn(base)
    for content in (b"", b"{}", b"\xff" * 100):
        base.execute("UPDATE bylaw.head SET version = 9, envelope = %s", (content,))
        with pytest.raises(VerificationError):
            both.fetching.turn(base)
    enacted(both.office, both.folder, both.lab, LETTER, "letter.toml", AT)
    both.publish(base)
    base.execute("UPDATE bylaw.part SET content = content || 'x'::bytea")
    with pytest.raises(VerificationError, match="not what its name says"):
        both.fetching.turn(base)
    assert decided(both) == before and both.fetching.version == 1


def test_a_database_that_has_forgotten_everything_is_told_again(both: Machines, base: Database) -> None:
    both.publish(base)
    base.execute("DROP SCHEMA bylaw CASCADE")
    base.execute(SCHEMA)
    both.putting.turn(base)
    both.fetching.turn(base)
    assert both.fetching.version == 1


def test_decisions_of_a_replica_come_into_the_one_archive_and_ledger_once(both: Machines, base: Database) -> None:
    from bylaw.access.office.commit import commit

    path = both.segment(both.decisions(1, 2, 3) + b"00" * 32 + b' {"basis":')  # a line whose writer was killed
    sending, takings = both.sending(), both.takings()
    sending.turn(base)
    assert path.exists(), "nobody has signed for it"
    takings.turn(base)
    assert both.calls() == [f"{WORKER}-{number}" for number in (1, 2, 3)]
    sending.turn(base)
    assert not path.exists() and base.execute("SELECT count(*) FROM bylaw.piece") == [(0,)]
    assert commit(both.office, both.lab) == 3
    both.segment(both.decisions(1, 2, 3, 4))  # as if its own disk had gone back in time
    both.sending().turn(base)
    takings.turn(base)
    assert len(both.calls()) == 4


def test_a_segment_that_is_written_goes_as_it_grows_and_stays(both: Machines, base: Database) -> None:
    async def write() -> None:
        segments = Segments(both.away.segments, WORKER, "each", 1 << 20)
        sending, takings = both.sending(), both.takings()
        for number in range(1, 6):
            await segments.write(both.decisions(number))
            sending.turn(base)
            takings.turn(base)
            sending.turn(base)
            assert len(both.calls()) == number and both.away.segments.joinpath(f"{WORKER}-000001.log").exists()
        segments.close()
        sending.turn(base)
        assert not list(both.away.segments.glob("*.log"))

    asyncio.run(write())


STEPS = {
    "before it is noted": "bylaw.gateway.cluster.taking.write_bytes",
    "before it is signed for": "bylaw.gateway.cluster.taking.seal",
    "before the replica notes it": "bylaw.gateway.cluster.sending.write_bytes",
    "before the segment goes": "pathlib.Path.unlink",
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_killed_at_any_step_nothing_is_lost_or_doubled(
    both: Machines, base: Database, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = both.segment(both.decisions(*range(1, 6)))

    def round_of_both() -> None:
        both.sending().turn(base)
        both.takings().turn(base)
        both.sending().turn(base)

    with monkeypatch.context() as patch:
        patch.setattr(step, _killed)
        with pytest.raises(KeyboardInterrupt):
            round_of_both()
    assert path.exists()
    round_of_both()
    assert sorted(both.calls()) == [f"{WORKER}-{number}" for number in range(1, 6)] and not path.exists()


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_what_the_database_loses_is_sent_again(both: Machines, base: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bylaw.gateway.cluster.sending.LARGEST", 2500)
    both.segment(both.decisions(*range(1, 31)))
    sending, takings = both.sending(), both.takings()
    sending.turn(base)
    places = [start for (start,) in base.execute("SELECT start FROM bylaw.piece ORDER BY start")]
    assert len(places) > 5
    base.execute("DELETE FROM bylaw.piece WHERE start = %s", (places[2],))
    takings.turn(base)
    base.execute("DELETE FROM bylaw.piece WHERE start > %s", (places[3],))
    base.execute("DELETE FROM bylaw.filed")
    for _ in range(3):
        sending.turn(base)
        takings.turn(base)
    assert sorted(both.calls()) == sorted(f"{WORKER}-{number}" for number in range(1, 31))


def _piece(both: Machines, base: Database, content: bytes, file: str, signer: LocalSigner, machine: str = "eu") -> None:
    page = piece_of(machine, file, 0, content)
    base.execute(
        "INSERT INTO bylaw.piece VALUES ('eu', %s, 0, %s, %s, %s)", (file, len(content), seal(page, signer), content)
    )


FORGED: dict[str, Callable[[Machines], tuple[bytes, str, LocalSigner]]] = {
    "a key that is not listed": lambda both: (both.decisions(1), f"{WORKER}-000001.log", LocalSigner.generate()),
    "the publisher's own key": lambda both: (both.decisions(1), f"{WORKER}-000001.log", both.signer),
    "another worker's decision": lambda both: (
        both.decisions(1, worker="us-w0123456789ab"),
        f"{WORKER}-000001.log",
        both.machine,
    ),
    "another machine's file": lambda both: (both.decisions(1), "us-w0123456789ab-000001.log", both.machine),
    "a path": lambda both: (both.decisions(1), f"{WORKER}-000001.log/../../x", both.machine),
    "a line that is none": lambda both: (b"nonsense\n", f"{WORKER}-000001.log", both.machine),
    "half a line": lambda both: (both.decisions(1)[:-1], f"{WORKER}-000001.log", both.machine),
    "no decision": lambda both: (
        b"00" * 32 + b' {"call":"%s-1"}\n' % WORKER.encode(),
        f"{WORKER}-000001.log",
        both.machine,
    ),
    "another worker's beat": lambda both: (
        record_line(Beat(at=1.0, worker="w0123456789ab", every=1.0)),
        f"{WORKER}.jsonl",
        both.machine,
    ),
    "a beat that is none": lambda both: (b"{}\n", f"{WORKER}.jsonl", both.machine),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_a_replica_did_not_sign_or_may_not_say_is_not_filed(
    both: Machines, base: Database, forged: Callable[[Machines], tuple[bytes, str, LocalSigner]]
) -> None:
    content, file, signer = forged(both)
    _piece(both, base, content, file, signer)
    good = both.segment(both.decisions(2), 2)
    both.sending().turn(base)
    with pytest.raises((VerificationError, RecordError)):
        both.takings().turn(base)
    assert both.calls() == [f"{WORKER}-2"], "what is sound is taken all the same"
    both.sending().turn(base)
    assert not good.exists()
    assert not list(both.home.coverage.glob("*")) and not (both.folder / "x").exists()


def test_a_piece_with_other_bytes_than_were_signed_is_not_filed(both: Machines, base: Database) -> None:
    both.segment(both.decisions(1))
    both.sending().turn(base)
    base.execute("UPDATE bylaw.piece SET content = %s", (both.decisions(9),))
    with pytest.raises(VerificationError, match="not the one that was signed"):
        both.takings().turn(base)
    assert not both.calls()


def test_nobody_but_the_publisher_can_make_a_replica_let_go(both: Machines, base: Database) -> None:
    path = both.segment(both.decisions(1))
    size = path.stat().st_size
    for signer in (LocalSigner.generate(), both.machine):
        page = seal(Filed(machine="eu", files={path.name: size}), signer)
        base.execute("DELETE FROM bylaw.filed")
        base.execute("INSERT INTO bylaw.filed VALUES ('eu', %s)", (page,))
        with pytest.raises(VerificationError):
            both.sending().turn(base)
        assert path.exists()
    page = seal(Filed(machine="us", files={path.name: size}), both.signer)  # signed, but about another machine
    base.execute("UPDATE bylaw.filed SET envelope = %s", (page,))
    both.sending().turn(base)
    assert path.exists()


def test_what_was_erased_does_not_come_back_with_an_old_piece(both: Machines, base: Database) -> None:
    both.segment(both.decisions(1))
    both.sending().turn(base)
    old = base.execute("SELECT * FROM bylaw.piece")[0]
    both.takings().turn(base)
    (made,) = both.office.archive.between("2026", "2027")
    both.office.archive.erase([made.id], "asked to")
    base.execute("INSERT INTO bylaw.piece VALUES (%s, %s, %s, %s, %s, %s)", old)
    both.takings().turn(base)
    assert not both.calls() and base.execute("SELECT count(*) FROM bylaw.piece") == [(0,)]


def test_what_a_replica_s_workers_attest_is_read_with_the_rest(both: Machines, base: Database) -> None:
    beats = [Beat(at=float(at), worker=WORKER, policy="p", version=1, every=1.0) for at in range(4)]
    path = both.away.coverage / f"{WORKER}.jsonl"
    path.write_bytes(b"".join(map(record_line, beats[:2])))
    sending, takings = both.sending(), both.takings()
    for _ in range(2):
        sending.turn(base)
        takings.turn(base)
        path.write_bytes(b"".join(map(record_line, beats)))
    assert list(read(both.home.coverage)) == beats and path.exists()


def test_a_segment_that_a_worker_holds_is_not_removed(both: Machines, base: Database) -> None:
    path = both.segment(both.decisions(1))
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for _ in range(2):
            both.sending().turn(base)
            both.takings().turn(base)
        assert both.calls() and path.exists()
    both.sending().turn(base)
    assert not path.exists()


def test_a_replica_needs_few_rights(both: Machines, base: Database, dsn: str) -> None:
    """What docs/gateway.md says that its role must be granted."""
    role = f"replica_{next(NUMBERS)}"
    for statement in (
        f"CREATE ROLE {role} LOGIN",
        f"GRANT USAGE ON SCHEMA bylaw TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA bylaw TO {role}",
        f"GRANT INSERT, UPDATE ON bylaw.piece TO {role}",
    ):
        base.execute(statement)
    own = Database(dsn.replace("user=bylaw", f"user={role}"), HEADS, 20.0)
    path = both.segment(both.decisions(1))
    both.publish(base)
    both.fetching.turn(own)
    sending = both.sending()
    sending.turn(own)
    both.takings().turn(base)
    sending.turn(own)
    assert both.calls() and not path.exists() and both.fetching.version == 1
    for statement in ("DELETE FROM bylaw.piece", "UPDATE bylaw.head SET version = 9", "DELETE FROM bylaw.filed"):
        with pytest.raises(Gone, match="permission denied"):
            own.execute(statement)
    own.close()


def test_a_server_that_is_stopped_is_left_in_time_and_found_again(server: Postgres, dsn: str) -> None:
    base = Database(dsn, HEADS, 2.0)
    assert base.execute("SELECT 1") == [(1,)]
    server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Gone):
            base.execute("SELECT pg_sleep(0)")
        with pytest.raises(Gone):
            base.execute("SELECT 1")
        assert time.monotonic() - began < 60
    finally:
        server.signal(signal.SIGCONT)
    assert base.execute("SELECT 2") == [(2,)] and base.made == 2
    base.close()


def test_a_notification_ends_the_wait(base: Database, dsn: str) -> None:
    other = Database(dsn, HEADS, 20.0)
    other.execute(f"SELECT pg_notify('{SENT}', '')")
    began = time.monotonic()
    base.wait(60.0)
    assert time.monotonic() - began < 50
    other.close()


def test_a_connection_string_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="connection string"):
        Database("host=x nonsense", SENT, 2.0)


def test_what_answers_requests_cannot_reach_the_database() -> None:
    code = "import sys, bylaw.gateway.processes.worker as w; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_named_after_another_kind_of_worker_is_none() -> None:
    from bylaw.gateway.cluster.pieces import worker_of

    assert worker_of("eu", f"{WORKER}-000001.log") == worker_of("eu", f"{WORKER}.jsonl") == WORKER
    for file in (f"{WORKER}.log", f"{WORKER}-1.log", "eu-w0123456789aB-000001.log", f"x{WORKER}.jsonl", "", "eu-w"):
        with pytest.raises(VerificationError):
            worker_of("eu", file)
    assert taking.KEPT >= 64
