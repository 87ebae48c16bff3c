"""A roster brought into a store: read, sifted, seen as a whole, compared, recorded; or all but the last, in a dry run.

Everything that is to be said of a file is found before anything is recorded, and recording is one transaction. Where
another import comes in between, ``StoreBusy`` is raised and nothing is done.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import structs

from bylaw.access.roster.checker import Checker
from bylaw.access.roster.compare import CHECK, Change, compare
from bylaw.access.roster.formats import FORMATS, format_of
from bylaw.access.roster.options import Options
from bylaw.access.roster.reading import Found, content_of
from bylaw.access.roster.report import Report, Totals
from bylaw.access.roster.rows import Remark, Row, note
from bylaw.access.roster.sift import sift
from bylaw.access.roster.whole import Histories, Kinds, circles, kinds_of, left_out, references, referring, twice
from bylaw.access.store.store import Store
from bylaw.access.subjects import Fact, SubjectKind
from bylaw.canonical import sha256


def bring(
    path: Path,
    store: Store,
    options: Options,
    *,
    by: str,
    format: str | None = None,
    dry: bool = False,
    at: datetime | None = None,
) -> Report:
    """Bring a file in, as one import or not at all; ``by`` is who does it. Raises ``RecordError``, ``StoreError``."""
    name, content = format_of(path, format), content_of(path)
    found = FORMATS[name](content, str(path), options)
    seen = store.last_import()
    rows, remarks = checked(found, options, store.kinds, _histories(store, by))
    change = compare(rows, store, options.today, by)
    remarks = sorted([*remarks, *change.remarks], key=lambda remark: remark.line)
    report = Report(
        source=str(path),
        digest=sha256(content),
        format=name,
        dry=dry,
        skip_faulty=options.skip_faulty,
        totals=_totals(found, remarks, change),
        remarks=tuple(remarks),
        unused=dict(found.unused),
    )
    if dry or report.refused:
        return report
    done = store.record(change.said, source=report.source, digest=report.digest, by=by, at=at, after=seen)
    return structs.replace(report, done=done)


def read(path: Path, options: Options, *, format: str | None = None) -> tuple[list[Row], list[Remark]]:
    """The rows of a file that have no fault by themselves and together, and all remarks; no store is asked."""
    found = FORMATS[format_of(path, format)](content_of(path), str(path), options)
    return checked(found, options, _nobody, _nothing)


def checked(found: Found, options: Options, kinds: Kinds, histories: Histories) -> tuple[list[Row], list[Remark]]:
    """The rows that pass, and remarks on all, in order of lines."""
    rows, remarks = sift(found.rows, Checker(options.today))
    named = referring(rows)
    about = kinds_of(rows, named, kinds)
    remarks += [*found.remarks, *twice(rows), *references(named, about)]
    remarks += circles(rows, about, kinds, histories, options.today)
    if not rows and not remarks:
        remarks.append(note(0, "", "", "holds no subject at all"))
    faulty = {remark.line for remark in remarks if remark.weight == "fault"}
    passed = [row for row in rows if row.line not in faulty] if faulty else rows
    remarks += left_out(passed, rows, kinds)
    return passed, sorted(remarks, key=lambda remark: remark.line)


def _totals(found: Found, remarks: Sequence[Remark], change: Change) -> Totals:
    """A row that does not decode is a row too; what is said of the whole file (line 0) is none."""
    faulty = {remark.line for remark in remarks if remark.weight == "fault"}
    lines = {row.line for row in found.rows} | {remark.line for remark in found.remarks if remark.line}
    return Totals(rows=len(lines), refused=len(faulty), **change.counts)


def _histories(store: Store, by: str) -> Histories:
    def histories(ids: Sequence[str]) -> dict[str, Iterable[Fact]]:
        found = store.histories(ids, by=by, why=CHECK)
        return {id: one.facts for known in found for id, one in known.items()}

    return histories


def _nobody(ids: Sequence[str]) -> Mapping[str, SubjectKind]:
    return {}


def _nothing(ids: Sequence[str]) -> Mapping[str, Iterable[Fact]]:
    return {}
