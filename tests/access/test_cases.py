"""Cases written by hand: facts, rules in force, a request, what must come of it, and where that is written.

A file in cases/ holds rules of its own and cases. ``rules`` of a case name those, or documents of the library; an entry
``license`` puts subjects into its annexes, ``limbs`` turns limbs on or off. ``rows`` are rows as a roster has them.
"""

import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from bylaw.access.decide.outside import Hit, Outside, Ownership, Screened
from bylaw.access.decide.policy import compile
from bylaw.access.decision import Decision, Outcome, Request
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest, Party
from bylaw.access.ownership.rule import rules as ownership_rules
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import solve
from bylaw.access.ownership.stake import UNKNOWN, Stake, between, exact
from bylaw.access.rules.document import Document, parse, predicates
from bylaw.access.rules.library import library
from bylaw.access.rules.predicates import Predicate
from bylaw.access.subjects import FACTS, Fact, Subject, standing

FOLDER = Path(__file__).with_name("cases")


class List(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list that was screened against; by default on the day of the case."""

    hits: dict[str, Hit] = {}
    as_of: date | None = None
    max_age: int | None = None


class Owned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stakes ``[owner, entity, share]``, seeds and who is in no graph, for the ownership rule of that name."""

    stakes: list[tuple[str, str, str]] = []
    seeds: list[str] = []
    left_out: list[str] = []


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case. ``outcome``, and whatever else is given, must be what the decision says."""

    title: str
    citation: str
    why: str
    rules: list[str]
    rows: list[dict[str, Any]]
    subject: str
    outcome: Outcome
    model: str = "mythos-5"
    surface: str = "api"
    location: str = ""
    channel: str = ""
    at: datetime = datetime(2026, 6, 27, 12, tzinfo=UTC)
    limbs: dict[str, bool] = {}
    annexes: dict[str, list[str]] = {}
    lists: dict[str, List] = {}
    ownership: dict[str, Owned] = {}
    lifted_by: str | None = None
    settles: list[str] | None = None
    duties: list[str] | None = None
    fault: str | None = None
    unsafe: bool | None = None


class CaseFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of cases."""

    case: list[Case]
    rules: dict[str, str] = {}


@cache
def files() -> dict[str, CaseFile]:
    return {path.stem: msgspec.toml.decode(path.read_bytes(), type=CaseFile) for path in sorted(FOLDER.glob("*.toml"))}


CASES = [pytest.param(name, case, id=f"{name}: {case.title}") for name, file in files().items() for case in file.case]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_case(name: str, case: Case) -> None:
    decision = decided(files()[name], case)
    assert decision.outcome == case.outcome, explained(decision, case)
    for what, expected in msgspec.structs.asdict(case).items():
        if what in SAID and expected is not None:
            assert SAID[what](decision) == expected, explained(decision, case)
    if case.fault:
        assert any(case.fault in finding.fault for finding in decision.findings), explained(decision, case)


SAID: dict[str, Any] = {
    "lifted_by": lambda decision: " ".join(sorted({one.lifted_by for one in decision.findings if one.lifted_by})),
    "settles": lambda decision: sorted({name for one in decision.findings for name, _ in one.settles}),
    "duties": lambda decision: sorted({duty for duty, _ in decision.duties}),
    "unsafe": lambda decision: any(one.unsafe for one in decision.findings),
}


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(CASES) >= 60
    assert len({(name, case.title) for name, file in files().items() for case in file.case}) == len(CASES)


def test_every_fact_that_decides_appears() -> None:
    used = {name for file in files().values() for case in file.case for row in case.rows for name in row}
    assert not FACTS.keys() - used - {"name", "born", "owner"}


def test_every_predicate_and_every_document_of_the_library_appears() -> None:
    documents = [document(name, file) for file in files().values() for case in file.case for name in case.rules]
    used = {type(each) for one in documents for each in predicates(one)}
    assert not set(get_args(Predicate)) - used
    assert not set(library()) - {one.id for one in documents}


def decided(file: CaseFile, case: Case) -> Decision:
    """The decision on a case."""
    documents = [changed(document(name, file), case) for name in case.rules]
    outside = Outside(
        lists={name: screened(one, case) for name, one in case.lists.items()},
        ownership={name: owned(name, one, case) for name, one in case.ownership.items()},
    )
    request = Request(model=case.model, surface=case.surface, location=case.location, channel=case.channel)
    return compile(documents, outside, case.at).decide(register(case), case.subject, request)


def document(name: str, file: CaseFile) -> Document:
    """A rule of the file, or one of the library."""
    return parse(file.rules[name], name) if name in file.rules else library()[name].document


def changed(rule: Document, case: Case) -> Document:
    """With limbs switched and annexes filled as the case says."""
    text = msgspec.to_builtins(rule)
    text["annexes"] = {name: case.annexes.get(name, ids) for name, ids in text["annexes"].items()}
    text["who"] = switched(text.get("who"), case.limbs)
    return msgspec.convert(text, type(rule))


def switched(predicate: Any, limbs: dict[str, bool]) -> Any:
    if isinstance(predicate, dict):
        found = {name: switched(value, limbs) for name, value in predicate.items()}
        if found.get("is") == "limb" and found["name"] in limbs:
            found["on"] = limbs[found["name"]]
        return found
    return [switched(each, limbs) for each in predicate] if isinstance(predicate, (list, tuple)) else predicate


def register(case: Case) -> dict[str, Subject]:
    """Everybody in the rows, as they stand on the day."""
    kinds: dict[str, Any] = {}
    histories: dict[str, list[Fact]] = {}
    for row in case.rows:
        kinds.setdefault(row["id"], row.get("kind", "person"))
        histories.setdefault(row["id"], []).extend(facts(row))
    on = case.at.astimezone(UTC).date()
    return {id: Subject(id, kinds[id], standing(history, on)) for id, history in histories.items()}


def facts(row: dict[str, Any]) -> list[Fact]:
    around = {
        "source": row.get("source", "desk"),
        "grade": row.get("grade", "verified"),
        "as_of": row.get("as_of", date(2026, 1, 5)),
        "expires": row.get("expires"),
    }
    return [
        msgspec.convert({"name": name, "values": values(row[name]), **around}, Fact) for name in FACTS if name in row
    ]


_CELL = re.compile(r"([^@!=]+)(?:@([\d-]+)?(?:/([\d-]+))?)?(?:!(\w+))?(?:=(.*))?")


def values(cell: str) -> list[dict[str, Any]] | None:
    """Values as a cell of a roster gives them."""
    if cell in ("unknown", "none"):
        return None if cell == "unknown" else []
    matches = [_CELL.fullmatch(part) for part in cell.split(";")]
    assert all(matches), cell
    names = ("text", "since", "until", "detail", "share")
    return [
        {name: part for name, part in zip(names, found.groups(), strict=True) if part} for found in matches if found
    ]


def screened(one: List, case: Case) -> Screened:
    return Screened(version="1", as_of=one.as_of or case.at.date(), max_age=one.max_age, hits=one.hits)


def owned(name: str, one: Owned, case: Case) -> Ownership:
    """The statuses that follow from the stakes, by the ownership rule, if it is in force that day."""
    day = case.at.date()
    rule = ownership_rules()[name]
    ids = {row["id"]: row.get("kind", "person") for row in case.rows if row["id"] not in one.left_out}
    parties = [Party(id=id, kind="person" if kind == "person" else "entity") for id, kind in ids.items()]
    interests = [Interest(owner=owner, entity=entity, stake=stake(share)) for owner, entity, share in one.stakes]
    graph = Graph.build(interests, parties, at=day)
    seeds = Seeds.listed(graph, one.seeds if rule.applies(day) else [])
    return Ownership(version="1", as_of=day, statuses=dict(solve(graph, rule, seeds).statuses()))


def stake(share: str) -> Stake:
    low, dash, high = share.partition("-")
    return UNKNOWN if not share else between(low, high) if dash else exact(low)


def explained(decision: Decision, case: Case) -> str:
    found = [
        f"  {one.rule} {one.kind} concerns={one.concerns} {one.outcome} lifted_by={one.lifted_by!r} "
        f"settles={[name for name, _ in one.settles]} fault={one.fault!r}"
        for one in decision.findings
    ]
    return "\n".join([f"{case.why} ({case.citation})", f"decided: {decision.outcome}", *found])
