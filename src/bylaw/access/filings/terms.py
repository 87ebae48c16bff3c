"""How long a report may take, and a record or a fact is kept. The figures stand in terms.toml, each with its source."""

from collections.abc import Collection
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bylaw.access.filings import calendar
from bylaw.access.subjects import FactName
from bylaw.errors import UsageError
from bylaw.settings import load

TERMS = Path(__file__).with_name("terms.toml")
DAY = r"^([01][0-9]-[0-3][0-9])?$"
"""Month and day, or nothing."""


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is owed for one kind of event.

    ``annual_by`` is the month and day by which a report of every year is owed, of what was held on that of ``held_on``.
    """

    title: str
    source: str
    keep_years: int
    keep_source: str
    keep_while_blocked: bool = False
    report_business_days: int = 0
    held_on: Annotated[str, Meta(pattern=DAY)] = ""
    annual_by: Annotated[str, Meta(pattern=DAY)] = ""
    how: str = ""

    @property
    def held_day(self) -> tuple[int, int]:
        """Month and day of ``held_on``."""
        return _day(self.held_on)

    @property
    def annual_day(self) -> tuple[int, int]:
        """Month and day of ``annual_by``."""
        return _day(self.annual_by)

    def due(self, event: date, closed: Collection[date] = ()) -> date | None:
        """The last day for the report; None if none is owed."""
        return calendar.due(event, self.report_business_days, closed) if self.report_business_days else None

    def keep_until(self, event: date, unblocked: date | None = None) -> date | None:
        """The first day on which the record need not be kept; None: not before the property is unblocked."""
        if self.keep_while_blocked and unblocked is None:
            return None
        return calendar.years_after(unblocked if self.keep_while_blocked and unblocked else event, self.keep_years)


def _day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    terms: dict[str, Term]
    facts: dict[FactName, tuple[str, ...]]


@cache
def _file() -> _File:
    return load(_File, TERMS)


def terms() -> dict[str, Term]:
    """Terms by the kind of event."""
    return _file().terms


def years_of_facts() -> dict[FactName, int]:
    """For how many years a fact is kept after it stopped counting: the longest of the terms it falls under."""
    return {name: max(term(kind).keep_years for kind in kinds) for name, kinds in _file().facts.items()}


def term(kind: str) -> Term:
    """The term of a kind of event. Raises ``UsageError`` for one that is not known."""
    try:
        return terms()[kind]
    except KeyError:
        raise UsageError(f"there is no term for {kind!r}; there are {', '.join(sorted(terms()))}") from None
