"""A file to find and count decisions by: ``STATE/console/summary.sqlite``. Delete it, and it is made again.

It holds the archive's numbers and no subject, no id and no fact: of a decision when it was made, its outcome, model,
country of the request, organisation and the rules that decided; and sums of these by minute, hour and day (UTC). What
is erased in the archive goes here too, and its share in the sums, which are about nobody, stays.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bylaw.access.store.database import explained
from bylaw.storage import write_ahead

VERSION = 1
"""Of the tables; a file of another version is made anew."""
MINUTES_KEPT = 24 * 60
_SCHEMA = f"""
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, outcome INTEGER NOT NULL, model INTEGER NOT NULL,
    country INTEGER NOT NULL, organization INTEGER NOT NULL);
CREATE INDEX of_organization ON decisions (organization, number);
CREATE TABLE ruled (rule INTEGER, number INTEGER, PRIMARY KEY (rule, number)) WITHOUT ROWID;
CREATE TABLE owed (day TEXT, number INTEGER, PRIMARY KEY (day, number)) WITHOUT ROWID;
CREATE TABLE minutes (minute INTEGER, outcome INTEGER, n INTEGER, PRIMARY KEY (minute, outcome)) WITHOUT ROWID;
CREATE TABLE hours (
    hour INTEGER, country INTEGER, model INTEGER, outcome INTEGER, n INTEGER,
    PRIMARY KEY (hour, country, model, outcome)) WITHOUT ROWID;
CREATE TABLE days (
    day INTEGER, country INTEGER, model INTEGER, outcome INTEGER, n INTEGER,
    PRIMARY KEY (day, country, model, outcome)) WITHOUT ROWID;
CREATE TABLE wanting (hour INTEGER, fact INTEGER, n INTEGER, PRIMARY KEY (hour, fact)) WITHOUT ROWID;
CREATE TABLE state (read INTEGER NOT NULL, erased INTEGER NOT NULL);
INSERT INTO state VALUES (0, 0);
PRAGMA user_version = {VERSION};
"""


class Brief(NamedTuple):
    """A decision in brief. ``at`` is seconds since 1970; ``owed`` the day (Washington's) of a refusal to be reported;
    ``wanting`` the facts that would settle one that was held.
    """

    number: int
    at: int
    outcome: str
    model: str
    country: str
    organization: str
    rules: tuple[str, ...] = ()
    owed: str = ""
    wanting: tuple[str, ...] = ()


class Summary:
    """The file at ``path``; made when it is first read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> int:
        """The last of the archive's numbers that is in it."""
        with self.open() as base:
            return int(base.execute("SELECT read FROM state").fetchone()[0])

    def add(self, briefs: Iterable[Brief], last: int) -> None:
        """Enter decisions, all or none; ``last`` is the last number that was read for it.

        What another process has entered meanwhile is not entered again.
        """
        with self._writing() as base:
            read = base.execute("SELECT read FROM state").fetchone()[0]
            rows = [each for each in briefs if each.number > read]
            words = _words(base, rows)
            _enter(base, rows, words)
            base.execute("UPDATE state SET read = max(read, ?)", (last,))
            newest = max((each.at for each in rows), default=0) // 60
            base.execute("DELETE FROM minutes WHERE minute < ?", (newest - MINUTES_KEPT,))

    def forget(self, numbers: list[int]) -> None:
        """Take out what was erased in the archive, if there is more of it than last time."""
        with self.open() as base:
            if base.execute("SELECT erased FROM state").fetchone()[0] == len(numbers):
                return
        with self._writing() as base:
            for table in ("decisions", "ruled", "owed"):
                base.execute("CREATE TEMP TABLE IF NOT EXISTS gone (number INTEGER PRIMARY KEY)")
                base.executemany("INSERT OR IGNORE INTO gone VALUES (?)", [(each,) for each in numbers])
                base.execute(f"DELETE FROM {table} WHERE number IN (SELECT number FROM gone)")
            base.execute("UPDATE state SET erased = ?", (len(numbers),))

    def remove(self) -> None:
        """Have it made again."""
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection to read by."""
        self._make()
        with explained(self.path), closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as base:
            yield base

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self.open() as base:
            base.execute("PRAGMA synchronous = OFF")  # what a loss of power takes is made again
            base.execute("PRAGMA temp_store = MEMORY")
            base.execute("BEGIN IMMEDIATE")
            try:
                yield base
                base.execute("COMMIT")
            except BaseException:
                base.execute("ROLLBACK")
                raise

    def _make(self) -> None:
        if self.path.exists() and self._version() == VERSION:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.remove()
        with explained(self.path), closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as base:
            write_ahead(base)
            base.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")

    def _version(self) -> int:
        try:
            with closing(sqlite3.connect(self.path, timeout=30)) as base:
                return int(base.execute("PRAGMA user_version").fetchone()[0])
        except sqlite3.DatabaseError:
            return 0


def _words(base: sqlite3.Connection, rows: Iterable[Brief]) -> dict[str, int]:
    """The number of every text that is spoken of."""
    texts = {text for each in rows for text in (*each[2:6], *each.rules, *each.wanting)}
    base.executemany("INSERT OR IGNORE INTO words (text) VALUES (?)", [(text,) for text in sorted(texts)])
    found = {}
    for text in texts:
        found[text] = base.execute("SELECT id FROM words WHERE text = ?", (text,)).fetchone()[0]
    return found


def _enter(base: sqlite3.Connection, rows: Sequence[Brief], word: dict[str, int]) -> None:
    sums: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for each in rows:
        outcome, model, country = word[each.outcome], word[each.model], word[each.country]
        sums["minutes", (each.at // 60, outcome)] += 1
        sums["hours", (each.at // 3600, country, model, outcome)] += 1
        sums["days", (each.at // 86400, country, model, outcome)] += 1
        for fact in each.wanting:
            sums["wanting", (each.at // 3600, word[fact])] += 1
    made = [
        (each.number, each.at, word[each.outcome], word[each.model], word[each.country], word[each.organization])
        for each in rows
    ]
    base.executemany("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)", made)
    ruled = [(word[rule], each.number) for each in rows for rule in each.rules]
    base.executemany("INSERT OR IGNORE INTO ruled VALUES (?, ?)", ruled)
    base.executemany("INSERT INTO owed VALUES (?, ?)", [(each.owed, each.number) for each in rows if each.owed])
    for (table, key), n in sums.items():
        marks = ", ".join("?" * (len(key) + 1))
        base.execute(f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT DO UPDATE SET n = n + excluded.n", (*key, n))
