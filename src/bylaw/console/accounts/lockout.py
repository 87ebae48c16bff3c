"""Wrong answers are counted, by account and address and by account alone, and have to wait, longer each time.

Counted for names that nobody has too, so that waiting tells nothing. By account alone the count may grow much higher:
who guesses from elsewhere should not shut the operator out on the evening of the letter.
"""

import hashlib

from bylaw.console.accounts.book import Book

FREE = 5
"""Wrong answers from one address before the first wait."""
FREE_ANYWHERE = 50
FIRST, LONGEST = 15.0, 900.0
"""Seconds of the first wait, which doubles, and of the longest."""
REMEMBERED = 86_400.0
"""Seconds after which wrong answers are forgotten."""


class Lockout:
    """The counts in a book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def wait(self, name: str, address: str, now: float) -> float:
        """Seconds that this account has to wait at this address; 0: none."""
        with self._book.reading() as connection:
            rows = connection.execute(
                "SELECT until FROM failure WHERE whose IN (?, ?)", tuple(_whose(name, address))
            ).fetchall()
        return max([0.0, *(float(row["until"]) - now for row in rows)])

    def wrong(self, name: str, address: str, now: float) -> None:
        """One more."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM failure WHERE until < ?", (now - REMEMBERED,))
            for whose, free in zip(_whose(name, address), (FREE, FREE_ANYWHERE), strict=True):
                row = connection.execute("SELECT count FROM failure WHERE whose = ?", (whose,)).fetchone()
                count = 1 + (row["count"] if row else 0)
                over = count - free
                until = now + min(LONGEST, FIRST * 2.0 ** min(over, 20)) if over >= 0 else now
                connection.execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", (whose, count, until))

    def right(self, name: str, address: str) -> None:
        """It was they: the count begins anew."""
        self._forget(_whose(name, address))

    def reset(self, name: str) -> None:
        """Somebody at the machine says that it is all right."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM failure WHERE whose LIKE ?", (f"{_hash(name)}%",))

    def _forget(self, whose: list[str]) -> None:
        with self._book.writing() as connection:
            connection.executemany("DELETE FROM failure WHERE whose = ?", [(each,) for each in whose])


def _whose(name: str, address: str) -> list[str]:
    """What is typed as a name may be a password: only hashes are kept."""
    return [f"{_hash(name)} {address}", _hash(name)]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
