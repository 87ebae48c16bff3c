"""A worker's append-only file: a line is written whole, and known to be safe, before its caller is answered.

``sync = "each"``: a line is safe when an ``fsync`` that began after it was written has ended; all who wait share one.
``sync = "system"``: when the system has it. It then outlives the process, however it is killed, and not a loss of
power. A line without its line end was not acknowledged. When the disk takes no more, what was written of a line is cut
off again.
"""

import asyncio
import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from bylaw.storage import TEMPORARY

SUFFIX = ".log"


class NotRecorded(Exception):
    """The disk did not take it."""


class Segments:
    """One worker's segments, one after the other; ``name`` is the worker's, new at every start."""

    def __init__(self, folder: Path, name: str, sync: Literal["each", "system"], most: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.sync, self.most = folder, name, sync, most
        self._number = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._syncing = False
        self._thread = ThreadPoolExecutor(1, "fsync")
        self._begin()

    async def write(self, line: bytes) -> None:
        """Write a line, which ends with a line end; it is safe when this returns. Raises ``NotRecorded``."""
        self._put(line)
        if self.sync == "each":
            await self._synced()

    def close(self) -> None:
        """Let go of the file; what is in it is the drain's."""
        self._thread.shutdown()
        os.close(self._file)

    def _put(self, line: bytes) -> None:
        if (self._size >= self.most or self._failed) and not self._syncing:
            os.close(self._file)
            self._begin()
        try:
            written = os.write(self._file, line)
            if written == len(line):
                self._size += written
                return
            why = "the disk is full"
        except OSError as error:
            why = error.strerror or str(error)
        os.ftruncate(self._file, self._size)
        raise NotRecorded(why)

    def _begin(self) -> None:
        self._number += 1
        path = self.folder / f"{self.name}-{self._number:06}{SUFFIX}"
        made = path.with_suffix(TEMPORARY)
        self._file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)  # held while it is written, and before the drain can see it
        made.rename(path)
        self._size, self._failed = 0, False
        if self.sync == "each":
            folder = os.open(self.folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    async def _synced(self) -> None:
        waits = asyncio.get_running_loop().create_future()
        self._waiting.append(waits)
        if not self._syncing:
            self._sync()
        await waits

    def _sync(self) -> None:
        """One fsync for all who wait now; those who come meanwhile wait for the next."""
        loop, waiting = asyncio.get_running_loop(), self._waiting
        self._waiting, self._syncing = [], True
        done = loop.run_in_executor(self._thread, os.fdatasync, self._file)
        done.add_done_callback(lambda ended: self._tell(waiting, ended.exception()))

    def _tell(self, waiting: list[asyncio.Future[None]], error: BaseException | None) -> None:
        for each in waiting:
            if each.done():
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(NotRecorded(str(error)))
        self._failed |= error is not None  # what the next fsync of this file says is worth nothing
        self._syncing = False
        if self._waiting:
            self._sync()
