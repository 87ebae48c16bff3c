"""Facts out: every subject as it stood on a day, by what had been recorded by then; or the history of one.

A register of a million subjects is one pass over the history in the order in which it is kept. Of most subjects every
name is known once, which takes one look-up a fact; the others go through ``standing``.
"""

import gc
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from bylaw.access.store import lines
from bylaw.access.store.database import text_of
from bylaw.access.store.imports import ASKED, is_empty, last_import
from bylaw.access.store.lines import Erased
from bylaw.access.store.records import Entry, Known
from bylaw.access.subjects import Fact, FactName, Register, Standing, Subject, SubjectKind, standing
from bylaw.errors import UsageError

_NOBODY: Mapping[FactName, Standing] = {}


def import_of(connection: sqlite3.Connection, recorded_by: int | datetime | None) -> int:
    """The last import that counts. Raises ``UsageError`` for an import that is not there."""
    last = last_import(connection)
    if recorded_by is None:
        return last
    if isinstance(recorded_by, datetime):
        query = "SELECT coalesce(max(id), 0) FROM imports WHERE recorded <= ?"
        (found,) = connection.execute(query, (text_of(recorded_by),)).fetchone()
        return int(found)
    if not 0 <= recorded_by <= last:
        raise UsageError(f"there is no import {recorded_by}; the last one is {last}")
    return recorded_by


def register(connection: sqlite3.Connection, on: date, recorded_by: int | datetime | None) -> Register:
    """Every subject that had been recorded, in the order in which they were. One view of the database."""
    last = import_of(connection, recorded_by)
    with _no_collector():
        known = _known(connection, last, on)
        query = "SELECT num, id, kind FROM subjects WHERE import <= ? AND id IS NOT NULL ORDER BY num"
        kinds: dict[SubjectKind, SubjectKind] = {}
        everybody = connection.execute(query, (last,))
        return Register(
            on,
            (
                (id, Subject(id, kinds.setdefault(kind, kind), known.get(number, _NOBODY)))
                for number, id, kind in everybody
            ),
        )


class Looked(Mapping[str, Subject]):
    """A register read subject by subject, each when it is first asked for; ``enter`` is told of it before."""

    def __init__(
        self, connection: sqlite3.Connection, on: date, last: int, enter: Callable[[int, Sequence[FactName]], None]
    ) -> None:
        self._connection, self._on, self._last, self._enter = connection, on, last, enter
        self._seen: dict[str, Subject] = {}

    def __getitem__(self, id: str) -> Subject:
        if id not in self._seen:
            row = self._connection.execute(
                "SELECT num FROM subjects WHERE id = ? AND import <= ?", (id, self._last)
            ).fetchone()
            if row is None:
                raise KeyError(id)
            found = subject(self._connection, id, self._on, self._last)
            self._enter(row[0], tuple(found.known))
            self._seen[id] = found
        return self._seen[id]

    def __iter__(self) -> Iterator[str]:
        query = "SELECT id FROM subjects WHERE import <= ? AND id IS NOT NULL ORDER BY num"
        return (id for (id,) in self._connection.execute(query, (self._last,)))

    def __len__(self) -> int:
        query = "SELECT count(*) FROM subjects WHERE import <= ? AND id IS NOT NULL"
        (count,) = self._connection.execute(query, (self._last,)).fetchone()
        return int(count)


def subject(connection: sqlite3.Connection, id: str, on: date, recorded_by: int | datetime | None) -> Subject:
    """One subject. Raises ``UsageError`` if it is not known, or was not by then."""
    last = import_of(connection, recorded_by)
    number, kind, since = found(connection, id)
    if since > last:
        raise UsageError(f"{id} was not known by import {last}; it came with import {since}")
    rows = _rows(connection, number, last)
    return Subject(id, kind, standing([fact for _, content in rows for fact in lines.facts(content)], on))


def history(connection: sqlite3.Connection, id: str) -> tuple[Entry, ...]:
    """All that was ever said of a subject, in the order in which it was, and what of it was erased."""
    number, _, _ = found(connection, id)
    rows = _rows(connection, number, last_import(connection))
    return tuple(_entry(by, line) for by, content in rows for line in lines.read(content))


def histories(connection: sqlite3.Connection, ids: Sequence[str]) -> Iterator[dict[str, Known]]:
    """What is known of those of the ids of whom something is, ``ASKED`` ids at a time."""
    nobody = is_empty(connection)
    for start in range(0, len(ids), ASKED):
        if nobody:
            yield {}
            continue
        asked = ids[start : start + ASKED]
        query = (
            "SELECT id, kind, facts FROM subjects LEFT JOIN history ON subject = num"
            f" WHERE id IN ({', '.join('?' * len(asked))}) ORDER BY num, history.import"
        )
        gathered: dict[str, tuple[SubjectKind, list[bytes]]] = {}
        for id, kind, content in connection.execute(query, asked):
            gathered.setdefault(id, (kind, []))[1].append(content or b"")
        yield {id: _gathered(kind, b"".join(contents)) for id, (kind, contents) in gathered.items()}


def _gathered(kind: SubjectKind, content: bytes) -> Known:
    said = lines.read(content) if content else []
    facts = tuple(line for line in said if isinstance(line, Fact))
    return Known(kind, facts, frozenset(line.name for line in said if isinstance(line, Erased)))


def found(connection: sqlite3.Connection, id: str) -> tuple[int, SubjectKind, int]:
    """Number, kind and first import of a subject. Raises ``UsageError`` if nothing is known of it."""
    row = connection.execute("SELECT num, kind, import FROM subjects WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise UsageError(f"nothing is known of a subject {id!r}")
    return row[0], row[1], row[2]


def _rows(connection: sqlite3.Connection, number: int, last: int) -> list[tuple[int, bytes]]:
    query = "SELECT import, facts FROM history WHERE subject = ? AND import <= ? ORDER BY import"
    return connection.execute(query, (number, last)).fetchall()


def _entry(by: int, line: lines.Line) -> Entry:
    if isinstance(line, Erased):
        return Entry(name=line.name, recorded_by=by, erasure=line.erasure)
    return Entry(name=line.name, recorded_by=by, fact=line)


def _known(connection: sqlite3.Connection, last: int, on: date) -> dict[int, dict[FactName, Standing]]:
    """By a subject's number, what stands of it."""
    known: dict[int, dict[FactName, Standing]] = {}
    crowded: dict[tuple[int, FactName], list[Fact]] = {}
    query = "SELECT subject, facts FROM history WHERE import <= ? ORDER BY subject, import"
    for number, content in connection.execute(query, (last,)):
        names = known.setdefault(number, {})
        for fact in lines.facts(content):
            if fact.as_of > on or ((end := fact.expires) is not None and end <= on):
                continue
            name = fact.name
            if name in names:
                crowded.setdefault((number, name), [names[name].fact]).append(fact)
            else:
                names[name] = Standing(fact)
    for (number, _), facts in crowded.items():
        known[number].update(standing(facts, on))
    return known


@contextmanager
def _no_collector() -> Iterator[None]:
    """Nothing made here is a circle; looking for circles among millions of objects takes longer than making them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
