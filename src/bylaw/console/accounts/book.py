"""The file in which accounts, sessions and the journal are kept: SQLite, in the gateway's state directory."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bylaw.storage import write_ahead

TABLES = """
CREATE TABLE IF NOT EXISTS account (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, first INTEGER NOT NULL,
  secret TEXT NOT NULL, step INTEGER NOT NULL DEFAULT 0, made REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS session (
  mark TEXT PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, role TEXT NOT NULL, csrf TEXT NOT NULL,
  made REAL NOT NULL, seen REAL NOT NULL, proved REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS session_name ON session (name);
CREATE TABLE IF NOT EXISTS flow (
  mark TEXT PRIMARY KEY, nonce TEXT NOT NULL, verifier TEXT NOT NULL, back TEXT NOT NULL,
  again INTEGER NOT NULL, made REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS failure (whose TEXT PRIMARY KEY, count INTEGER NOT NULL, until REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS done (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  about TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS done_stays BEFORE UPDATE ON done BEGIN SELECT RAISE(ABORT, 'the journal stays'); END;
CREATE TRIGGER IF NOT EXISTS done_is_kept BEFORE DELETE ON done BEGIN SELECT RAISE(ABORT, 'the journal stays'); END;
"""


class Book:
    """A connection for each use: cheap with SQLite, and right in whichever thread a page runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        with closing(self._open()) as made:
            write_ahead(made)
            made.executescript(TABLES)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with."""
        with closing(self._open()) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes beside; it is whole or absent, and on the disk when this ends."""
        with closing(self._open()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        return connection
