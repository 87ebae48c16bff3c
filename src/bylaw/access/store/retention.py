"""Until when a fact is kept: so many years, by its name, after it stopped counting. Numbers: filings/terms.toml.

It stopped when it expired, or when something was recorded that took its place; one that never counted, on the day it
was recorded. What stands, and what contradicts it, is in use and is kept however old it is.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from bylaw.access.filings.calendar import years_after
from bylaw.access.filings.terms import years_of_facts
from bylaw.access.store import lines
from bylaw.access.store.database import time_of
from bylaw.access.store.erasure import Eraser, held
from bylaw.access.store.records import Erasure
from bylaw.access.subjects import FACTS, GRADES, Fact, FactName, standing
from bylaw.errors import SettingsError


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Years by fact name."""

    years: dict[FactName, int]

    def __post_init__(self) -> None:
        if missing := [name for name in FACTS if self.years.get(name, 0) < 1]:
            raise SettingsError(
                f"say for how many years each fact is kept, one at least; not said: {', '.join(missing)}"
            )


class Kept(msgspec.Struct, frozen=True):
    """A fact of a history, and the day on which it was recorded."""

    recorded: date
    fact: Fact


def default() -> Retention:
    """The years that filings/terms.toml gives."""
    return Retention(years=years_of_facts())


class Retired(msgspec.Struct, frozen=True):
    """What was erased, and who would have lost facts but for a legal hold, with a sentence on it."""

    erasure: Erasure
    held: dict[str, str]


def retire(
    connection: sqlite3.Connection,
    retention: Retention,
    on: date,
    at: datetime,
    by: str,
    why: str,
    kept: Mapping[str, str],
) -> Retired:
    """Erase every fact that need not be kept any longer on a day; what is held, or ``kept``, stays and is told."""
    eraser, staying = Eraser(connection, at, by, why), {}
    for number, id in _candidates(connection, years_after(on, -min(retention.years.values()))):
        gone = ended(_history(connection, number), retention, on)
        if gone and (hold := held(connection, [number]).get(number) or kept.get(id)):
            staying[id] = hold
        elif gone:
            eraser.take(number, gone.__contains__)
    return Retired(eraser.close(), staying)


def ended(history: Sequence[Kept], retention: Retention, on: date) -> set[Fact]:
    """Those of a subject's facts, given in order, that need not be kept any longer on a day, wherever they stand."""
    known = standing([each.fact for each in history], on)
    kept = {fact for said in known.values() for fact in (said.fact, *said.against)}
    gone: set[Fact] = set()
    for place, each in enumerate(history):
        until = years_after(_stopped(each, history[place + 1 :], on), retention.years[each.fact.name])
        (gone if until <= on and each.fact.as_of <= on else kept).add(each.fact)
    return gone - kept


def _stopped(kept: Kept, later: Sequence[Kept], on: date) -> date:
    fact = kept.fact
    followed = next((each.recorded for each in later if _takes_its_place(each.fact, fact)), None)
    expired = fact.expires if fact.expires and fact.expires <= on else None
    return min((day for day in (followed, expired) if day), default=kept.recorded)


def _takes_its_place(later: Fact, fact: Fact) -> bool:
    better = GRADES[later.grade] >= GRADES[fact.grade]
    return later.name == fact.name and better and later.as_of >= fact.as_of


def _candidates(connection: sqlite3.Connection, before: date) -> list[tuple[int, str]]:
    """Subjects of whom something was recorded that long ago: number and id."""
    query = (
        "SELECT num, id FROM subjects WHERE id IS NOT NULL AND num IN (SELECT subject FROM history WHERE import IN"
        " (SELECT id FROM imports WHERE substr(recorded, 1, 10) <= ?)) ORDER BY num"
    )
    return connection.execute(query, (before.isoformat(),)).fetchall()


def _history(connection: sqlite3.Connection, subject: int) -> list[Kept]:
    query = "SELECT recorded, history.facts FROM history JOIN imports ON id = import WHERE subject = ? ORDER BY import"
    rows = connection.execute(query, (subject,))
    return [Kept(time_of(recorded).date(), fact) for recorded, content in rows for fact in lines.facts(content)]
