"""What was done in the console, by whom and from where: a line each, to which is only ever appended.

It names people and documents. What somebody typed into a field for a password or a code never stands in it.
"""

from datetime import UTC, datetime

import msgspec

from bylaw.console.accounts.book import Book

LONGEST = 2000
"""Characters of what is kept about an act."""


class Done(msgspec.Struct, frozen=True):
    """An act; ``at`` is UTC."""

    number: int
    at: str
    who: str
    what: str
    about: str
    address: str


class Journal:
    """The acts in a book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def write(self, at: float, who: str, what: str, about: str = "", address: str = "") -> None:
        """Append an act; it is on the disk when this returns."""
        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._book.writing() as connection:
            connection.execute(
                "INSERT INTO done (at, who, what, about, address) VALUES (?, ?, ?, ?, ?)",
                (when, who[:200], what, about[:LONGEST], address),
            )

    def read(self, before: int | None = None, most: int = 100) -> list[Done]:
        """The newest first, from before a number on."""
        with self._book.reading() as connection:
            rows = connection.execute(
                "SELECT number, at, who, what, about, address FROM done"
                " WHERE ? IS NULL OR number < ? ORDER BY number DESC LIMIT ?",
                (before, before, most),
            )
            return [Done(*row) for row in rows]
