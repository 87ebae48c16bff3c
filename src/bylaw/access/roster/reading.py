"""What the loaders share: a file as text, its lines, and what they found."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bylaw.access.roster.rows import Remark, Row
from bylaw.errors import RecordError, UsageError

_OTHER = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"\x1f\x8b": "compressed (gzip)",
    b"PK": "a zip archive or .xlsx",
}


HALF = "the last line has no line end: it is half-written, and may stop in the middle of a word"


class Found(msgspec.Struct):
    """What a loader gathers while it reads: rows, remarks, and attributes that mean nothing here.

    A row with a fault may be among the rows, with what of it could be read, so that all faults are told at once.
    """

    rows: list[Row] = []
    remarks: list[Remark] = []
    unused: Counter[str] = msgspec.field(default_factory=Counter)


def content_of(path: Path) -> bytes:
    """The file. Raises ``RecordError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}", str(path)) from error


def text_of(content: bytes, where: str) -> str:
    """The file as text, without a byte order mark. Raises ``RecordError`` for what is not UTF-8, with its line."""
    for head, what in _OTHER.items():
        if content.startswith(head):
            raise RecordError(f"is {what}; save it as plain UTF-8 text", where)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecordError("is not UTF-8; save it as UTF-8", f"{where}:{line}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise RecordError("holds a zero byte, which no roster does: the file is damaged", f"{where}:{line}")
    return text


def lines_of(content: bytes, where: str) -> Iterator[tuple[int, str, bool]]:
    """(number, line, whether it is whole) of each line that holds something."""
    text = text_of(content, where)
    last = text.count("\n") + 1
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.removesuffix("\r"), number < last


def require_each_key_once(content: str | bytes) -> None:
    """Raises ``UsageError`` for JSON in which an object has a key twice: readers differ in which of the two they take,
    so what one person looked at need not be what is brought in. The text has been decoded before.
    """
    json.loads(content, object_pairs_hook=_once, parse_int=str, parse_float=str)


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"the key {twice!r} comes twice in one object, and which of the two counts nobody can say")
