"""Who is signed in. The browser has 32 random bytes; here lies their SHA-256, so whoever reads the file has no session.

A session ends some time after its last request, some time after it began however busy it is, and when somebody says so.
The role of a local account is looked up each time; one from elsewhere has that of its signing in.
"""

import hashlib
import secrets
import sqlite3
from typing import cast

import msgspec

from bylaw.console.accounts.book import Book
from bylaw.gateway.admin.settings import ConsoleSettings, Role

ELSEWHERE = "oidc:"
"""What the name of an account begins with that another provider vouches for; no local name has a colon."""


class Who(msgspec.Struct, frozen=True):
    """Somebody signed in. ``proved``: when they last showed more than the session; ``first``: with a password for
    once.
    """

    name: str
    title: str
    role: Role
    csrf: str
    mark: str
    made: float
    proved: float
    first: bool = False

    @property
    def local(self) -> bool:
        """Whether the account is one of ours."""
        return not self.name.startswith(ELSEWHERE)


class Sessions:
    """The sessions in a book."""

    def __init__(self, book: Book, settings: ConsoleSettings) -> None:
        self._book, self._settings = book, settings

    def begin(
        self, name: str, title: str, role: Role, now: float, instead_of: str = "", *, proved: float | None = None
    ) -> str:
        """A new session; what the browser gets. One that it had before ends. ``proved``: if not just now."""
        secret = secrets.token_urlsafe(32)
        row = (_mark(secret), name, title, role, secrets.token_urlsafe(32), now, now, now if proved is None else proved)
        with self._book.writing() as connection:
            connection.execute("DELETE FROM session WHERE mark = ?", (_mark(instead_of),))
            connection.execute("DELETE FROM session WHERE seen < ? OR made < ?", self._oldest(now))
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return secret

    def find(self, secret: str, now: float, quiet: bool = False) -> Who | None:
        """Who it is; None: nobody, or not any more. A ``quiet`` look does not keep the session alive."""
        if not secret or len(secret) > 100:
            return None
        with self._book.reading() as connection:
            row = connection.execute(
                "SELECT session.*, account.role AS present, account.first AS first FROM session"
                " LEFT JOIN account ON account.name = session.name WHERE mark = ? AND seen >= ? AND session.made >= ?",
                (_mark(secret), *self._oldest(now)),
            ).fetchone()
        who = _who(row) if row else None
        late = bool(who) and now - row["seen"] > min(15.0, self._settings.idle_seconds / 4)
        if who and late and not quiet:  # not a write for every request
            with self._book.writing() as connection:
                connection.execute("UPDATE session SET seen = ? WHERE mark = ?", (now, who.mark))
        return who

    def prove(self, who: Who, now: float) -> None:
        """They have shown again that it is they."""
        with self._book.writing() as connection:
            connection.execute("UPDATE session SET proved = ? WHERE mark = ?", (now, who.mark))

    def end(self, who: Who) -> None:
        """Signed out."""
        with self._book.writing() as connection:
            connection.execute("DELETE FROM session WHERE mark = ?", (who.mark,))

    def end_all(self, name: str, but: str = "") -> int:
        """Signed out everywhere, but for the session of a mark; how many it were."""
        with self._book.writing() as connection:
            return connection.execute("DELETE FROM session WHERE name = ? AND mark != ?", (name, but)).rowcount

    def running(self, now: float) -> list[tuple[str, str, float, float]]:
        """Name, title, begin and last request of every session."""
        with self._book.reading() as connection:
            rows = connection.execute(
                "SELECT name, title, made, seen FROM session WHERE seen >= ? AND made >= ? ORDER BY name, made",
                self._oldest(now),
            ).fetchall()
        return [tuple(row) for row in rows]

    def _oldest(self, now: float) -> tuple[float, float]:
        return now - self._settings.idle_seconds, now - self._settings.longest_seconds


def _who(row: sqlite3.Row) -> Who | None:
    """The session's person; None for a local account that is gone."""
    local = not row["name"].startswith(ELSEWHERE)
    if local and row["present"] is None:
        return None
    return Who(
        name=row["name"],
        title=row["title"],
        role=cast(Role, row["present"] if local else row["role"]),
        csrf=row["csrf"],
        mark=row["mark"],
        made=row["made"],
        proved=row["proved"],
        first=bool(row["first"]) if local else False,
    )


def _mark(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
