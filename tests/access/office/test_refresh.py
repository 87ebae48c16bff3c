"""A match is open until somebody looks; what is confirmed stays so under any name, until it is withdrawn."""

import json
from datetime import date
from pathlib import Path

import msgspec
import pytest

from bylaw.access.office.place import Office
from bylaw.access.office.refresh import Confirmation, confirm, refresh
from bylaw.access.screening.parties import Seal
from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, Value
from bylaw.cli import main
from bylaw.errors import UsageError
from offices import AT, office_in

NAME = "Viktor Anatolyevich Marchenkov"
SAID = Confirmation(subject="foreign", list="ftm", party="q-1", why="same passport", by="ana", on=date(2026, 6, 13))


def entities(*parties: tuple[str, str]) -> dict[str, bytes]:
    lines = [{"id": id, "schema": "Person", "properties": {"name": [name]}} for id, name in parties]
    return {"main": "".join(json.dumps(line) + "\n" for line in lines).encode()}


def named(office: Office, name: str, seen: date) -> None:
    fact = Fact(name="name", values=(Value(text=name),), source="hr", grade="attested", as_of=seen)
    with office.store() as store:
        store.record([Said("foreign", "person", (fact,))], source="hr", digest=f"{seen}", by="ana", at=AT)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """One list with two parties, and a person who is called like the first."""
    made = office_in(tmp_path)
    listed = entities(("q-1", NAME), ("q-2", "Somebody Quite Different"))
    made.lists.update("ftm", listed, "2026-06-12", Seal(none=True))
    named(made, NAME, date(2026, 6, 1))
    return made


def hit(office: Office) -> str:
    refresh(office, AT, lambda text: None)
    return office.outside.current().lists["ftm"].hits.get("foreign", "")


def test_open_confirmed_and_withdrawn(office: Office) -> None:
    assert hit(office) == "open"
    confirm(office, SAID)
    assert hit(office) == "confirmed"
    confirm(office, msgspec.structs.replace(SAID, withdrawn=True, why="another passport"))
    assert hit(office) == "open"


def test_a_new_name_is_no_way_out(office: Office) -> None:
    confirm(office, SAID)
    named(office, "Peter Smith", date(2026, 6, 2))
    assert hit(office) == "confirmed"
    left = entities(("q-2", "Somebody Quite Different"))
    office.lists.update("ftm", left, "2026-06-13", Seal(none=True), shrink=True)
    assert hit(office) == ""  # the party itself is no longer on the list


def test_without_a_list_it_is_said_that_nobody_was_screened(tmp_path: Path) -> None:
    said: list[str] = []
    refresh(office_in(tmp_path), AT, said.append)
    assert said[0].startswith(f"no list is in force in {tmp_path / 'office' / 'lists'}: nobody was screened")


def test_a_name_too_long_to_screen_is_told_and_holds(office: Office) -> None:
    said: list[str] = []
    named(office, "Peter " + "Smith " * 2000, date(2026, 6, 3))
    refresh(office, AT, said.append)
    assert office.outside.current().lists["ftm"].hits["foreign"] == "unscreened"
    assert any(line.startswith("foreign is not screened under one name: the name has 12,006") for line in said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subject": "stranger"}, "nothing is known of a subject 'stranger'"),
        ({"party": "q-9"}, "q-9 is not on the list ftm"),
        ({"list": "sdn"}, "q-1 is not on the list sdn"),
        ({"why": " "}, "say why"),
        ({"withdrawn": True}, "it was not confirmed"),
    ],
)
def test_what_cannot_be_confirmed(office: Office, changed: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        confirm(office, msgspec.structs.replace(SAID, **changed))
    assert hit(office) == "open"


def test_the_verb(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["access", "confirm", "foreign", "--list", "ftm", "--party", "q-1", "--office", str(office.root)]
    assert main([*words, "--why", "same passport"]) == 0
    assert "foreign is q-1 on ftm" in capsys.readouterr().out
    assert hit(office) == "confirmed"
    assert main([*words, "--why", "a mistake", "--withdraw"]) == 0
    assert hit(office) == "open"
