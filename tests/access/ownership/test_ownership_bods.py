"""Beneficial Ownership Data Standard 0.4: what is read as what, and what is refused, by place."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ownership_cases import DAY, OFAC

from bylaw.access.ownership import bods
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import Solution, solve
from bylaw.access.ownership.stake import UNKNOWN, Stake, between, exact
from bylaw.errors import RecordError


def statement(record: str, kind: str, details: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "statementId": more.pop("id", f"statement-of-{record}"),
        "declarationSubject": "a",
        "statementDate": "2024-01-01",
        "publicationDetails": {"publicationDate": "2024-01-02", "bodsVersion": "0.4", "publisher": {"name": "P"}},
        "recordId": record,
        "recordStatus": "new",
        "recordType": kind,
        "recordDetails": {"isComponent": False, **details},
        **more,
    }


def entity(id: str, type: str = "registeredEntity", **more: Any) -> dict[str, Any]:
    return statement(id, "entity", {"entityType": {"type": type}, "name": f"{id} Ltd"}, **more)


def person(id: str, type: str = "knownPerson") -> dict[str, Any]:
    return statement(id, "person", {"personType": type, "names": [{"type": "legal", "fullName": f"{id} Person"}]})


def relation(record: str, owner: Any, of: Any, *interests: dict[str, Any], **more: Any) -> dict[str, Any]:
    details = {"subject": of, "interestedParty": owner, "interests": list(interests)}
    details |= {"componentRecords": more.pop("components")} if "components" in more else {}
    return statement(record, "relationship", details, **more)


def shares(exact: float | None = None, how: str = "direct", type: str = "shareholding", **more: Any) -> dict[str, Any]:
    share = {"exact": exact} if exact is not None else more.pop("share", None)
    return {"type": type, "directOrIndirect": how, **({"share": share} if share else {}), **more}


def written(folder: Path, *statements: dict[str, Any], lines: bool = False) -> Path:
    path = folder / "bods.json"
    text = "\n".join(map(json.dumps, statements)) + "\n" if lines else json.dumps(statements)
    path.write_text(text)
    return path


def asked(path: Path, seeds: str, at: date = DAY) -> Solution:
    records = bods.load(path, at=at)
    graph = Graph.build(records.interests, records.parties, at=at)
    return solve(graph, OFAC, Seeds.listed(graph, seeds))


@pytest.mark.parametrize("lines", [False, True])
def test_a_chain(tmp_path: Path, lines: bool) -> None:
    path = written(
        tmp_path,
        *(person("x"), entity("a"), entity("b")),
        *(relation("r1", "x", "a", shares(50)), relation("r2", "a", "b", shares(50))),
        lines=lines,
    )
    records = bods.load(path, at=DAY)
    assert [party.title for party in records.parties] == ["x Person (x)", "a Ltd (a)", "b Ltd (b)"]
    assert records.interests[0].where == (f"{path}:4" if lines else f"{path}: element 4")
    assert asked(path, "x").status("b") == "blocked"


@pytest.mark.parametrize(
    ("share", "stake"),
    [
        ({"exact": 33.33}, exact("33.33")),
        ({"exclusiveMinimum": 25, "maximum": 50}, between(25, 50, above=True)),
        ({"exclusiveMinimum": 50, "exclusiveMaximum": 75}, between(50, 75, above=True, below=True)),
        ({"minimum": 75}, between(75, 100)),
        ({"exact": 60, "minimum": 50, "maximum": 75}, exact(60)),
        (None, UNKNOWN),
    ],
)
def test_shares(tmp_path: Path, share: dict[str, float] | None, stake: Stake) -> None:
    path = written(tmp_path, person("x"), entity("a"), relation("r", "x", "a", shares(share=share)))
    assert bods.load(path, at=DAY).interests[0].stake == stake


@pytest.mark.parametrize("share", [{"exact": 101}, {"minimum": 60, "maximum": 50}, {"exact": 10, "minimum": 20}])
def test_shares_that_cannot_be(tmp_path: Path, share: dict[str, float]) -> None:
    path = written(tmp_path, person("x"), entity("a"), relation("r", "x", "a", shares(share=share)))
    with pytest.raises(RecordError, match="element 3: a stake lies between 0 and 100 % and is not empty"):
        bods.load(path, at=DAY)


def test_ended_and_sold(tmp_path: Path) -> None:
    old, new = shares(100, endDate="2025-06-01"), shares(100, startDate="2025-06-01")
    path = written(
        tmp_path, person("x"), person("y"), entity("a"), relation("r", "x", "a", old), relation("s", "y", "a", new)
    )
    assert asked(path, "x", date(2025, 5, 31)).status("a") == "blocked"
    assert asked(path, "x", date(2025, 6, 1)).status("a") == "clear"


def test_the_newest_statement_of_the_day_counts(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        *(person("x"), entity("a"), relation("r", "x", "a", shares(60))),
        relation("r", "x", "a", shares(40), id="2", recordStatus="updated", statementDate="2025-01-01T09:30:00Z"),
        relation("r", "x", "a", shares(40), id="3", recordStatus="closed", statementDate="2026-01-01"),
    )
    days = (date(2024, 6, 1), date(2025, 6, 1), date(2026, 6, 1))
    found = [bods.load(path, at=day) for day in days]
    assert [[str(row.stake) for row in one.interests] for one in found] == [["60 %"], ["40 %"], []]
    assert found[2].left_out == {"a relationship that is closed": 1}


def test_components_are_counted_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        *(person("x"), entity("a"), entity("b")),
        *(relation("r1", "x", "a", shares(60)), relation("r2", "a", "b", shares(60))),
        relation("r3", "x", "b", shares(36, "indirect"), components=["a", "r1", "r2"]),
    )
    assert len(bods.load(path, at=DAY).interests) == 2
    assert asked(path, "x").status("b") == "blocked"


def test_indirect_without_components_decides_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, person("x"), entity("a"), relation("r", "x", "a", shares(90, "indirect")))
    assert asked(path, "x").status("a") == "undetermined"
    path = written(tmp_path, person("x"), entity("a"), relation("r", "x", "a", shares(90, "unknown")))
    assert asked(path, "x").status("a") == "undetermined"
    assert bods.load(path, at=DAY, unknown_as="direct").interests[0].direct


def test_control_is_kept_and_never_blocks(tmp_path: Path) -> None:
    path = written(tmp_path, person("x"), entity("a"), relation("r", "x", "a", shares(100, type="votingRights")))
    records = bods.load(path, at=DAY)
    assert [(one.owner, one.entity, one.nature) for one in records.control] == [("x", "a", "votingRights")]
    assert asked(path, "x").status("a") == "clear"


def test_what_may_be_ownership_is_undetermined(tmp_path: Path) -> None:
    trust = relation("r", "x", "t", shares(type="beneficiaryOfLegalArrangement"), shares(type="settlor"))
    path = written(tmp_path, person("x"), entity("t", "arrangement"), trust)
    assert asked(path, "x").status("t") == "undetermined"


@pytest.mark.parametrize("reason", ["subjectUnableToConfirmOrIdentifyBeneficialOwner", "unknown"])
def test_who_is_not_named_may_be_anyone(tmp_path: Path, reason: str) -> None:
    path = written(tmp_path, entity("a"), person("x"), relation("r", {"reason": reason}, "a"))
    assert asked(path, "x").status("a") == "undetermined"
    path = written(tmp_path, entity("a"), person("n", "anonymousPerson"), relation("r", "n", "a", shares(60)))
    assert asked(path, "").status("a") == "undetermined"


def test_nobody_is_nobody(tmp_path: Path) -> None:
    path = written(tmp_path, entity("a"), relation("r", {"reason": "noBeneficialOwners"}, "a"))
    assert bods.load(path, at=DAY).interests == () and asked(path, "").status("a") == "clear"


def wrong(**change: Any) -> dict[str, Any]:
    return {**relation("r", "x", "a", shares(60)), **change}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (wrong(statementId="statement-of-x"), "element 3: statement 'statement-of-x' was given before, at .*element 1"),
        (wrong(recordId="x"), "element 3: record 'x' is a person at .*element 1"),
        (wrong(recordType="owner"), r"element 3: recordType: Invalid enum value"),
        (wrong(publicationDetails={"bodsVersion": "0.3"}), "element 3: this is a statement of version 0.3"),
        (relation("r", "x", "a", shares(60, type="ownership")), "3: no interest type of version 0.4 is called 'owner"),
        (wrong(statementDate="soon"), "element 3: statementDate 'soon' is no date"),
        (relation("r", "x", "a", shares(60, startDate="2024-13-01")), r"element 3: interests\[0\]\.startDate: "),
        (relation("r", "x", "z", shares(60)), "element 3: no party has the id 'z'"),
        (relation("r", "a", "x", shares(60)), "element 3: 'x' is a person and cannot be owned"),
        ({"statementID": "1", "statementType": "personStatement"}, "3: this is a statement of an older version"),
    ],
)
def test_wrong_rows(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        asked(written(tmp_path, person("x"), entity("a"), row), "x")


def test_new_twice(tmp_path: Path) -> None:
    twice = relation("r", "x", "a", shares(10), id="again")
    with pytest.raises(RecordError, match=r"element 4: record 'r' is new twice, the other time at .*element 3"):
        asked(written(tmp_path, person("x"), entity("a"), wrong(), twice), "x")


def test_two_records_that_contradict_each_other(tmp_path: Path) -> None:
    other = relation("s", "x", "a", shares(10))
    with pytest.raises(RecordError, match=r"element 4: 'x' holds 10 % and also 60 % of 'a' on one day"):
        asked(written(tmp_path, person("x"), entity("a"), wrong(), other), "x")


@pytest.mark.parametrize("content", [b"[{", b"[{]", b'{"a": 1}\n', b"\xff\xfe", b"[1]"])
def test_what_is_no_bods(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bods.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"bods\.json"):
        bods.load(path, at=DAY)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        bods.load(tmp_path / "absent.json", at=DAY)
