"""What the workers of one machine count together: for each name when its bucket is full again, and what runs where.

A file that all of them map, of sets of slots; a name's digest says which set. A set is locked while it is changed, by a
lock that the system takes from a process that dies, so the count is exact. Nobody waits for a worker that was stopped
in between: after ``TRIES`` the others go on, and one change may be lost. What a killed worker had running counts until
the worker that takes its number begins.
"""

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path

from bylaw.storage import writing

SETS, WAYS = 1 << 12, 16
"""65,536 names at once; with more, one that is used little gets a full bucket too early. Only what runs is never
forgotten: a name for which a set has no room left is told that there are too many.
"""
TRIES = 500
_HEAD = struct.Struct("<16sI")
"""A seed, so that nobody outside can choose names that meet in one set; and how many workers it was made for."""
_SLOT = struct.Struct("<16sd")
"""A name's digest, and when its bucket is full. Behind it, for each worker, how many of its answers run there."""


class Tally:
    """The file at ``path``, as the worker of this number uses it. Times are of the system's monotonic clock."""

    def __init__(self, path: Path, number: int) -> None:
        self._file = path.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 0)
        self._seed, workers = _HEAD.unpack_from(self._map)
        self._counts, self._own = struct.Struct(f"<{workers}I"), _SLOT.size + 4 * number
        self._size = _size(workers)
        self._forget_own()

    @staticmethod
    def create(path: Path, workers: int) -> None:
        """An empty one, in place of what an earlier gateway left."""
        with writing(path) as temporary, temporary.open("wb") as file:
            file.write(_HEAD.pack(secrets.token_bytes(16), workers))
            file.truncate(_HEAD.size + SETS * WAYS * _size(workers))

    def take(self, name: str, rate: float, burst: float, now: float) -> float:
        """Take one of a name's tokens; returns 0, or in how many seconds there will be one.

        A bucket of ``rate`` tokens a second holds as many as come in ``burst`` seconds, and one at least. It is kept as
        the time at which it will be full (the generic cell rate algorithm of ITU-T I.371).
        """
        depth, period = max(burst, 1.0 / rate), 1.0 / rate
        with self._slot(name) as at:
            if at < 0:
                return period
            full: float = min(max(now, _SLOT.unpack_from(self._map, at)[1]), now + depth)  # whatever a kill left there
            wait = full + period - depth - now
            if wait > 1e-9:
                return wait
            struct.pack_into("<d", self._map, at + 16, full + period)
            return 0.0

    def enter(self, name: str, most: int) -> bool:
        """One more of a name's answers is under way; False, and nothing changes, if there are ``most``."""
        with self._slot(name) as at:
            if at < 0 or sum(self._counts.unpack_from(self._map, at + _SLOT.size)) >= most:
                return False
            self._add(at, 1)
            return True

    def leave(self, name: str) -> None:
        """One of them is over."""
        with self._slot(name) as at:
            if at >= 0:
                self._add(at, -1)

    def _add(self, at: int, by: int) -> None:
        (count,) = struct.unpack_from("<I", self._map, at + self._own)
        struct.pack_into("<I", self._map, at + self._own, max(0, count + by))

    @contextmanager
    def _slot(self, name: str) -> Iterator[int]:
        """Where the slot of a name is, its set locked; -1 if every slot of the set is in use."""
        digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=16, key=self._seed).digest()
        number = int.from_bytes(digest[:4], "little") % SETS
        locked = self._lock(number)
        try:
            yield self._find(digest, _HEAD.size + number * WAYS * self._size)
        finally:
            if locked:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    def _lock(self, number: int) -> bool:
        for _ in range(TRIES):
            with suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                return True
            os.sched_yield()
        return False

    def _find(self, digest: bytes, start: int) -> int:
        """The slot of the name; else that of a name with nothing running whose bucket is full, or is so first."""
        free, first = -1, inf
        for at in range(start, start + WAYS * self._size, self._size):
            said, full = _SLOT.unpack_from(self._map, at)
            if said == digest:
                return at
            if full < first and not any(self._counts.unpack_from(self._map, at + _SLOT.size)):
                free, first = at, full
        if free >= 0:
            _SLOT.pack_into(self._map, free, digest, 0.0)
        return free

    def _forget_own(self) -> None:
        """What the worker that had this number before was doing is over."""
        for at in range(_HEAD.size, len(self._map), self._size):
            if any(self._map[at + self._own : at + self._own + 4]):
                struct.pack_into("<I", self._map, at + self._own, 0)


def _size(workers: int) -> int:
    return _SLOT.size + 4 * workers
