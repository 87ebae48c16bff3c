"""The journal: where a batch of entries is made durable before anything else is written.

One file. A head says how many entries lie in tiles already, and the root over them; then come batches, each a head
with two checksums and the entries as a bundle. One write and one ``fsync`` make a batch durable.

A process killed while it writes leaves a batch that is cut short: its head is incomplete, or whole and sound but with
fewer bytes behind it than it says. Such a tail was never acknowledged and is cut off. Everything else that does not
fit (a head or content with another checksum, a batch out of order) is damage to what may have been acknowledged, and
is refused by name: nothing is dropped on a guess.
"""

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bylaw import storage
from bylaw.errors import LedgerCorrupt, LedgerError

_MAGIC = b"bylaw ledger 1\n\0"
_HEAD = struct.Struct(">16sQ32s")  # magic, entries in tiles, root over them; SHA-256 of these follows
_BATCH = struct.Struct(">4sQII32s")  # mark, index of the first entry, count, length, SHA-256 of the content
_MARK = b"bat\n"
_CHECK = 8  # bytes of the SHA-256 of a batch's head that follow it
_sync_data = getattr(os, "fdatasync", os.fsync)  # data and length; the time of change may be lost
_HEADS = _HEAD.size + 32
_BATCH_HEAD = _BATCH.size + _CHECK


@dataclass(frozen=True)
class Batch:
    """Entries as a bundle (``tiles.encode_bundle``)."""

    first: int
    count: int
    content: bytes


class Journal:
    """The open journal of a log. Only one who holds the log's lock may have one."""

    def __init__(self, path: Path, sync: bool) -> None:
        self.path = path
        self.sync = sync
        self.dropped = 0
        """Bytes of a torn tail that were cut off when the journal was opened."""
        try:
            self._file = os.open(path, os.O_RDWR)
        except OSError as error:
            raise LedgerCorrupt(f"cannot open the journal {path}: {error.strerror}") from error
        self.base, self.root = self._read_head()
        self._end = _HEADS

    @staticmethod
    def create(path: Path, base: int, root: bytes) -> None:
        """Write an empty journal in place of what is there, whole or not at all."""
        head = _HEAD.pack(_MAGIC, base, root)
        storage.write_bytes(path, head + sha256(head).digest())

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def length(self) -> int:
        """Bytes of batches."""
        return self._end - _HEADS

    def replay(self) -> Iterator[Batch]:
        """Every whole batch in order; then a torn tail is cut off. Raises ``LedgerCorrupt``.

        To be read to its end before the first ``append``.
        """
        length = os.fstat(self._file).st_size
        expected = self.base
        while self._end < length:
            batch = self._read_batch(length, expected)
            if batch is None:
                self.dropped = length - self._end
                os.ftruncate(self._file, self._end)
                os.fsync(self._file)
                return
            yield batch
            expected += batch.count
            self._end += _BATCH_HEAD + len(batch.content)

    def append(self, batch: Batch) -> None:
        """Write a batch; with ``sync`` it is on the disk when this returns.

        Raises ``LedgerError`` if the disk is full: then the journal is as it was before.
        """
        head = _BATCH.pack(_MARK, batch.first, batch.count, len(batch.content), sha256(batch.content).digest())
        frame = head + sha256(head).digest()[:_CHECK] + batch.content
        try:
            at = 0
            while at < len(frame):  # a disk that is nearly full takes a part first and fails on the next
                at += os.pwrite(self._file, frame[at:] if at else frame, self._end + at)
            if self.sync:
                _sync_data(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            why = "no space left on the disk" if error.errno == errno.ENOSPC else error.strerror
            raise LedgerError(f"cannot append to {self.path}: {why}; nothing was entered") from error
        self._end += len(frame)

    def _read_head(self) -> tuple[int, bytes]:
        content = os.pread(self._file, _HEADS, 0)
        head = content[: _HEAD.size]
        if len(content) != _HEADS or sha256(head).digest() != content[_HEAD.size :] or head[:16] != _MAGIC:
            raise LedgerCorrupt(f"the head of {self.path} is damaged")
        _, base, root = _HEAD.unpack(head)
        return base, root

    def _read_batch(self, length: int, expected: int) -> Batch | None:
        """The batch at the end reached, None if the file ends within it."""
        start = os.pread(self._file, _BATCH_HEAD, self._end)
        if len(start) < _BATCH_HEAD:
            return None
        head, check = start[: _BATCH.size], start[_BATCH.size :]
        mark, first, count, size, digest = _BATCH.unpack(head)
        where = f"{self.path}: the batch at byte {self._end}"
        if mark != _MARK or sha256(head).digest()[:_CHECK] != check:
            raise LedgerCorrupt(f"{where} has a damaged head{self._advice()}")
        if first != expected:
            raise LedgerCorrupt(f"{where} begins with entry {first}, but entry {expected} comes next")
        if self._end + _BATCH_HEAD + size > length:
            return None
        content = os.pread(self._file, size, self._end + _BATCH_HEAD)
        if sha256(content).digest() != digest:
            raise LedgerCorrupt(f"{where} (entries {first} to {first + count - 1}) is damaged{self._advice()}")
        return Batch(first, count, content)

    def _advice(self) -> str:
        return (
            ". If the machine lost its power during an append that never returned, cut the file at this byte; else "
            "restore it from a copy"
        )
