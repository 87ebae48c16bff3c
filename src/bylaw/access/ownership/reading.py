"""What both loaders share: rows of a file with their places, decoded strictly, refused by place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from bylaw.errors import RecordError, UsageError
from bylaw.storage import split_path

T = TypeVar("T")


def rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """(place, JSON) of each row of a ``.jsonl`` file, or of each element of a file with one JSON array.

    A place is ``file:line``, or ``file: element number``, from 1. Raises ``RecordError`` for what cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096).lstrip()
            file.seek(0)
            if head.startswith(b"["):
                yield from _elements(path, file.read())
            else:
                yield from ((f"{path}:{number}", line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}", str(path)) from error


def decoded(content: bytes, type: type[T], where: str) -> T:
    """One row as ``type``. Raises ``RecordError`` with its place and field."""
    try:
        return msgspec.json.decode(content, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sentence, field = split_path(str(error))
        raise RecordError(sentence, where + (f": {field}" if field else "")) from error


@contextmanager
def at(where: str) -> Iterator[None]:
    """A request that cannot be, made by a row, is a wrong row."""
    try:
        yield
    except UsageError as error:
        raise RecordError(str(error), where) from error


def _elements(path: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    elements = decoded(content, list[msgspec.Raw], str(path))
    return ((f"{path}: element {number}", bytes(element)) for number, element in enumerate(elements, 1))
