"""Local accounts: a password as an argon2id hash, and a code of six digits (TOTP, RFC 6238) that counts once.

The codes' secret must be known to check them and so stands in the book as it is: the file is the owner's alone.
"""

import re
import secrets
import threading
from typing import cast

import argon2
import msgspec
import pyotp
from argon2.exceptions import InvalidHashError, VerificationError

from bylaw.console.accounts.book import Book
from bylaw.console.accounts.roles import ROLES
from bylaw.errors import UsageError
from bylaw.gateway.admin.settings import Role

NAME = re.compile(r"[a-z][a-z0-9._-]{0,62}\Z")
SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
PERIOD = 30
"""Seconds that a code is shown; one before and one after count too, since clocks differ."""
_TURNS = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB and a processor; so many are made at once."""
_HASHER = argon2.PasswordHasher()  # the library's defaults are RFC 9106's low-memory profile
_NOBODY = _HASHER.hash("nobody has this password")


class Person(msgspec.Struct, frozen=True):
    """An account; ``first``: the password was made here, and must be replaced."""

    name: str
    role: Role
    first: bool


class Enrolment(msgspec.Struct, frozen=True):
    """What somebody is given, once: a password to begin with, and the address for the app that shows codes."""

    password: str
    uri: str


class People:
    """The accounts in a book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def add(self, name: str, role: str, now: float) -> Enrolment:
        """A new account. Raises ``UsageError``."""
        if not NAME.match(name):
            raise UsageError(f"{name!r} is no name for an account: a to z, then also 0 to 9 . _ -, 63 at the most")
        if role not in ROLES:
            raise UsageError(f"there is no role {role!r}; roles are {', '.join(ROLES)}")
        if self.find(name):
            raise UsageError(f"there is an account {name} already; `bylaw console account reset {name}` makes it anew")
        return self._enrol(name, role, now)

    def reset(self, name: str, now: float) -> Enrolment:
        """A new password and a new secret; sessions end. Raises ``UsageError``."""
        return self._enrol(name, self._require(name).role, now)

    def remove(self, name: str) -> None:
        """No account any more, and no session of it. Raises ``UsageError``."""
        self._require(name)
        with self._book.writing() as connection:
            connection.execute("DELETE FROM account WHERE name = ?", (name,))
            connection.execute("DELETE FROM session WHERE name = ?", (name,))

    def find(self, name: str) -> Person | None:
        """An account by its name."""
        with self._book.reading() as connection:
            row = connection.execute("SELECT name, role, first FROM account WHERE name = ?", (name,)).fetchone()
        return Person(row["name"], cast(Role, row["role"]), bool(row["first"])) if row else None

    def all(self) -> list[Person]:
        """Every account, by name."""
        with self._book.reading() as connection:
            rows = connection.execute("SELECT name, role, first FROM account ORDER BY name").fetchall()
        return [Person(row["name"], cast(Role, row["role"]), bool(row["first"])) for row in rows]

    def check(self, name: str, password: str, code: str, now: float) -> Person | None:
        """Who it is; None if any of it is wrong, and nothing says which. It takes as long for a name nobody has."""
        with self._book.reading() as connection:
            row = connection.execute("SELECT password FROM account WHERE name = ?", (name,)).fetchone()
        right = _is_password(row["password"] if row else _NOBODY, password) and row is not None
        return self.find(name) if right and self.take(name, code, now) else None

    def take(self, name: str, code: str, now: float) -> bool:
        """Whether a code is right now and newer than any that was taken before; it does not count again."""
        digits = code.replace(" ", "")
        with self._book.writing() as connection:
            row = connection.execute("SELECT secret, step FROM account WHERE name = ?", (name,)).fetchone()
            step = _step(row["secret"], digits, now) if row else None
            if row is None or step is None or step <= row["step"]:
                return False
            connection.execute("UPDATE account SET step = ? WHERE name = ?", (step, name))
        return True

    def change(self, name: str, old: str, new: str) -> None:
        """Another password. Raises ``UsageError`` saying what is wrong with it."""
        with self._book.reading() as connection:
            row = connection.execute("SELECT password FROM account WHERE name = ?", (name,)).fetchone()
        if row is None or not _is_password(row["password"], old):
            raise UsageError("that is not the present password")
        if not SHORTEST <= len(new) <= LONGEST:
            raise UsageError(f"a password has {SHORTEST} to {LONGEST} characters")
        if new == old or name in new.lower():
            raise UsageError("the new password must be another one, without the account's name in it")
        with self._book.writing() as connection:
            connection.execute("UPDATE account SET password = ?, first = 0 WHERE name = ?", (_HASHER.hash(new), name))

    def _enrol(self, name: str, role: str, now: float) -> Enrolment:
        password, secret = secrets.token_urlsafe(15), pyotp.random_base32()
        with self._book.writing() as connection:
            connection.execute("DELETE FROM session WHERE name = ?", (name,))
            connection.execute(
                "INSERT OR REPLACE INTO account (name, role, password, first, secret, step, made)"
                " VALUES (?, ?, ?, 1, ?, 0, ?)",
                (name, role, _HASHER.hash(password), secret, now),
            )
        return Enrolment(password, pyotp.TOTP(secret, interval=PERIOD).provisioning_uri(name=name, issuer_name="bylaw"))

    def _require(self, name: str) -> Person:
        if (found := self.find(name)) is None:
            raise UsageError(f"there is no account {name!r}; `bylaw console account list` shows those there are")
        return found


def _is_password(hash: str, password: str) -> bool:
    try:
        with _TURNS:
            return len(password) <= LONGEST and _HASHER.verify(hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _step(secret: str, digits: str, now: float) -> int | None:
    """Which period's code it is, of the three that count now; None: of none."""
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    totp, present = pyotp.TOTP(secret, interval=PERIOD), int(now) // PERIOD
    found = [step for step in range(present - 1, present + 2) if totp.verify(digits, for_time=step * PERIOD)]
    return max(found, default=None)
