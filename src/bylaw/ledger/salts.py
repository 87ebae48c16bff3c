"""Commitments and the salts that open them: what may have to be forgotten never enters a log.

A log keeps everything for ever, so a personal fact, or any value that could be guessed, enters it only as a
*commitment*: SHA-256 over a mark, 32 random bytes (the *salt*) and the value. The salt is kept here, apart from the
log. With it the commitment can be opened to one who has the value; destroy it, and the commitment is 32 bytes that say
nothing and can be opened by nobody, while every root, proof and signature of the log stays as it was.

The file: records of 64 bytes, a commitment and its salt. Destroying a salt overwrites it with zeroes in place and
syncs. That is as good as the disk below: a snapshot, a backup or a copy-on-write file system may keep the old bytes,
so keep this file where they do not reach.
"""

import fcntl
import hashlib
import mmap
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bylaw.errors import LedgerError, UsageError, VerificationError

SALT = 32
_MARK = b"bylaw commitment 1\n"
_RECORD = 64
_DESTROYED = bytes(SALT)


def commitment(value: bytes, salt: bytes) -> str:
    """What enters a log in place of ``value``: ``salted:`` and 64 hex digits."""
    if len(salt) != SALT or salt == _DESTROYED:
        raise UsageError(f"a salt has {SALT} random bytes")
    return f"salted:{hashlib.sha256(_MARK + salt + value).hexdigest()}"


def check_commitment(committed: str, value: bytes, salt: bytes) -> None:
    """Return if the commitment opens to ``value`` with this salt; else raise ``VerificationError``."""
    if commitment(value, salt) != committed:
        raise VerificationError("commitment", f"{committed} does not open to this value with this salt")


@dataclass(frozen=True)
class Salts:
    """The file of salts."""

    path: Path

    def commit(self, values: Sequence[bytes], salts: Sequence[bytes | None] = ()) -> list[str]:
        """The commitments of values, each with a salt of its own, which is on the disk when this returns.

        ``salts`` are those that were drawn before, where a commitment was told already; None: draw one.

        Call it before the commitments enter a log: a salt without an entry does no harm, an entry without a salt
        can never be opened.
        """
        drawn = [given or secrets.token_bytes(SALT) for given in salts or [None] * len(values)]
        committed = [commitment(value, salt) for value, salt in zip(values, drawn, strict=True)]
        content = b"".join(_key(each) + salt for each, salt in zip(committed, drawn, strict=True))
        with self._open(os.O_RDWR | os.O_CREAT | os.O_APPEND) as file:
            end = os.fstat(file).st_size
            os.ftruncate(file, end - end % _RECORD)  # what a killed process left of a record
            if os.write(file, content) != len(content):
                raise LedgerError(f"no space left for the salts in {self.path}; nothing was committed to")
            os.fsync(file)
        return committed

    def salt(self, committed: str) -> bytes:
        """The salt of a commitment. Raises ``LedgerError`` if it was destroyed or never was here."""
        with self._open(os.O_RDONLY) as file:
            salt = os.pread(file, SALT, self._find(file, committed) + SALT)
        if salt == _DESTROYED:
            raise LedgerError(f"the salt of {committed} was destroyed; nobody can open this commitment any more")
        return salt

    def all(self) -> dict[str, bytes]:
        """Every salt that was not destroyed, by its commitment."""
        with self._open(os.O_RDONLY | os.O_CREAT) as file:
            content = os.pread(file, os.fstat(file).st_size, 0)
        records = (content[at : at + _RECORD] for at in range(0, len(content) - _RECORD + 1, _RECORD))
        pairs = ((record[: _RECORD - SALT], record[_RECORD - SALT :]) for record in records)
        return {f"salted:{key.hex()}": salt for key, salt in pairs if salt != _DESTROYED}

    def destroy(self, committed: str) -> None:
        """Forget the salt of a commitment for good, wherever it stands. Raises ``LedgerError`` if it never was here."""
        with self._open(os.O_RDWR) as file:
            places = self._all(file, committed)
            for content in (secrets.token_bytes(SALT), _DESTROYED):
                for at in places:
                    os.pwrite(file, content, at + SALT)
                os.fsync(file)

    @contextmanager
    def _open(self, flags: int) -> Iterator[int]:
        """The file, for this process alone while it is open."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise LedgerError(f"cannot use the salts {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_SH if flags == os.O_RDONLY else fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _find(self, file: int, committed: str) -> int:
        return self._all(file, committed)[0]

    def _all(self, file: int, committed: str) -> list[int]:
        """Where records of a commitment begin, several if it was killed between salt and batch: one pass over the file,
        which is read at memory speed."""
        key, found = _key(committed), []
        if os.fstat(file).st_size:
            with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as content:
                at = content.find(key)
                while at >= 0:
                    if at % _RECORD == 0:
                        found.append(at)
                    at = content.find(key, at + 1)
        if not found:
            raise LedgerError(f"{self.path} has no salt of {committed}")
        return found


def _key(committed: str) -> bytes:
    kind, _, digits = committed.partition(":")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if kind != "salted" or len(key) != 32:
        raise UsageError(f"a commitment reads salted: and 64 hex digits, not {committed[:80]!r}")
    return key
