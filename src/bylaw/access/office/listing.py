"""The archive as a reader of many decisions sees it: rows after a number, by number, of a subject.

It opens the file for reading only and never longer than one answer takes, so that whoever files and enters decisions
is not held up.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bylaw.access.office.made import Made, made_of
from bylaw.access.store.database import explained

_COLUMNS = "SELECT number, id, at, subject, model, outcome, body FROM decisions"


class Row(NamedTuple):
    """A decision as it is listed. ``body`` is None where it was erased."""

    number: int
    id: str
    at: str
    subject: str
    model: str
    outcome: str
    body: bytes | None

    @property
    def made(self) -> Made | None:
        """The decision itself. Raises ``VerificationError`` for one that was changed."""
        return None if self.body is None else made_of(self.id, self.body)


class Listing:
    """Reads the archive in a file, ``Archive.path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def after(self, number: int, most: int) -> list[Row]:
        """The next decisions after a number, in the order in which they were kept."""
        return self._rows("WHERE number > ? ORDER BY number LIMIT ?", number, most)

    def newest(self, most: int, before: int | None = None) -> list[Row]:
        """The newest, below a number, the newest first."""
        return self._rows("WHERE number < ? ORDER BY number DESC LIMIT ?", before or 1 << 62, most)

    def numbered(self, numbers: Sequence[int]) -> list[Row]:
        """Those of these numbers, the newest first."""
        marks = ", ".join("?" * len(numbers))
        return self._rows(f"WHERE number IN ({marks}) ORDER BY number DESC", *numbers)

    def of_subject(self, subject: str, most: int, before: int | None = None) -> list[Row]:
        """The newest about a subject, before a number."""
        return self._rows(
            "WHERE subject = ? AND number < ? ORDER BY number DESC LIMIT ?", subject, before or 1 << 62, most
        )

    def known(self, ids: Sequence[str]) -> set[str]:
        """Which of these ids are kept."""
        with self._open() as base:
            marks = ", ".join("?" * len(ids))
            return {id for (id,) in base.execute(f"SELECT id FROM decisions WHERE id IN ({marks})", ids)}

    def last(self) -> int:
        """The greatest number; 0 without any."""
        with self._open() as base:
            return int(base.execute("SELECT coalesce(max(number), 0) FROM decisions").fetchone()[0])

    def erased(self) -> list[int]:
        """The numbers of those that were erased."""
        with self._open() as base:
            return [
                number
                for (number,) in base.execute("SELECT number FROM decisions WHERE id > 'erased-' AND id < 'erased.'")
            ]

    def entered(self) -> tuple[int, int, str] | None:
        """Of the last batch: its last number, its place in the ledger, and its entry's bytes as hex."""
        with self._open() as base:
            query = "SELECT last, place, hex(entry) FROM batches WHERE place IS NOT NULL ORDER BY first DESC LIMIT 1"
            found: tuple[int, int, str] | None = base.execute(query).fetchone()
            return found

    def _rows(self, rest: str, *values: object) -> list[Row]:
        with self._open() as base:
            return [Row(*row) for row in base.execute(f"{_COLUMNS} {rest}", values)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with (
            explained(self.path),
            closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as base,
        ):
            yield base
