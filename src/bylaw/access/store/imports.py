"""Facts in: one transaction an import, nothing of it if it does not end.

A million subjects with five facts each take memory for one chunk of them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from bylaw.access.store.database import text_of, time_of
from bylaw.access.store.errors import StoreBusy
from bylaw.access.store.lines import written
from bylaw.access.store.records import Import, Said
from bylaw.access.subjects import SubjectKind
from bylaw.errors import UsageError

CHUNK = 10_000
"""Subjects that are written together."""
ASKED = 500
"""Ids in one question to SQLite."""


def last_import(connection: sqlite3.Connection) -> int:
    """The id of the latest import; 0 before the first."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM imports").fetchone()
    return int(last)


def write(
    connection: sqlite3.Connection,
    said: Iterable[Said],
    *,
    source: str,
    digest: str,
    by: str,
    at: datetime,
    after: int | None = None,
) -> Import:
    """Add an import within the open transaction.

    ``after`` is the import that the caller has seen as the latest: ``StoreBusy`` if there is a later one. The time is
    never before that of the import before it, whatever the clock says. Raises ``UsageError`` for a subject that is
    known as another kind, or that comes twice.
    """
    before = last_import(connection)
    if after is not None and before != after:
        raise StoreBusy(f"import {before} came in since this one was compared with the store; compare again")
    writer = Writer(connection, before + 1)
    said = iter(said)
    while chunk := list(islice(said, CHUNK)):
        writer.add(chunk)
    return _enter(connection, writer, source, digest, by, at)


class Writer:
    """One import under way."""

    def __init__(self, connection: sqlite3.Connection, number: int) -> None:
        self.connection = connection
        self.number = number
        self.subjects = 0
        self.facts = 0
        (self._last,) = connection.execute("SELECT coalesce(max(num), 0) FROM subjects").fetchone()

    def add(self, chunk: Sequence[Said]) -> None:
        """Write a chunk: subjects that are new, and what is said of each."""
        subjects = self._subjects(chunk)
        rows = [(subjects[one.id], self.number, written(one.facts)) for one in chunk if one.facts]
        try:
            self.connection.executemany("INSERT INTO history VALUES (?, ?, ?)", rows)
        except sqlite3.IntegrityError as error:
            raise UsageError("an import says all of a subject at once, and this one comes back to a subject") from error
        self.facts += sum(len(one.facts) for one in chunk)

    def _subjects(self, chunk: Sequence[Said]) -> dict[str, int]:
        """The number of each subject of the chunk; those that are new are written."""
        known = numbers(self.connection, [one.id for one in chunk])
        for one in chunk:
            if one.id in known and known[one.id][1] != one.kind:
                kind = known[one.id][1]
                raise UsageError(f"{one.id} is known as {kind}, and this says {one.kind}; a subject keeps its kind")
        fresh = {one.id: one.kind for one in chunk if one.id not in known}
        found = {id: number for id, (number, _) in known.items()}
        found.update(zip(fresh, range(self._last + 1, self._last + 1 + len(fresh)), strict=True))
        rows = [(found[id], id, kind, self.number) for id, kind in fresh.items()]
        self.connection.executemany("INSERT INTO subjects VALUES (?, ?, ?, ?)", rows)
        self._last += len(rows)
        self.subjects += len(rows)
        return found


def numbers(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, tuple[int, SubjectKind]]:
    """Number and kind of those of the ids that are known."""
    found: dict[str, tuple[int, SubjectKind]] = {}
    if is_empty(connection):
        return found
    for start in range(0, len(ids), ASKED):
        asked = ids[start : start + ASKED]
        query = f"SELECT id, num, kind FROM subjects WHERE id IN ({', '.join('?' * len(asked))})"
        found.update((id, (number, kind)) for id, number, kind in connection.execute(query, asked))
    return found


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nobody is known: then a million ids need not be asked for."""
    return connection.execute("SELECT 1 FROM subjects LIMIT 1").fetchone() is None


def listed(connection: sqlite3.Connection) -> Iterator[Import]:
    """All imports, in order."""
    for row in connection.execute("SELECT id, recorded, by, source, digest, subjects, facts FROM imports ORDER BY id"):
        id, recorded, by, source, digest, subjects, facts = row
        yield Import(
            id=id, recorded=time_of(recorded), by=by, source=source, digest=digest, subjects=subjects, facts=facts
        )


def _enter(connection: sqlite3.Connection, writer: Writer, source: str, digest: str, by: str, at: datetime) -> Import:
    (latest,) = connection.execute("SELECT max(recorded) FROM imports").fetchone()
    recorded = max(text_of(at), latest or "")
    row = (writer.number, recorded, by, source, digest, writer.subjects, writer.facts)
    connection.execute("INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return Import(
        id=writer.number,
        recorded=time_of(recorded),
        by=by,
        source=source,
        digest=digest,
        subjects=writer.subjects,
        facts=writer.facts,
    )
