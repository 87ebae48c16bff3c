"""Property of blocked persons that is held here, and the reports it calls for (31 CFR 501.603).

To refuse a blocked person a service is one thing, to hold what is his another: prepaid credit, deposits, files and
weights of his stay his, and nobody may deal in them. That somebody holds such property no record of decisions says, so
it is written down by hand, as entries that are only ever added to: what was blocked, what was released. What is owed
follows from them, and from what was ``filed``:

- *blocked-property*, within ten business days of the day it was blocked;
- *unblocked-property*, within ten of its release, unless a license or a removal from the list released it;
- *annual-blocked-property*, by 30 September, of all that was held on 30 June.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from bylaw.access.filings.drafts import Draft, Kind, draft
from bylaw.access.filings.terms import term
from bylaw.errors import UsageError

Ground = Literal["order", "license", "delisted", "error"]
"""By what property was released: a court's or an agency's order, a license, a removal from the list, a mistake."""

UNREPORTED: frozenset[Ground] = frozenset(("license", "delisted"))
"""Releases of which no report is owed (501.603(b)(3), as of 7 November 2024), unless the license asks for one."""

ANNUAL: Kind = "annual-blocked-property"


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="entry"):
    by: str


class Property(_Entry, frozen=True, kw_only=True, tag="blocked"):
    """Something that is held here and blocked since ``on``. ``owner`` is a subject; empty texts are not known yet.

    ``value`` is in US dollars, actual or estimated, and says which.
    """

    number: int
    owner: str
    on: date
    property: str
    where: str = ""
    target: str = ""
    value: str = ""
    authority: str = ""


class Nothing(_Entry, frozen=True, kw_only=True, tag="nothing"):
    """Somebody looked on a day, and nothing of this owner's is held here."""

    owner: str
    on: date


class Released(_Entry, frozen=True, kw_only=True, tag="released"):
    """Property is no longer blocked, or was transferred, since ``on``."""

    number: int
    on: date
    ground: Ground
    why: str


Entry = Property | Nothing | Released


class Holdings:
    """What the entries say, in the order in which they were written."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.property: dict[int, Property] = {}
        self.released: dict[int, Released] = {}
        self.nothing: dict[str, Nothing] = {}
        for entry in entries:
            match entry:
                case Property():
                    self.property[entry.number] = entry
                case Released():
                    self.released[entry.number] = entry
                case Nothing():
                    self.nothing[entry.owner] = entry

    @property
    def owners(self) -> frozenset[str]:
        """Everybody of whom it is written down what is held, or that nothing is."""
        return frozenset((*self.nothing, *(each.owner for each in self.property.values())))

    def on(self, day: date) -> Sequence[Property]:
        """What was held and blocked at the end of a day."""
        return [each for each in self.property.values() if each.on <= day and not self._gone(each, day)]

    def _gone(self, property: Property, day: date) -> bool:
        released = self.released.get(property.number)
        return released is not None and released.on <= day

    def require_blocked(self, number: int, on: date) -> Property:
        """The property of a number, still blocked. Raises ``UsageError`` for another, or a day before its blocking."""
        if number not in self.property:
            known = ", ".join(map(str, self.property)) or "none yet"
            raise UsageError(f"no property has the number {number}; there are {known}")
        found, before = self.property[number], self.released.get(number)
        if before:
            raise UsageError(f"property {number} was released on {before.on}: {before.why}")
        if on < found.on:
            raise UsageError(f"property {number} was blocked on {found.on}; it cannot be released on {on}, before that")
        return found

    def owed(self, today: date, filer: Mapping[str, str], closed: Collection[date] = ()) -> Iterator[Draft]:
        """A draft of every report that was ever owed, filed or not, those of single properties first."""
        for each in self.property.values():
            yield _initial(each, filer, closed)
            released = self.released.get(each.number)
            if released and released.ground not in UNREPORTED:
                yield _release(each, released, filer, closed)
        years = range(min((each.on.year for each in self.property.values()), default=today.year), today.year + 1)
        for year in years:
            if (held := date(year, *term(ANNUAL).held_day)) <= today and self.on(held):
                yield self.annual(year, filer)

    def annual(self, year: int, filer: Mapping[str, str]) -> Draft:
        """The annual report of all that is held on the day of a year that counts. Raises ``UsageError`` for nothing."""
        rule = term(ANNUAL)
        day = date(year, *rule.held_day)
        held = self.on(day)
        if not held:
            raise UsageError(f"no property was held on {day}: no annual report is owed for {year}")
        known = {**filer, "held_on": str(day), "count": str(len(held)), "property": "\n".join(map(_line, held))}
        return draft(ANNUAL, str(year), day, known, by=date(year, *rule.annual_day))


def _initial(each: Property, filer: Mapping[str, str], closed: Collection[date]) -> Draft:
    known = {**filer, **_said(each), "blocked_on": str(each.on)}
    return draft("blocked-property", str(each.number), each.on, known, closed)


def _release(each: Property, released: Released, filer: Mapping[str, str], closed: Collection[date]) -> Draft:
    known = {**filer, **_said(each), "released_on": str(released.on), "ground": f"{released.ground}: {released.why}"}
    known["first_report"] = f"report of the blocking, {each.on}"
    known.pop("transaction", None)
    return draft("unblocked-property", str(each.number), released.on, known, closed)


def _said(each: Property) -> dict[str, str]:
    property = f"{each.property}; {each.where}" if each.where else ""
    owner = f"{each.owner}, by what is written down here"
    return {
        "property": property,
        "owner": owner,
        "target": each.target,
        "value": each.value,
        "authority": each.authority,
    }


def _line(each: Property) -> str:
    """A line of the annual list: one property a line, never several added up."""
    said = (each.property, each.where, each.value, each.authority)
    words = (f"[OPEN: {name}]" for name in ("property", "where", "value", "authority"))
    known = "; ".join(word or open_ for word, open_ in zip(said, words, strict=True))
    return f"{each.number}. {each.owner}, since {each.on}: {known}"
