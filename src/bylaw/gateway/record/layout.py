"""The files of a worker's segments: each is there, under its name and locked, before it is needed.

Where every line is synced, a file is laid out ahead in zeros, over which lines are written. An ``fsync`` of a file that
grows waits for the file system's journal, and so for whatever else is being written: while the recorder filed, callers
waited for its disk writes, up to a quarter of a second. Over zeros that lie there it writes its own bytes and no more.
"""

import fcntl
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from bylaw.storage import TEMPORARY, sync_entry

SUFFIX = ".log"
_ZEROS = bytes(1 << 18)
_PAUSE = 0.005
"""Seconds between two writes of zeros, so that nobody's line waits for them."""
_AHEAD = 16 << 20
"""Bytes that are laid out at the most; a longer file grows after them."""
_FREE = 8
"""Times as many must be free on the disk: what is laid out must not take others' last room."""
LONGEST = 1 << 20
"""Bytes of a line, at the most."""
_LEFT = 60.0
"""Seconds after which nobody is still making a file that is not locked."""


class Files:
    """One worker's, numbered from 1. ``room``: bytes that are laid out ahead; 0: none, and nothing is synced."""

    def __init__(self, folder: Path, name: str, room: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._room = folder, name, min(room, _AHEAD)
        self._number = 0
        self._ready: int | None = None
        self._hurry = threading.Event()
        self._making: threading.Thread | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the next can be taken without waiting for its layout."""
        return self._making is None or not self._making.is_alive()

    def take(self) -> int:
        """The next, open for writing and locked. Raises ``OSError``. What is still being laid out is taken as it is."""
        self._stop()
        file, self._ready = self._ready, None
        if file is None:
            file = self._made(is_first=self._number == 0)
        if self._room:
            self._start()
        return file

    def close(self) -> None:
        """Let go of the one that was not taken; whoever empties the folder removes it."""
        self._stop()
        if self._ready is not None:
            os.close(self._ready)

    def _start(self) -> None:
        making = threading.Thread(target=self._make, name="layout", daemon=True)
        with suppress(RuntimeError):  # there may be no more threads: the next is then made when it is taken
            making.start()
            self._making = making

    def _stop(self) -> None:
        if self._making is not None:
            self._hurry.set()
            self._making.join()
            self._hurry.clear()
            self._making = None

    def _make(self) -> None:
        with suppress(OSError):  # whoever takes the next makes it then, and is told
            self._ready = self._made(is_ahead=True)

    def _made(self, is_first: bool = False, is_ahead: bool = False) -> int:
        """A file. Nobody waits for one that is made ahead, so it is laid out slowly; for any but that and the first
        somebody does, and it grows.
        """
        self._number += 1
        path = self._folder / f"{self._name}-{self._number:06}{SUFFIX}"
        made = path.with_suffix(TEMPORARY)
        file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # held while it is written, and before anybody can see it
            if self._room and (is_first or is_ahead):
                self._lay_out(file, _PAUSE if is_ahead else 0.0)
            made.rename(path)
            if self._room:
                sync_entry(self._folder)
        except BaseException:
            os.close(file)
            made.unlink(missing_ok=True)  # if it has its name it is free, and whoever empties the folder removes it
            raise
        return file

    def _lay_out(self, file: int, pause: float) -> None:
        """As far as there is room, and time; a file without any grows as it is written."""
        free = os.fstatvfs(file)
        if free.f_bavail * free.f_frsize < _FREE * self._room:
            return
        try:
            for at in range(0, self._room, len(_ZEROS)):
                if self._hurry.is_set():
                    break
                os.pwrite(file, _ZEROS[: self._room - at], at)
                if pause:
                    os.fsync(file)
                    self._hurry.wait(pause)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, 0)


def end_of(path: Path) -> int:
    """Where what was written in a segment ends: at its own end, or where the zeros begin."""
    with path.open("rb") as file:
        low, high = 0, file.seek(0, os.SEEK_END)
        while low < high:
            middle = (low + high) // 2
            if os.pread(file.fileno(), 1, middle) == b"\0":
                high = middle
            else:
                low = middle + 1
    return low


def whole_lines(content: bytes) -> bytes:
    """The lines at the beginning, up to where zeros begin. Behind those there may be more: a page that was read later
    than the one before it, or that came to the disk and the one before it did not.
    """
    written = content.partition(b"\0")[0]
    return written[: written.rfind(b"\n") + 1]


def is_written(path: Path) -> bool:
    """Whether a worker has it open."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def sweep(folder: Path) -> None:
    """Remove files that a killed worker had not finished laying out."""
    for path in folder.glob(f"*{TEMPORARY}"):
        with suppress(FileNotFoundError):  # it has its name now
            if time.time() - path.stat().st_mtime > _LEFT and not is_written(path):
                path.unlink()
