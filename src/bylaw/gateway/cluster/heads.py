"""The head and its parts in the database: put there whole and in order, fetched by digest, and checked like a disk's.

A part lies in pieces, so that nobody holds a million subjects in memory to carry them.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from bylaw.errors import VerificationError
from bylaw.gateway.cluster.database import Database, Gone
from bylaw.gateway.snapshot.head import NAME, Head, open_head
from bylaw.gateway.snapshot.parts import Parts, digest_of
from bylaw.signing import PublicKey
from bylaw.storage import TEMPORARY, remove, write_bytes

HEADS = "bylaw_heads"
"""The channel on which a new head is told."""
PIECE = 1 << 20
MOST = 1 << 12
"""Pieces of the largest part: 4 GiB."""
_PUT = f"""
WITH put AS (
    INSERT INTO bylaw.head (version, envelope) VALUES (%s, %s)
    ON CONFLICT (one) DO UPDATE SET version = excluded.version, envelope = excluded.envelope RETURNING version)
SELECT pg_notify('{HEADS}', version::text) FROM put
"""


class Putting:
    """The publisher's head in ``folder`` → the database. A database that has forgotten it is told again."""

    def __init__(self, folder: Path, key: PublicKey, look: float) -> None:
        self._folder, self._key, self._look = folder, key, look
        self._seen: tuple[object, ...] = ()
        self._next = 0.0
        self._before: frozenset[str] = frozenset()

    def turn(self, base: Database) -> None:
        """Put what is new, or what is not there. Raises ``Gone`` and ``VerificationError``."""
        base.open()
        try:
            found = (self._folder / NAME).stat()
        except FileNotFoundError:
            return
        seen = found.st_ino, found.st_mtime_ns, base.made
        if seen == self._seen and time.monotonic() < self._next:
            return
        content = (self._folder / NAME).read_bytes()
        head = open_head(content, self._key)
        if base.execute("SELECT version FROM bylaw.head") != [(head.version,)] or seen != self._seen:
            for part in sorted(head.parts):
                _put_part(base, Parts(self._folder).path(part), part)
            base.execute(_PUT, (head.version, content))
            kept = sorted(head.parts | self._before)
            base.execute("DELETE FROM bylaw.part WHERE NOT name = ANY(%s)", (kept,))
            self._before = head.parts
        self._seen, self._next = seen, time.monotonic() + self._look


class Fetching:
    """The database's head → a replica's ``folder``, where its workers find it."""

    def __init__(self, folder: Path, key: PublicKey) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key, self._parts = folder, key, Parts(folder)
        self._last = self._found()

    @property
    def version(self) -> int:
        """Of the head in the folder."""
        return self._last.version if self._last else 0

    def turn(self, base: Database) -> None:
        """Fetch a head that is newer. Raises ``Gone``, and ``VerificationError``: then the one before stays."""
        found = base.execute("SELECT envelope FROM bylaw.head WHERE version <> %s", (self.version,))
        if not found:
            return
        content = bytes(found[0][0])
        head = open_head(content, self._key)
        if head.version <= self.version:
            why = f"the database has a head of version {head.version} after {self.version}; it is not taken"
            raise VerificationError("snapshot", why)
        for name in sorted(head.parts):
            self._fetch(base, name)
        write_bytes(self._folder / NAME, content)
        self._parts.keep_only(head.parts | (self._last.parts if self._last else frozenset()))
        self._last = head

    def _fetch(self, base: Database, name: str) -> None:
        here = self._parts.path(name)
        if here.exists() and ((self._last and name in self._last.parts) or digest_of(here) == name):
            return
        path = self._folder / f".fetched{TEMPORARY}"
        try:
            write_bytes(path, _pieces(base, name))
            if digest_of(path) != name:
                raise VerificationError("snapshot", f"the part {name[:16]}… in the database is not what its name says")
            self._parts.take(path)
        finally:
            remove(path)

    def _found(self) -> Head | None:
        try:
            return open_head((self._folder / NAME).read_bytes(), self._key)
        except (OSError, VerificationError):
            return None


def _put_part(base: Database, path: Path, name: str) -> None:
    count = -(-path.stat().st_size // PIECE)
    if base.execute("SELECT count(*) FROM bylaw.part WHERE name = %s", (name,)) == [(count,)]:
        return
    with path.open("rb") as file:
        for number in range(count):
            base.execute(
                "INSERT INTO bylaw.part VALUES (%s, %s, %s) ON CONFLICT (name, number)"
                " DO UPDATE SET content = excluded.content",
                (name, number, file.read(PIECE)),
            )


def _pieces(base: Database, name: str) -> Iterator[bytes]:
    for number in range(MOST):
        found = base.execute("SELECT content FROM bylaw.part WHERE name = %s AND number = %s", (name, number))
        if not found:
            return
        yield bytes(found[0][0])
    raise Gone(f"the part {name[:16]}… has no end")
