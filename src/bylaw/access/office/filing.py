"""What was said to be filed, in an office: a line each in ``filed.jsonl``, only ever appended to, and an entry each in
the ledger, where a salted commitment stands for the line.

The line comes first, then the entry. Killed in between, the same command enters it, and so does the next one; until
then ``agreement`` names it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

import msgspec

from bylaw.access.filings.filed import Filed, Filings
from bylaw.access.office.listing import Listing
from bylaw.access.office.place import Office, stamp
from bylaw.access.office.property import holdings
from bylaw.access.office.reports import REFUSAL, report_day
from bylaw.access.roster.rows import near
from bylaw.canonical import canonical
from bylaw.errors import UsageError
from bylaw.ledger.entries import Reference, ReportsFiled, encode
from bylaw.ledger.salts import Salts, commitment
from bylaw.lineage.lab import Lab
from bylaw.storage import append_line, read_records

FILE, SALTS = "filed.jsonl", "filed.salts"


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was said, when, and the commitment that stands for it in the ledger, in the name of ``office``."""

    filed: Filed
    at: str
    committed: Reference
    office: Reference

    @property
    def entry(self) -> ReportsFiled:
        """What the ledger holds of it."""
        return ReportsFiled(at=self.at, filing=self.committed, count=len(self.filed.reports), office=self.office)


def lines(office: Office) -> tuple[Line, ...]:
    """Every line, in order. Raises ``RecordError`` for what is none."""
    path = office.root / FILE
    return tuple(read_records(path, Line, torn=True)) if path.exists() else ()


def filings(office: Office) -> Filings:
    """What was said to be filed."""
    return Filings(line.filed for line in lines(office))


def file(office: Office, lab: Lab, said: Filed, at: datetime) -> None:
    """Keep and enter what was filed. Raises ``UsageError`` for what cannot be; saying it twice in a row is once."""
    with office.changing():
        before = lines(office)
        if before:
            lab.enter_once(encode(before[-1].entry))
        if not before or before[-1].filed != said:
            Filings(line.filed for line in before).check(said)
            (committed,) = _salts(office).commit([canonical(said)])
            line = Line(filed=said, at=stamp(at), committed=committed, office=office.name())
            append_line(office.root / FILE, line)
            lab.enter([encode(line.entry)])
        lab.checkpoint()


def event_of(office: Office, report: str, today: date) -> date:
    """The day that a report is about. Raises ``UsageError`` if no such report is owed."""
    kind, _, number = report.partition("/")
    if kind == REFUSAL:
        rows = Listing(office.archive.path).numbered([int(number)]) if _is_number(number) else []
        made = rows[0].made if rows else None
        day = report_day(made) if made else None
        if day is None:
            raise UsageError(f"no report {report!r} is owed; bylaw decisions report drafts those that are")
        return day
    owed = {each.report: each.event for each in holdings(office).owed(today, {})}
    if report not in owed:
        raise UsageError(
            f"no report {report!r} is owed; {near(report, owed)}" if owed else f"no report {report!r} is owed"
        )
    return owed[report]


def changed(office: Office, entries: Mapping[int, ReportsFiled]) -> Iterator[str]:
    """A sentence for each difference between what was said and what the ledger holds of it."""
    said, entered = lines(office), frozenset(entries.values())
    salts = _salts(office).all() if said else {}
    for line in said:
        name, salt = ", ".join(line.filed.reports[:3]), salts.get(line.committed)
        if salt is None or commitment(canonical(line.filed), salt) != line.committed:
            yield f"what is said here of the filing of {name} is not what was entered"
        elif line.entry not in entered:
            yield f"that {name} was filed is not in the ledger: say it again to enter it, if it is true"
    known = {line.committed for line in said}
    for index, entry in entries.items():
        if entry.filing not in known:
            yield f"entry {index} of the ledger, of {entry.at}, is a filing of {entry.count} reports that is not here"


def _salts(office: Office) -> Salts:
    return Salts(office.root / SALTS)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16
