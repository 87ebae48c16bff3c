"""The people of a snapshot are made aside: nothing that is enacted waits for them, and what stands is not made anew."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bylaw.access.office.place import Office
from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, Subject, Value
from bylaw.gateway.caller.keys import KeyFile
from bylaw.gateway.settings import SnapshotSettings
from bylaw.gateway.snapshot import people
from bylaw.gateway.snapshot.head import Head
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from offices import BASE, LETTER, enacted, office_in

AT = datetime(2026, 6, 13, 12, tzinfo=UTC)
SIGNER = LocalSigner.generate()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = office_in(tmp_path)
    enacted(office, tmp_path, Lab.open(tmp_path / "lab"), BASE, "base.toml", AT)
    return office


def publisher(office: Office, folder: Path) -> Publisher:
    return Publisher(office, KeyFile(folder / "keys"), folder / "snapshot", SIGNER, SnapshotSettings(), aside=True)


def told(office: Office, id: str) -> None:
    fact = Fact(name="citizenship", values=(Value(text="us"),), source="hr", grade="attested", as_of=AT.date())
    with office.store() as store:
        store.record([Said(id, "person", (fact,))], source=id, digest=id[0] * 64, by="ana", at=AT)


def made(publisher: Publisher, so: Callable[[Head], bool]) -> Head:
    """The first head of which something is so."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        head = publisher.turn(AT.timestamp())
        if head is not None and so(head):
            return head
        time.sleep(0.01)
    raise AssertionError("it is never so")


def test_what_is_enacted_does_not_wait_for_the_people_of_an_import(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = publisher(office, tmp_path)
    first = one.turn(AT.timestamp())
    assert first is not None
    goes_on, write = threading.Event(), people.write

    def slow(register: Mapping[str, Subject], subjects: Path, facts: Path) -> None:
        assert goes_on.wait(90)
        write(register, subjects, facts)

    monkeypatch.setattr("bylaw.gateway.snapshot.people.write", slow)
    told(office, "ada")
    assert one.turn(AT.timestamp()) is None
    enacted(office, tmp_path, Lab.open(tmp_path / "lab"), LETTER, "letter.toml", AT)
    second = one.turn(AT.timestamp())
    assert second is not None
    assert (second.acts, second.imports, second.days) == (first.acts + 1, first.imports, first.days)
    goes_on.set()
    third = made(one, lambda head: head.imports > first.imports)
    assert third.acts == second.acts and third.days != first.days
    day = third.days[str(AT.date())]
    assert "ada" in people.People(one.parts.find(day.subjects), one.parts.find(day.facts))
    assert sorted(path.name for path in one.parts.folder.iterdir() if path.name.startswith(".")) == []


def test_what_cannot_be_made_is_said(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = publisher(office, tmp_path)
    one.turn(AT.timestamp())
    monkeypatch.setattr("bylaw.gateway.snapshot.people.write", _fail)
    told(office, "ada")
    with pytest.raises(OSError, match="full"):
        made(one, lambda head: head.imports > 0)


def test_a_publisher_started_again_makes_nobody_again_unless_somebody_was_erased(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(office, "ada")
    first = publisher(office, tmp_path).turn(AT.timestamp())
    with monkeypatch.context() as patch:
        patch.setattr("bylaw.gateway.snapshot.people.write", _fail)
        again = publisher(office, tmp_path).turn(AT.timestamp())
    assert first is not None and again is not None and again.days == first.days and again.version > first.version
    with office.store() as store:
        store.erase("ada", by="ana", why="asked for", at=datetime.now(UTC))
    one = publisher(office, tmp_path)
    last = one.turn(AT.timestamp())
    assert last is not None and last.imports == first.imports
    day = last.days[str(AT.date())]
    assert "ada" not in people.People(one.parts.find(day.subjects), one.parts.find(day.facts))


def test_a_part_that_was_changed_is_made_anew(office: Office, tmp_path: Path) -> None:
    first = publisher(office, tmp_path).turn(AT.timestamp())
    assert first is not None
    part = tmp_path / "snapshot" / first.days[str(AT.date())].facts
    content = part.read_bytes()
    part.write_bytes(content[:-1] + b"!")
    again = publisher(office, tmp_path).turn(AT.timestamp())
    assert again is not None and again.days == first.days and part.read_bytes() == content


def _fail(register: Mapping[str, Subject], subjects: Path, facts: Path) -> None:
    raise OSError(28, "the disk is full")
