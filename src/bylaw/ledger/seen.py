"""What a witness or a monitor remembers of the logs it follows: the last checkpoint of each, on disk."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bylaw import storage
from bylaw.errors import ForkError, LedgerCorrupt, MalformedError
from bylaw.ledger.checkpoint import Checkpoint
from bylaw.ledger.merkle import EMPTY
from bylaw.ledger.note import MAX_NOTE, Note
from bylaw.ledger.stores import DirectoryStore


@dataclass(frozen=True)
class Seen:
    """A directory with a file per log. A fork is told by this memory: to lose it is to trust again from nothing."""

    root: Path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only process that reads and writes here; waits for others."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def latest(self, origin: str) -> Checkpoint:
        """The last checkpoint of a log, the empty one if none was seen. Raises ``LedgerCorrupt``."""
        name = self._name(origin, "checkpoint")
        content = DirectoryStore(self.root).read(name, MAX_NOTE)
        if content is None:
            return Checkpoint(origin, 0, EMPTY)
        try:
            checkpoint = Checkpoint.parse(Note.parse(content).text)
        except MalformedError as error:
            raise LedgerCorrupt(f"the memory {self.root / name} is damaged: {error}") from error
        if checkpoint.origin != origin:
            raise LedgerCorrupt(f"the memory {self.root / name} is of the log {checkpoint.origin!r}, not {origin!r}")
        return checkpoint

    def remember(self, origin: str, note: bytes) -> None:
        """Make ``note`` the last checkpoint of a log; it is on the disk when this returns."""
        storage.write_bytes(self.root / self._name(origin, "checkpoint"), note)

    @contextmanager
    def accusing(self, origin: str, note: bytes) -> Iterator[None]:
        """Where the body raises ``ForkError``, keep the checkpoint that contradicts the last one: it is evidence."""
        try:
            yield
        except ForkError as error:
            path = self.root / self._name(origin, f"fork-{hashlib.sha256(note).hexdigest()[:16]}")
            storage.write_bytes(path, note)
            raise ForkError(error.check, f"{error.message}; kept as {path}") from error

    def _name(self, origin: str, suffix: str) -> str:
        return f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.{suffix}"
