"""Nationality replaced by what a directive makes of it: *eligible under D: yes, no or unknown*, with its evidence.

The eligible fact is no better than what it stands for: it has the weakest grade and the earliest expiry of the facts
that are erased. What was known under other directives is carried over, since a fact says everything of its name.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from bylaw.access.store.erasure import Eraser, require_free
from bylaw.access.store.imports import numbers, write
from bylaw.access.store.records import Erasure, Import, Said
from bylaw.access.store.register import histories
from bylaw.access.subjects import GRADES, Fact, FactName, Grade, Standing, Value, standing
from bylaw.canonical import digest
from bylaw.errors import UsageError

NATIONALITY: tuple[FactName, ...] = ("citizenship", "permanent_residency", "protected")
"""What eligibility is kept instead of."""
ELIGIBLE: FactName = "eligible"

Eligible = Literal["yes", "no", "unknown"]


class Minimised(msgspec.Struct, frozen=True, kw_only=True):
    """Who is eligible under which directive, on a day; ``evidence`` refers to what shows it, a decision or a report."""

    directive: str
    eligibility: Mapping[str, Eligible]
    on: date
    evidence: str


def minimise(
    connection: sqlite3.Connection, asked: Minimised, at: datetime, by: str, why: str
) -> tuple[Import, Erasure]:
    """Erase and record, all or nothing. Raises ``UnderHold``, or ``UsageError`` for a subject that is not known."""
    ids = list(asked.eligibility)
    known = numbers(connection, ids)
    if missing := [id for id in ids if id not in known]:
        raise UsageError(f"nothing is known of {', '.join(map(repr, missing[:5]))}; nothing was erased")
    require_free(connection, {number: id for id, (number, _) in known.items()})
    eraser, said = Eraser(connection, at, by, why), []
    found = {id: said for known_ids in histories(connection, ids) for id, said in known_ids.items()}
    for id, one in found.items():
        fact, carried = eligible_fact(id, one.facts, asked)
        eraser.take(known[id][0], _named(*NATIONALITY, *((ELIGIBLE,) if carried else ())))
        said.append(Said(id, one.kind, (fact,)))
    done = write(connection, said, source=_source(asked), digest=digest(asked), by=by, at=at)
    return done, eraser.close()


def eligible_fact(id: str, facts: Iterable[Fact], asked: Minimised) -> tuple[Fact, bool]:
    """The fact that takes the place of a subject's nationality, and whether earlier eligible facts must go with it.

    They must where they are of a better grade than the new one: beside them it would count as a contradiction. Raises
    ``UsageError`` if what was known before is disputed.
    """
    known = standing(facts, asked.on)
    before = known.get(ELIGIBLE)
    if before and before.against:
        raise UsageError(f"{id}: what it is eligible under is disputed; settle that before its nationality is erased")
    rests_on = [known[name].fact for name in (*NATIONALITY, ELIGIBLE) if name in known]
    answer = asked.eligibility[id]
    value = Value(text=asked.directive, detail="" if answer == "unknown" else answer)
    fact = Fact(
        name=ELIGIBLE,
        values=(*_others(before, asked.directive), value),
        source=_source(asked),
        grade=_weakest(rests_on),
        as_of=asked.on,
        expires=min((each.expires for each in rests_on if each.expires), default=None),
        evidence=asked.evidence,
    )
    return fact, before is not None and GRADES[fact.grade] < GRADES[before.fact.grade]


def _source(asked: Minimised) -> str:
    return f"minimised under {asked.directive}"


def _others(before: Standing | None, directive: str) -> tuple[Value, ...]:
    values = before.values if before else None
    return tuple(value for value in values or () if value.text != directive)


def _weakest(facts: Iterable[Fact]) -> Grade:
    ranks: Mapping[Grade, int] = GRADES
    return min((fact.grade for fact in facts), key=lambda grade: ranks[grade], default="declared")


def _named(*names: FactName) -> Callable[[Fact], bool]:
    return lambda fact: fact.name in names
