"""A worker's append-only file: a line is written whole, and known to be safe, before its caller is answered.

``sync = "each"``: a line is safe when an ``fsync`` that began after it was written has ended; all who wait share one.
``sync = "system"``: when the system has it. It then outlives the process, however it is killed, and not a loss of
power. A line without its line end was not acknowledged. When the disk takes no more, what was written of a line is cut
off again.
"""

import asyncio
import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from bylaw.storage import TEMPORARY

SUFFIX = ".log"
_Waiting = list[asyncio.Future[None]]


class NotRecorded(Exception):
    """The disk did not take it."""


class Segments:
    """One worker's segments, one after the other; ``name`` is the worker's, new at every start."""

    def __init__(self, folder: Path, name: str, sync: Literal["each", "system"], most: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.sync, self.most = folder, name, sync, most
        self._number = 0
        self._waiting: _Waiting = []
        self._syncing = False
        self._asked: SimpleQueue[tuple[asyncio.AbstractEventLoop, int, _Waiting] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._sync_asked, name="fsync", daemon=True)
        self._thread.start()
        self._begin()

    def write(self, line: bytes) -> "asyncio.Future[None] | None":
        """Write a line, which ends with a line end. Raises ``NotRecorded``.

        It is safe when the future is done, which may raise ``NotRecorded`` too; where there is none it is already.
        """
        self._put(line)
        return self._synced() if self.sync == "each" else None

    def close(self) -> None:
        """Let go of the file; what is in it is the drain's."""
        self._asked.put(None)
        self._thread.join()
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

    def _synced(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        waits: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waits)
        if not self._syncing:
            self._syncing = True
            loop.call_soon(self._sync, loop)  # when all that came in this turn of the loop is written
        return waits

    def _sync(self, loop: asyncio.AbstractEventLoop) -> None:
        """One fsync for all who wait now; those who come meanwhile wait for the next."""
        waiting, self._waiting = self._waiting, []
        self._asked.put((loop, self._file, waiting))

    def _sync_asked(self) -> None:
        """The thread: a queue and no executor, whose futures cost more than all else about a write."""
        while (asked := self._asked.get()) is not None:
            loop, file, waiting = asked
            error: Exception | None = None
            try:
                os.fdatasync(file)
            except Exception as failed:  # noqa: BLE001  whatever it is, nobody is told that a line is safe
                error = failed
            with suppress(RuntimeError):  # the loop has ended, and whoever waited with it
                loop.call_soon_threadsafe(self._tell, loop, waiting, error)

    def _tell(self, loop: asyncio.AbstractEventLoop, waiting: _Waiting, error: Exception | None) -> None:
        if error is not None:  # what the next fsync of this file says is worth nothing
            self._failed = True
            waiting, self._waiting = waiting + self._waiting, []
        for each in waiting:
            if each.done():
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(NotRecorded(str(error)))
        self._syncing = bool(self._waiting)
        if self._syncing:
            self._sync(loop)
