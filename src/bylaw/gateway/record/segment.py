"""A worker's append-only file: a line is written whole, and known to be safe, before its caller is answered.

``sync = "each"``: a line is safe when an ``fsync`` that began after it was written has ended; all who wait share one.
``sync = "system"``: when the system has it. It then outlives the process, however it is killed, and not a loss of
power. A line without its line end was not acknowledged. When the disk takes no more, what was written of a line is cut
off again.
"""

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, NamedTuple

from bylaw.gateway.record.layout import LONGEST, Files

_Waiting = list[asyncio.Future[None]]


class _Asked(NamedTuple):
    """Sync a file for those who wait, and close it after its ``last`` line."""

    loop: asyncio.AbstractEventLoop
    file: int
    waiting: _Waiting
    last: bool = False


class NotRecorded(Exception):
    """The disk did not take it."""


class Segments:
    """One worker's segments, one after the other; ``name`` is the worker's, new at every start."""

    def __init__(self, folder: Path, name: str, sync: Literal["each", "system"], most: int) -> None:
        self.folder, self.name, self.sync, self.most = folder, name, sync, most
        self._files = Files(folder, name, most if sync == "each" else 0)
        self._waiting: _Waiting = []
        self._under_way = 0
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._sync_asked, name="fsync", daemon=True)
        self._thread.start()
        self._file, self._size, self._failed = self._files.take(), 0, False

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
        self._files.close()

    def _put(self, line: bytes) -> None:
        try:
            if self._failed or (self._size >= self.most and self._files.is_ready):
                self._begin()
            if len(line) >= LONGEST:
                raise NotRecorded(f"a decision of {len(line):,} bytes; at most {LONGEST:,} are read back")
            written = os.pwrite(self._file, line, self._size)
            if written == len(line):
                self._size += written
                return
            why = "the disk is full"
        except OSError as error:
            why = error.strerror or str(error)
        with suppress(OSError):
            os.ftruncate(self._file, self._size)
        raise NotRecorded(why)

    def _begin(self) -> None:
        """Go on in another file. Raises ``OSError``: nothing is taken then, and the next line tries it again."""
        file, before = self._files.take(), self._file
        self._file, self._size, self._failed = file, 0, False
        if self.sync == "system":
            os.close(before)
            return
        waiting, self._waiting = self._waiting, []
        self._under_way += 1
        self._asked.put(_Asked(asyncio.get_running_loop(), before, waiting, last=True))

    def _synced(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        waits: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waits)
        if not self._under_way:
            self._under_way = 1
            loop.call_soon(self._sync, loop)  # when all that came in this turn of the loop is written
        return waits

    def _sync(self, loop: asyncio.AbstractEventLoop) -> None:
        """One fsync for all who wait now; those who come meanwhile wait for the next."""
        waiting, self._waiting = self._waiting, []
        self._asked.put(_Asked(loop, self._file, waiting))

    def _sync_asked(self) -> None:
        """The thread: a queue and no executor, whose futures cost more than all else about a write.

        A file whose sync failed is not asked again: the system tells of it once, and then says that all is well.
        """
        failed: dict[int, Exception] = {}
        while (asked := self._asked.get()) is not None:
            try:
                if asked.file not in failed:
                    os.fdatasync(asked.file)
            except Exception as error:  # noqa: BLE001  whatever it is, nobody is told that a line is safe
                failed[asked.file] = error
            why = failed.get(asked.file)
            if asked.last:
                with suppress(OSError):  # what it has to say the sync has said
                    os.close(asked.file)
                failed.pop(asked.file, None)
            with suppress(RuntimeError):  # the loop has ended, and whoever waited with it
                asked.loop.call_soon_threadsafe(self._tell, asked, why)

    def _tell(self, asked: _Asked, error: Exception | None) -> None:
        waiting = asked.waiting
        if error is not None and asked.file == self._file:  # what its next fsync says is worth nothing
            self._failed = True
            waiting, self._waiting = waiting + self._waiting, []
        for each in waiting:
            if each.done():
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(NotRecorded(str(error)))
        self._under_way -= 1
        if self._waiting and not self._under_way:
            self._under_way = 1
            self._sync(asked.loop)
