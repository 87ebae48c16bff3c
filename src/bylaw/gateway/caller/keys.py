"""API keys: 32 random bytes that only the caller has; here lies their SHA-256.

A key cannot be guessed, so a plain hash hides it, and it is looked up by that hash: how long that takes says nothing
about any other key. The file is a history, one line an act, and is never rewritten.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from bylaw.access.decision import Surface
from bylaw.canonical import sha256
from bylaw.errors import UsageError
from bylaw.storage import append_line, read_records

PREFIX = "bylaw-"
_LENGTH = len(PREFIX) + 43


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose key it is. ``subject``: an id of the register; for an organisation's key, of the service that uses it.

    ``organization`` may vouch for its end users; ``channel`` is the id of the channel its requests come through.
    """

    subject: str
    channel: str = ""
    organization: str = ""
    surface: Surface = "api"
    expires: datetime | None = None


class Issued(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="act", tag="issued"):
    """A key came into being. ``id`` is how people name it: the beginning of its hash."""

    at: datetime
    hash: str
    key: Key

    @property
    def id(self) -> str:
        """For people."""
        return id_of(self.hash)


class Revoked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="act", tag="revoked"):
    """A key counts for nothing from now on."""

    at: datetime
    hash: str
    why: str = ""


class KeyFile:
    """The history of keys in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def issue(self, key: Key, at: datetime) -> str:
        """A new key; the only time that it is seen."""
        text = PREFIX + secrets.token_urlsafe(32)
        self._write(Issued(at=at, hash=sha256(text.encode()), key=key))
        return text

    def revoke(self, name: str, why: str, at: datetime) -> str:
        """End a key, named by itself, its id or the beginning of its hash; returns its id. Raises ``UsageError``."""
        start = sha256(name.encode()) if looks_like(name) else name.removeprefix("key-")
        found = [hash for hash in self.valid() if hash.startswith(start)]
        if len(found) != 1 or not start:
            raise UsageError(f"{'several keys begin' if found else 'no valid key begins'} with {start[:16]!r}")
        self._write(Revoked(at=at, hash=found[0], why=why))
        return id_of(found[0])

    def valid(self) -> dict[str, Key]:
        """The keys that were issued and not revoked, by hash."""
        keys: dict[str, Key] = {}
        for act in self._acts():
            if isinstance(act, Issued):
                keys[act.hash] = act.key
            else:
                keys.pop(act.hash, None)
        return keys

    @property
    def mark(self) -> tuple[int, int]:
        """Something that changes whenever the file does."""
        if not self.path.exists():
            return 0, 0
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def _acts(self) -> Iterator[Issued | Revoked]:
        if self.path.exists():
            yield from read_records(self.path, Issued | Revoked, torn=True)  # type: ignore[arg-type]  # msgspec takes unions

    def _write(self, act: Issued | Revoked) -> None:
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        append_line(self.path, act)


def looks_like(text: str) -> bool:
    """Whether a text has the form of a key."""
    return text.startswith(PREFIX) and len(text) == _LENGTH


def id_of(hash: str) -> str:
    """How people name a key."""
    return f"key-{hash[:12]}"
