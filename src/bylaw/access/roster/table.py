"""CSV (RFC 4180): a column ``id``, a column ``kind``, one for any fact, and where the row's facts come from.

::

    id,kind,name,citizenship,employer,source,grade,as_of
    p-1,person,Anna Ito,jp@1990-04-01;us@2021-05-01,org-17@2024-01-15!employee,hr,document,2026-11-01

Cells are read by ``cells``. A last line without its line end is half-written: it may stop anywhere, in the middle of a
country too.
"""

import csv
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from bylaw.access.roster import cells
from bylaw.access.roster.options import Options
from bylaw.access.roster.provenance import COLUMNS, Provenance, provenance
from bylaw.access.roster.reading import HALF, Found, text_of
from bylaw.access.roster.rows import Row, fault, near
from bylaw.access.roster.words import kind_of
from bylaw.access.subjects import FACTS, Fact, FactName, SubjectKind
from bylaw.errors import RecordError, UsageError

KNOWN = ("id", "kind", *FACTS, *COLUMNS)
_OWN = {name for name, meaning in FACTS.items() if meaning.values in ("text", "date")}
"""Facts that hardly any two rows share."""
_RECURRING = 8
"""Characters of a cell that many rows of one source share: a country, ``none``. Longer ones say a date or a subject."""
_REMEMBERED = 1 << 17
"""Cells whose facts are kept in memory."""


def load(content: bytes, where: str, options: Options) -> Found:
    """The rows of a file. Raises ``RecordError`` for a header that cannot be used; what is wrong with a row is told."""
    text = text_of(content, where)
    whole = text.endswith(("\n", "\r")) or not text
    lines = text.count("\n") + (not whole)
    records = _records(text)
    header, found = _header(next(records, None), where, options), Found()
    reader = _Reader(header, options)
    for line, end, fields in records:
        if isinstance(fields, str) and (whole or end < lines):
            found.remarks.append(fault(line, "", "", f"does not read as CSV ({fields}); nothing after it was read"))
        elif isinstance(fields, str) or (not whole and end >= lines):
            found.remarks.append(fault(line, "", "", HALF))
        elif fields:
            reader.row(line, fields, found)
    return found


def _records(text: str) -> Iterator[tuple[int, int, list[str] | str]]:
    """(first line, last line, fields, or why they do not read) of each record; a quoted field may hold line ends."""
    rows = csv.reader(_lines(text), strict=True)
    start = 1
    try:
        for fields in rows:
            yield start, rows.line_num, fields
            start = rows.line_num + 1
    except csv.Error as error:
        yield start, rows.line_num, str(error)


def _lines(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


class _Header(msgspec.Struct, frozen=True):
    columns: list[str]
    facts: list[tuple[int, FactName]]
    sources: list[int | None]
    """Where each of ``COLUMNS`` stands."""


def _header(first: tuple[int, int, list[str] | str] | None, where: str, options: Options) -> _Header:
    if first is None or isinstance(first[2], str):
        raise RecordError(f"has no line of column names ({first[2] if first else 'it is empty'})", where)
    columns = [column.strip() for column in first[2]]
    _require_columns(columns, where, options)
    facts: list[tuple[int, FactName]] = [(columns.index(name), name) for name in FACTS if name in columns]
    sources = [columns.index(name) if name in columns else None for name in COLUMNS]
    return _Header(columns, facts, sources)


def _require_columns(columns: list[str], where: str, options: Options) -> None:
    place = f"{where}:1"
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        raise RecordError("columns are separated by commas, and these names are not", place)
    for column in columns:
        if column not in KNOWN:
            raise RecordError(f"there is no column {column!r}; {near(column, KNOWN)}", place)
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise RecordError(f"the column {twice[0]!r} comes twice", place)
    if "id" not in columns or ("kind" not in columns and options.kind is None):
        missing = "id" if "id" not in columns else "kind"
        raise RecordError(f"the column {missing!r} is missing", place)


class _Source(msgspec.Struct, frozen=True):
    """One provenance, and the facts of cells under it: rows that say the same share them."""

    provenance: Provenance
    facts: dict[tuple[FactName, str], Fact]


class _Reader:
    """Rows under one header."""

    def __init__(self, header: _Header, options: Options) -> None:
        self.header = header
        self.options = options
        self.id = header.columns.index("id")
        self._kind = header.columns.index("kind") if "kind" in header.columns else None
        self._kinds: dict[str, SubjectKind] = {}
        self._said = [at for at in header.sources if at is not None]
        self._sources: dict[tuple[str, ...], _Source] = {}
        self._values = lru_cache(maxsize=_REMEMBERED)(cells.values)

    def row(self, line: int, fields: list[str], found: Found) -> None:
        """Read one record into ``found``."""
        subject = fields[self.id].strip() if len(fields) > self.id else ""
        try:
            if len(fields) != len(self.header.columns):
                raise UsageError(f"has {len(fields)} fields instead of {len(self.header.columns)}")
            kind = self._kind_of(fields)
            source = self._source_of(fields)
        except UsageError as error:
            found.remarks.append(fault(line, subject, "", str(error)))
            return
        facts = []
        for column, name in self.header.facts:
            cell = fields[column]
            if cell and (cell := cell.strip()):
                try:
                    facts.append(self._fact(source, name, cell))
                except UsageError as error:
                    found.remarks.append(fault(line, subject, name, str(error)))
        found.rows.append(Row(line, subject, kind, tuple(facts)))

    def _kind_of(self, fields: list[str]) -> SubjectKind:
        text = "" if self._kind is None else fields[self._kind]
        kind = self._kinds.get(text)
        if kind is None:
            kind = self._kinds[text] = kind_of(text.strip(), self.options)
        return kind

    def _source_of(self, fields: list[str]) -> _Source:
        said = tuple([fields[at] for at in self._said])
        source = self._sources.get(said)
        if source is None:
            if len(self._sources) > _REMEMBERED:
                self._sources.clear()
            texts = [fields[at].strip() if at is not None else "" for at in self.header.sources]
            source = self._sources[said] = _Source(provenance(self.options, *texts), {})
        return source

    def _fact(self, source: _Source, name: FactName, cell: str) -> Fact:
        """The fact of a cell: the same as of another row of that source, if cells as short as this recur."""
        if len(cell) > _RECURRING or name in _OWN:
            values = cells.values(name, cell) if name in _OWN else self._values(name, cell)
            return source.provenance.fact(name, values)
        fact = source.facts.get((name, cell))
        if fact is None:
            if len(source.facts) > _REMEMBERED:
                source.facts.clear()
            fact = source.facts[name, cell] = source.provenance.fact(name, self._values(name, cell))
        return fact
