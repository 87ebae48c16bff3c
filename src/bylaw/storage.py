"""Files that are whole or absent: everything is written under a temporary name, synced and renamed.

A reader therefore never sees half a file, and a process killed at any moment leaves only names that ``sweep``
recognises as rubbish. Append-only files are the exception: their last line may be torn, and is told by its
missing newline.
"""

import errno
import fcntl
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from bylaw.errors import RecordError, RunError, UsageError

T = TypeVar("T")

TEMPORARY = ".partial"
"""Suffix of names that are being written; no finished file or directory ends with it."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn a failure of the disk while ``path`` is written into a ``RunError`` that says how to go on.

    Libraries written in Rust (safetensors) raise exceptions of their own with the error's number in the text.
    """
    try:
        yield
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number in _FULL or any(f"(os error {full})" in str(error) for full in _FULL):
            raise RunError(
                f"no space left while writing {path}. Everything finished before it is kept and nothing is "
                "half written: make room, then give the same command again, and it goes on from there"
            ) from error
        if isinstance(error, OSError) and number in _REFUSED:
            raise RunError(f"cannot use {error.filename or path}: {error.strerror}") from error
        raise


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``: what the body makes there becomes ``path`` if the body succeeds.

    It may be a file or a directory; a directory that exists already is replaced. Raises ``RunError`` when the
    disk is full or refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(temporary)
        try:
            yield temporary
            _sync(temporary)
            if temporary.is_dir():
                remove(path)  # rename cannot replace a directory that has content
            os.replace(temporary, path)
            sync_entry(path.parent)
        finally:
            remove(temporary)


def write_bytes(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a whole file atomically; an iterable is written piece by piece, in constant memory."""
    with writing(path) as temporary, temporary.open("wb") as file:
        file.writelines([content] if isinstance(content, bytes) else content)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file atomically, its line ends as they are."""
    write_bytes(path, text.encode())


def write_records(path: Path, records: Iterable[object]) -> None:
    """Write records, one JSON object per line, atomically."""
    write_bytes(path, (line_of(record) for record in records))


def line_of(record: object) -> bytes:
    """The line of a ``.jsonl`` file that says ``record``: its fields in the order they are declared."""
    return msgspec.json.encode(record) + b"\n"


def pretty(value: object) -> bytes:
    """A value as JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def read_records(
    path: Path, type: type[T], *, start: int = 0, end: int | None = None, torn: bool = False
) -> Iterator[T]:
    """The records of a ``.jsonl`` file, or of its bytes from ``start`` to ``end``; blank lines are skipped.

    With ``torn``, a last line without its newline is what a killed writer left and is passed over; else that
    line must decode like every other. Raises ``RecordError`` naming file, line and field.
    """
    decoder = msgspec.json.Decoder(type)
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if end is not None and offset >= end:
                return
            inside = offset >= start
            offset += len(line)
            if not inside or not line.strip() or (torn and not line.endswith(b"\n")):
                continue
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise _record_error(path, number, line, error) from error


def append_line(path: Path, record: object) -> None:
    """Add one synced line to an append-only file, after dropping a torn last line."""
    with explained(path), path.open("ab+", buffering=0) as file:
        whole = _whole_length(file.fileno())
        file.truncate(whole)
        try:
            line = line_of(record)
            while line:  # a disk that is nearly full takes a part first and fails on the next
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(whole)
            raise


def read_range(path: Path, start: int, end: int, block: int = 1 << 20) -> Iterator[bytes]:
    """The bytes ``start`` to ``end`` of a file, in blocks; fewer where the file is shorter."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (piece := file.read(min(block, end - start))):
            start += len(piece)
            yield piece


def hold(file: IO[Any], busy: Exception) -> None:
    """Be the only process that holds this open file; the system lets go when it is closed. Raises ``busy``."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise busy from None


@contextmanager
def alone(lock: Path, busy: Exception) -> Iterator[None]:
    """Be the only process that holds the file ``lock``, which is made if it is not there. Raises ``busy``."""
    with lock.open("ab") as file:
        hold(file, busy)
        yield


def require_same(place: Path, before: msgspec.Struct, now: msgspec.Struct, what: str) -> None:
    """Raise ``UsageError`` naming every field in which work at ``place`` was begun with something else."""
    fields = before.__struct_fields__
    if other := [name for name in fields if getattr(before, name) != getattr(now, name)]:
        raise UsageError(
            f"{place} was begun with another {', another '.join(other)}; go on with the same, or name another {what}"
        )


def remove(path: Path) -> None:
    """Remove a file or a whole directory, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(root: Path) -> None:
    """Remove what killed writers left under ``root``. Only for one who knows that nobody writes there now."""
    for path in list(root.rglob(f".*{TEMPORARY}")):
        remove(path)


def write_ahead(base: sqlite3.Connection, patience: float = 30.0) -> str:
    """Switch a database to a write-ahead log; returns the mode it is in then.

    Of several processes that open a new file at once SQLite refuses all but one, without the wait that ``timeout``
    promises elsewhere: none may wait for an exclusive lock while it holds a shared one. Tried for ``patience`` seconds.
    """
    until = time.monotonic() + patience
    while True:
        try:
            return str(base.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.005)


def cache_home() -> Path:
    """Where this user's copies of what can be had again lie."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bylaw"


def split_path(message: str) -> tuple[str, str]:
    """msgspec's error text as (sentence, field path): ``Expected `int`, got `str``` and ``votes[0].mass``."""
    found = _PATH.search(message)
    return (message[: found.start()], found["path"]) if found else (message, "")


def _record_error(path: Path, number: int, line: bytes, error: Exception) -> RecordError:
    sentence, field = split_path(str(error))
    if not line.endswith(b"\n"):
        sentence = f"the last line is cut off or does not decode ({sentence})"
    return RecordError(sentence, f"{path}:{number}" + (f": {field}" if field else ""))


def _whole_length(descriptor: int, block: int = 1 << 16) -> int:
    """Length of the file up to and including its last newline."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - block)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _sync(path: Path) -> None:
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        sync_entry(each)


def sync_entry(path: Path) -> None:
    """One file, or one directory's list of names, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
