"""What a roster would change: every row beside what is known of its subject.

A fact that stands word for word is *unchanged* and is not recorded again. One that says the same with another source,
grade or day is *confirmed*, one that says something else *changed*, one of a name that nothing stood for *new*, one
from an earlier day and of no better evidence *older*: all four are recorded, and an older one counts for nothing.
*Disputed* is what then stands against better evidence and so is unknown until somebody settles it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from bylaw.access.roster.rows import Remark, Row, fault, note
from bylaw.access.store.imports import ASKED
from bylaw.access.store.records import Known, Said
from bylaw.access.store.store import Store
from bylaw.access.subjects import GRADES, Fact, FactName, Standing, standing

CHECK = "comparing a roster with what is known"


class Change(msgspec.Struct):
    """What is to be recorded, remarks, and counts: ``subjects``, ``new``, ``changed``, ``confirmed`` …"""

    said: list[Said] = []
    remarks: list[Remark] = []
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    fresh: list[Row] = []
    """Rows of subjects that are new."""


def compare(rows: Sequence[Row], store: Store, today: date, by: str) -> Change:
    """Nothing is recorded yet. Rows of a kind that contradicts what is known are faults."""
    change = Change()
    found = store.histories([row.id for row in rows], by=by, why=CHECK)
    for start, known in zip(range(0, len(rows), ASKED), found, strict=True):
        for row in rows[start : start + ASKED]:
            _row(row, known.get(row.id), today, change)
    if change.fresh:
        change.remarks.extend(_alike(change.fresh, store.ids()))
    return change


def _alike(fresh: Sequence[Row], known: Iterator[str]) -> Iterator[Remark]:
    """A note for each new subject that is perhaps no new one: what is said of it does not reach the one that is known,
    not even that it is employed no longer.
    """
    folded = {row.id.casefold(): row for row in fresh}
    for id in known:
        if row := folded.get(id.casefold()):
            yield note(row.line, row.id, "id", f"is a new subject; {id} is known, the same in other letters")


def _row(row: Row, known: Known | None, today: date, change: Change) -> None:
    if known and known.kind != row.kind:
        text = f"is known as {known.kind}, and this says {row.kind}; a subject keeps its kind"
        change.remarks.append(fault(row.line, row.id, "kind", text))
        return
    facts, history = row.facts, known.facts if known else ()
    if known:
        facts = tuple(_to_record(row, history, today, change))
        change.remarks.extend(_brought_back(row, facts, known))
    else:
        change.fresh.append(row)
        change.counts["subjects"] += 1
        change.counts["new"] += len(facts)
    if facts or not known:
        change.said.append(Said(row.id, row.kind, facts))
    if history or len({fact.name for fact in facts}) < len(facts):
        change.remarks.extend(_disputes(row, (*history, *facts), {fact.name for fact in facts}, today, change))


def _brought_back(row: Row, facts: tuple[Fact, ...], known: Known) -> Iterator[Remark]:
    """Nobody should undo by an import what was erased on purpose without knowing it."""
    for name in dict.fromkeys(fact.name for fact in facts if fact.name in known.erased):
        yield note(
            row.line, row.id, name, "was erased before, and this brings it back; leave it out if it was minimised"
        )


def _to_record(row: Row, history: tuple[Fact, ...], today: date, change: Change) -> Iterator[Fact]:
    stands = standing(history, today)
    last: dict[FactName, Fact] = {fact.name: fact for fact in history}
    for fact in row.facts:
        if last.get(fact.name) == fact:
            change.counts["unchanged"] += 1
            continue
        change.counts[_beside(fact, stands.get(fact.name))] += 1
        yield fact


def _beside(fact: Fact, said: Standing | None) -> str:
    if said is None:
        return "new"
    if fact.as_of < said.fact.as_of and GRADES[fact.grade] <= GRADES[said.fact.grade]:
        return "older"
    return "confirmed" if said.fact.values == fact.values else "changed"


def _disputes(
    row: Row, history: tuple[Fact, ...], names: set[FactName], today: date, change: Change
) -> Iterator[Remark]:
    for name, said in standing(history, today).items():
        if name in names and said.against:
            change.counts["disputed"] += 1
            yield note(row.line, row.id, name, f"is now disputed, so unknown: {_against(said)}")


def _against(said: Standing) -> str:
    return f"{_told(said.fact)}, against {'; '.join(map(_told, said.against))}"


def _told(fact: Fact) -> str:
    values = "unknown" if fact.values is None else ", ".join(value.text for value in fact.values) or "none"
    return f"{values} ({fact.grade}, {fact.source}, {fact.as_of})"
