"""Subjects by their ids, a page at a time: by what an id begins with, and where none does, by what it holds.

Names are not looked through: they are facts, and whoever looked through them would have read everybody's.
"""

import sqlite3
from datetime import datetime

import msgspec

from bylaw.access.store.database import time_of
from bylaw.access.subjects import SubjectKind

_LAST = "\U0010ffff"


class Listed(msgspec.Struct, frozen=True):
    """A subject: its id, what it is, when it came."""

    id: str
    kind: SubjectKind
    since: datetime


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """``total``: how many subjects there are, found or not. ``after`` is given to find more; empty: there are no more.

    ``inside``: no id begins so, and these hold the text.
    """

    rows: tuple[Listed, ...]
    total: int
    after: str
    inside: bool = False


def find(connection: sqlite3.Connection, text: str, kind: str, after: str, most: int) -> Found:
    """In the order of their ids. An erased subject has none and is not found."""
    rows = _rows(connection, "subjects.id >= ? AND subjects.id < ?", (text, text + _LAST), kind, after, most)
    inside = bool(text) and not rows and not _begins(connection, text)
    if inside:
        rows = _rows(connection, "instr(lower(subjects.id), ?)", (text.lower(),), kind, after, most)
    (total,) = connection.execute("SELECT count(*) FROM subjects WHERE id IS NOT NULL").fetchone()
    return Found(
        rows=tuple(Listed(id, kind, time_of(recorded)) for id, kind, recorded in rows[:most]),
        total=total,
        after=rows[most - 1][0] if len(rows) > most else "",
        inside=inside,
    )


def _begins(connection: sqlite3.Connection, text: str) -> bool:
    query = "SELECT 1 FROM subjects WHERE id >= ? AND id < ? LIMIT 1"
    return connection.execute(query, (text, text + _LAST)).fetchone() is not None


def _rows(
    connection: sqlite3.Connection, where: str, values: tuple[str, ...], kind: str, after: str, most: int
) -> list[tuple[str, SubjectKind, str]]:
    query = (
        f"SELECT subjects.id, kind, recorded FROM subjects JOIN imports ON imports.id = import WHERE {where}"
        " AND subjects.id > ? AND (? = '' OR kind = ?) ORDER BY subjects.id LIMIT ?"
    )
    return connection.execute(query, (*values, after, kind, kind, most + 1)).fetchall()
