"""Property of blocked persons that is held here, and the reports it calls for (31 CFR 501.603).

To refuse a blocked person a service is one thing, to hold what is his another: prepaid credit, deposits, files and
weights of his stay his, and nobody may deal in them. That somebody holds such property no record of decisions says, so
it is written down by hand, as entries that are only ever added to: what was blocked, what was released, and what of
that was wrong. What is owed follows from them, and from what was ``filed``:

- *blocked-property*, within ten business days of the day it was blocked;
- *unblocked-property*, within ten of its release, unless a license or a removal from the list released it;
- *annual-blocked-property*, by 30 September, of all that was held on 30 June;
- *corrected-property*, within ten (a term of ours) of the day on which a record was corrected after reports of it were
  filed. What was not filed by then is drafted from the record as it is right, and nothing more is owed.

A correction is no release: property that was blocked by mistake is still blocked until the authority says otherwise
(31 CFR 501.806), a record that was written down wrongly never was so.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from bylaw.access.filings.drafts import Draft, Kind, draft
from bylaw.access.filings.filed import Filed, Report
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


class Corrected(_Entry, frozen=True, kw_only=True, tag="corrected", omit_defaults=True):
    """What was written down of a property was wrong, somebody found on a day. ``right`` takes its place from then on;
    None: there never was such property. ``unreleased``: it was not released after all. ``filed`` are the reports on it
    that were filed by then, with their references.
    """

    correction: int
    number: int
    on: date
    why: str
    right: Property | None
    unreleased: bool = False
    filed: dict[Report, str] = {}


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A correction beside what it corrects."""

    entry: Corrected
    was: Property
    released: Released | None

    @property
    def changes(self) -> list[str]:
        """What is said otherwise, a line for each."""
        right = self.entry.right
        if right is None:
            return ["no such property was ever held"]
        told = [(name, getattr(self.was, name), getattr(right, name)) for name in CORRECTABLE]
        lines = [
            f"{LABELS.get(name, name)}: {old or 'nothing'} → {new or 'nothing'}"
            for name, old, new in told
            if old != new
        ]
        if self.entry.unreleased and self.released:
            lines.append(f"released on {self.released.on} → not released")
        return lines


CORRECTABLE = ("owner", "property", "where", "target", "value", "authority", "on")
LABELS = {"on": "blocked since"}
Entry = Property | Nothing | Released | Corrected


class Holdings:
    """What the entries say, in the order in which they were written."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.property: dict[int, Property] = {}
        self.released: dict[int, Released] = {}
        self.nothing: dict[str, Nothing] = {}
        self.corrections: list[Correction] = []
        self.last = 0
        """The highest number that was ever given."""
        self.releases = Counter[int]()
        """How often each was released; more than once, if a release was none after all."""
        for entry in entries:
            match entry:
                case Property():
                    self.property[entry.number] = entry
                    self.last = max(self.last, entry.number)
                case Released():
                    self.released[entry.number] = entry
                    self.releases[entry.number] += 1
                case Nothing():
                    self.nothing[entry.owner] = entry
                case Corrected():
                    self._correct(entry)

    def _correct(self, entry: Corrected) -> None:
        number, released = entry.number, self.released.get(entry.number)
        self.corrections.append(Correction(entry=entry, was=self.property[number], released=released))
        if entry.right is None:
            del self.property[number]
        else:
            self.property[number] = entry.right
        if entry.right is None or entry.unreleased:
            self.released.pop(number, None)

    def require_correction(self, entry: Corrected, standing: Mapping[str, Filed]) -> Corrected:
        """The entry, with the reports it concerns of those that are filed. Raises ``UsageError`` for one that cannot
        be, or corrects nothing.
        """
        was, released, right = self.require_known(entry.number), self.released.get(entry.number), entry.right
        if entry.unreleased and not released:
            raise UsageError(f"property {entry.number} was not released, by what is written down here")
        if not Correction(entry=entry, was=was, released=released).changes:
            raise UsageError(f"property {entry.number} is written down like this already: there is nothing to correct")
        if right and released and not entry.unreleased and released.on < right.on:
            raise UsageError(f"property {entry.number} was released on {released.on}, before {right.on}")
        filed = {report: said.reference for report, said in standing.items() if self._concerns(entry, report)}
        return msgspec.structs.replace(entry, filed=filed)

    def _concerns(self, entry: Corrected, report: str) -> bool:
        """Whether a report says of the property what is not right, or does not say what is."""
        kind, _, about = report.partition("/")
        was, right = self.property[entry.number], entry.right
        altered = right is None or any(getattr(was, name) != getattr(right, name) for name in CORRECTABLE)
        if kind != ANNUAL:
            mine = about.partition("-")[0] == str(entry.number)
            return mine and (kind == "unblocked-property" or (kind == "blocked-property" and altered))
        day = date(int(about), *term(ANNUAL).held_day)
        gone = self._gone(was, day)
        before = was.on <= day and not gone
        after = right is not None and right.on <= day and (entry.unreleased or not gone)
        return before != after or (before and altered)

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
        found, before = self.require_known(number), self.released.get(number)
        if before:
            raise UsageError(f"property {number} was released on {before.on}: {before.why}")
        if on < found.on:
            raise UsageError(f"property {number} was blocked on {found.on}; it cannot be released on {on}, before that")
        return found

    def require_known(self, number: int) -> Property:
        """The property of a number. Raises ``UsageError`` if none has it."""
        if number not in self.property:
            known = ", ".join(map(str, self.property)) or "none yet"
            raise UsageError(f"no property has the number {number}; there are {known}")
        return self.property[number]

    def owed(self, today: date, filer: Mapping[str, str], closed: Collection[date] = ()) -> Iterator[Draft]:
        """A draft of every report that was ever owed, filed or not, those of single properties first."""
        for each in self.property.values():
            yield _initial(each, filer, closed)
            released = self.released.get(each.number)
            if released and released.ground not in UNREPORTED:
                yield _release(each, released, self.releases[each.number], filer, closed)
        yield from (_correction(each, filer, closed) for each in self.corrections if each.entry.filed)
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
    known = {**filer, **_said(each), "where": each.where, "blocked_on": str(each.on)}
    return draft("blocked-property", str(each.number), each.on, known, closed)


def _release(
    each: Property, released: Released, time: int, filer: Mapping[str, str], closed: Collection[date]
) -> Draft:
    """``time``: the first release of this property, or a later one, whose report has a name of its own."""
    known = {**filer, **_said(each), "released_on": str(released.on), "ground": f"{released.ground}: {released.why}"}
    known["first_report"] = f"report of the blocking, {each.on}"
    known.pop("transaction", None)
    about = str(each.number) if time == 1 else f"{each.number}-{time}"
    return draft("unblocked-property", about, released.on, known, closed)


def _correction(each: Correction, filer: Mapping[str, str], closed: Collection[date]) -> Draft:
    entry = each.entry
    known = {
        **filer,
        "reports": "\n".join(f"{report}, filed as {reference}" for report, reference in entry.filed.items()),
        "property": f"{entry.number}. {each.was.owner}: {each.was.property}",
        "correction": "\n".join(each.changes),
        "reason": entry.why,
    }
    return draft("corrected-property", str(entry.correction), entry.on, known, closed)


def _said(each: Property) -> dict[str, str]:
    return {
        "property": each.property,
        "owner": f"{each.owner}, by what is written down here",
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
