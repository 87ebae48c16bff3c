"""Who looked at raw facts, when, at which and why: entered before anything is handed out."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bylaw.access.store.database import text_of, time_of
from bylaw.access.store.records import Read
from bylaw.access.subjects import FactName
from bylaw.errors import UsageError


def enter(
    connection: sqlite3.Connection, at: datetime, by: str, why: str, subject: int | None, names: Sequence[FactName] = ()
) -> None:
    """One line. Raises ``UsageError`` where nobody, or no reason, is named."""
    require_named(by, why)
    row = (text_of(at), by, why, subject, " ".join(names))
    connection.execute("INSERT INTO reads (at, by, why, subject, names) VALUES (?, ?, ?, ?, ?)", row)


def listed(connection: sqlite3.Connection, ids: Mapping[int, str], subject: int | None = None) -> Iterator[Read]:
    """All lines in order, or those about one subject. ``ids``: whom the numbers name that are still known."""
    query = "SELECT id, at, by, why, subject, names FROM reads"
    rows = (
        connection.execute(f"{query} ORDER BY id")
        if subject is None
        else connection.execute(f"{query} WHERE subject = ? ORDER BY id", (subject,))
    )
    for id, at, by, why, number, names in rows:
        about = None if number is None else ids.get(number)
        yield Read(id=id, at=time_of(at), by=by, why=why, subject=about, names=tuple(names.split()))


def latest(connection: sqlite3.Connection, number: int, subject: str, most: int) -> Iterator[Read]:
    """The last lines about one subject, the latest first."""
    query = "SELECT id, at, by, why, names FROM reads WHERE subject = ? ORDER BY id DESC LIMIT ?"
    for id, at, by, why, names in connection.execute(query, (number, most)):
        yield Read(id=id, at=time_of(at), by=by, why=why, subject=subject, names=tuple(names.split()))


def require_named(by: str, why: str) -> None:
    """Raise ``UsageError`` unless both say something."""
    if not by.strip() or not why.strip():
        raise UsageError("say who does this, and why: both are entered and kept")
