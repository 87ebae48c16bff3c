"""One connection to one SQLite file: write-ahead log, whole transactions, failures as sentences.

Whoever reads sees what was committed when it began, whatever is written meanwhile; one process writes at a time. A
process killed in mid-write, or a full disk, leaves what was committed before.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bylaw.access.store.errors import StoreBusy, StoreError
from bylaw.access.store.schema import MIGRATED
from bylaw.errors import UsageError
from bylaw.storage import write_ahead

PATIENCE = 10.0
"""Seconds that a writer waits for another one."""
_CACHE = 256 << 10
"""KiB of pages kept in memory: the indexes of a million subjects, so that a large import does not write them twice."""
_PAGE = 16 << 10
"""Bytes of a page; a row of history with a dozen facts fits in without overflow."""
_SENTENCES = {
    sqlite3.SQLITE_FULL: "no space is left. Nothing of this was kept, and all before it was: make room, then go again",
    sqlite3.SQLITE_IOERR: "the disk did not take or give the data. Nothing of this was kept, and all before it was",
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Nothing is repaired silently: bring back a copy",
    sqlite3.SQLITE_NOTADB: "is no SQLite file, or its head is damaged: bring back a copy",
    sqlite3.SQLITE_READONLY: "may not be written to",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Database:
    """A file of one kind (``application``), brought to the last of its ``migrations`` when it is opened."""

    def __init__(self, path: Path, application: int, migrations: Sequence[str]) -> None:
        self.path = path
        with explained(path):
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
            try:
                self._require(application, len(migrations))
                self._prepare()
                if self._pragma("user_version") < len(migrations):
                    self._migrate(application, migrations)
                    self.shrink(wait=False)
            except BaseException:
                self.connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed if the body succeeds and leaves no trace if it does not."""
        with explained(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has rolled back already
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A view of one moment; inside a transaction, of that one."""
        with explained(self.path):
            outer = self.connection.in_transaction
            if not outer:
                self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                if not outer and self.connection.in_transaction:
                    self.connection.execute("COMMIT")

    def damage(self) -> str:
        """What SQLite's own check finds first; empty: nothing."""
        with self.reading() as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        return "" if found == "ok" else str(found)

    def shrink(self, wait: bool = True) -> bool:
        """Move the write-ahead log into the file and empty it, so that erased values lie nowhere.

        False: somebody reads an older state, and did not end within ``PATIENCE``, or is not waited for; or the disk has
        no room, which takes nothing from what was committed. What is left then goes with the next shrink, or when the
        last who has the file open closes it.
        """
        with explained(self.path):
            self.connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000) if wait else 0}")
            try:
                (busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError as error:
                if code_of(error) not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                    raise
                busy = True
            self.connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        return not busy

    def _prepare(self) -> None:
        self.connection.execute(f"PRAGMA page_size = {_PAGE}")
        if write_ahead(self.connection, PATIENCE) != "wal":
            raise StoreError(f"{self.path}: this file system does not allow a write-ahead log; use a local disk")
        for pragma in ("synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF", "temp_store = MEMORY"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(f"PRAGMA cache_size = -{_CACHE}")

    def _require(self, application: int, newest: int) -> None:
        """Nothing is done to a file of another kind, or of a version that is not known yet."""
        kind, version = self._pragma("application_id"), self._pragma("user_version")
        empty = not self.connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        if kind != application and not (empty and kind == 0):
            raise StoreError(f"{self.path} is a database of something else; nothing was done to it")
        if version > newest:
            raise StoreError(f"{self.path} has version {version}, and this program knows {newest}; use a newer bylaw")

    def _migrate(self, application: int, migrations: Sequence[str]) -> None:
        """What other processes may do at the same time is waited for, and then not done again."""
        with self.writing() as connection:
            connection.execute(MIGRATED)
            for number in range(self._pragma("user_version") + 1, len(migrations) + 1):
                for statement in statements(migrations[number - 1]):
                    connection.execute(statement)
                connection.execute("INSERT INTO migrations VALUES (?, ?)", (number, text_of(datetime.now(UTC))))
            connection.execute(f"PRAGMA application_id = {application}")
            connection.execute(f"PRAGMA user_version = {len(migrations)}")

    def _pragma(self, name: str) -> int:
        (value,) = self.connection.execute(f"PRAGMA {name}").fetchone()
        return int(value)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into a ``StoreError`` that names the file and says how to go on."""
    try:
        yield
    except sqlite3.Error as error:
        code = code_of(error)
        if code in _BUSY:
            raise StoreBusy(f"{path}: another process is writing it; try again when it is done") from error
        raise StoreError(f"{path}: {_SENTENCES.get(code, str(error))}") from error


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: ``executescript`` would commit what is open."""
    begun = ""
    for line in script.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""


def text_of(at: datetime) -> str:
    """A time as it is kept: UTC to the microsecond, in an order that is the order of the texts."""
    if at.tzinfo is None:
        raise UsageError(f"{at} says no time zone; a time without one is two times")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    """The time in such a text."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
