"""Reports owed about refusals, by day, each day with its clock of ten federal business days; and their drafts."""

from collections.abc import Mapping
from datetime import date

import msgspec

from bylaw.access.filings.calendar import day_of, days_left
from bylaw.access.filings.drafts import Draft
from bylaw.access.filings.filed import Filed
from bylaw.access.filings.terms import Term, term
from bylaw.access.office.filing import filings
from bylaw.access.office.reports import REFUSAL, period
from bylaw.console.decisions import counts
from bylaw.console.desk import Desk

PAGE = 20


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Refusals of a day (Washington's): reports owed, filed, until when, business days left (negative: late)."""

    event: date
    owed: int
    filed: int
    due: date
    left: int

    @property
    def open(self) -> int:
        """How many are not filed."""
        return self.owed - self.filed


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """All days; those with something to do come first, the most urgent at the top."""

    today: date
    rule: Term
    rows: tuple[Row, ...]
    history: tuple[Filed, ...]

    @property
    def open(self) -> int:
        """Reports to be filed."""
        return sum(row.open for row in self.rows)

    @property
    def late(self) -> int:
        """Of these, those whose time is over."""
        return sum(row.open for row in self.rows if row.left < 0)


class Drafts(msgspec.Struct, frozen=True, kw_only=True):
    """Drafts of the reports about a day; ``after`` is where the next page begins, None: there is none. ``ids`` are
    those of the decisions, by what a draft is about.
    """

    row: Row
    drafts: tuple[Draft, ...]
    ids: Mapping[str, str]
    skip: int
    after: int | None


def due(desk: Desk) -> Due:
    """What is owed now."""
    today, filed = day_of(desk.instant()), filings(desk.office())
    done = filed.counts(REFUSAL)
    rows = [_row(event, n, done.get(event, 0), today) for event, n in counts.owed(desk.gathering.summary)]
    rows.sort(key=lambda row: (row.open == 0, row.due))
    return Due(today=today, rule=term(REFUSAL), rows=tuple(rows), history=filed.history[-20:][::-1])


def unfiled(desk: Desk, event: date, most: int, skip: int = 0) -> list[int]:
    """The numbers of the decisions of a day whose reports are not filed, in order."""
    filed = filings(desk.office())
    owed = counts.owed_of(desk.gathering.summary, event, 0, skip + most + len(filed.of(event)))
    return [each for each in owed if f"{REFUSAL}/{each}" not in filed.standing][skip : skip + most]


def drafts(desk: Desk, event: date, skip: int = 0, most: int = PAGE) -> Drafts | None:
    """The drafts of a day that are not filed yet, some at a time; None if nothing is owed about it."""
    row = next((each for each in due(desk).rows if each.event == event), None)
    if row is None:
        return None
    office = desk.office()
    numbers = unfiled(desk, event, most + 1, skip)
    rows = desk.gathering.listing.numbered(numbers[:most])
    made = [(each.number, one) for each in reversed(rows) if (one := each.made)]
    found = period(made, {}, office.outside.read)
    after = skip + most if len(numbers) > most else None
    ids = {str(each.number): each.id for each in rows}
    return Drafts(row=row, drafts=found.drafts, ids=ids, skip=skip, after=after)


def _row(event: date, owed: int, filed: int, today: date) -> Row:
    last = term(REFUSAL).due(event)
    assert last is not None, f"terms.toml gives {REFUSAL} no term"
    return Row(event=event, owed=owed, filed=filed, due=last, left=days_left(today, last))
