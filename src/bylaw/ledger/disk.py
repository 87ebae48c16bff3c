"""What the writer asks of the system: to be alone, and to know that its files are on the disk."""

import ctypes
import fcntl
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from bylaw.errors import LedgerError, LedgerLocked


def lock(root: Path, path: Path) -> int:
    """A descriptor that holds the lock. Raises ``LedgerLocked`` naming the process that has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise LedgerError(f"cannot lock {root} for writing: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode() or "?"
        os.close(descriptor)
        raise LedgerLocked(f"process {holder} is writing {root}; a ledger has one writer") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def sync_all(root: Path, paths: Iterable[Path]) -> None:
    """Everything written under ``root`` is on the disk when this returns: by one ``syncfs`` where there is one."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is not None:
        _synced(root, syncfs)
        return
    written = list(paths)
    parents = {parent for path in written for parent in path.parents if parent.is_relative_to(root)}
    for path in (*written, *parents):
        _synced(path, os.fsync)


def _synced(path: Path, sync: Callable[[int], int | None]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if sync(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(path))
    finally:
        os.close(descriptor)
