"""Answers on disk, addressed by what was asked of which model; shared between runs, safe with several writers.

SQLite with a write-ahead log: an answer is there or it is not, whoever is killed. What was asked does not stand in the
file in clear, only its digest; answers do.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bylaw.errors import RemoteError
from bylaw.models.remote.asked import Reply
from bylaw.storage import write_ahead

_SCHEMA = """
create table if not exists answers (key text primary key, reply blob not null) without rowid;
create table if not exists seen (model text primary key, served text not null, seconds real, characters integer,
  tokens integer) without rowid;
"""
_AT_ONCE = 500


ANOTHER = "name another with models.judge.cache, or remove it"
"""What helps where the file of answers is broken: they are asked again."""


def connect(path: Path, schema: str, remedy: str = ANOTHER) -> sqlite3.Connection:
    """A database for one more writer. Raises ``RemoteError`` for a file that is none, or cannot be used."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(path, timeout=60, isolation_level=None)
        write_ahead(base)
        base.execute("pragma synchronous = normal")
        base.executescript(schema)
    except (sqlite3.Error, OSError) as error:
        raise RemoteError(f"{path} cannot be used: {error}; {remedy}") from error
    return base


def write(base: sqlite3.Connection, statement: str, rows: Sequence[Sequence[object]]) -> None:
    """Write all rows or none; a row alone is a transaction by itself."""
    if len(rows) == 1:
        base.execute(statement, rows[0])
        return
    base.execute("begin immediate")
    base.executemany(statement, rows)
    base.execute("commit")


class Cache:
    """Answers by key. ``path`` None: an empty cache that keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._base = connect(path, _SCHEMA) if path else None
        self._decoder = msgspec.json.Decoder(Reply)

    def find(self, keys: Sequence[str]) -> dict[str, Reply]:
        """The answers that are there. An entry that does not decode is as good as none."""
        found: dict[str, Reply] = {}
        for at in range(0, len(keys) if self._base else 0, _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            marks = ",".join("?" * len(some))
            for key, reply in self._rows(f"select key, reply from answers where key in ({marks})", some):
                try:
                    found[key] = self._decoder.decode(reply)
                except msgspec.DecodeError:
                    continue  # asked again, and written anew
        return found

    def put(self, answers: Sequence[tuple[str, Reply]]) -> None:
        """Keep answers; they are there when this returns, even if the process is killed then."""
        rows = [(key, msgspec.json.encode(reply)) for key, reply in answers]
        self._many("insert or replace into answers values (?, ?)", rows)

    def forget(self, keys: Sequence[str]) -> None:
        """Keep some answers no longer."""
        self._many("delete from answers where key = ?", [(key,) for key in keys])

    def saw(self, model: str, served: str, seconds: float, characters: int, tokens: int) -> None:
        """Remember who answered for ``model``, and how fast: what a dry run goes by."""
        self._many("insert or replace into seen values (?, ?, ?, ?, ?)", [(model, served, seconds, characters, tokens)])

    def seen(self, model: str) -> tuple[str, float, int, int] | None:
        """(served, seconds a call, characters, tokens) when ``model`` was asked last; None if it never was."""
        rows = self._rows("select served, seconds, characters, tokens from seen where model = ?", [model])
        return rows[0] if rows else None  # type: ignore[return-value]

    def close(self) -> None:
        """Let go of the file."""
        if self._base:
            self._base.close()

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[str, bytes]]:
        if not self._base:
            return []
        try:
            return self._base.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise RemoteError(f"{self.path} cannot be read: {error}; {ANOTHER}") from error

    def _many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        if not (self._base and rows):
            return
        try:
            write(self._base, statement, rows)
        except sqlite3.Error as error:
            raise RemoteError(
                f"{self.path} cannot be written: {error}. Every answer before it is kept; make room, or {ANOTHER}"
            ) from error
