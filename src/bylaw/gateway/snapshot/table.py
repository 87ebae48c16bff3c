"""Rows in one file that is mapped, not read: by number, or by key with one bisection.

A file: 16 bytes of mark, the number of rows, then as arrays of 64-bit little-endian words the keys' hashes in
ascending order (only where there are keys) and where each row begins, then the rows. A hash is the first 8 bytes of
SHA-256; a row holds its key, and rows of one hash stand beside each other, so a collision costs a look and never gives
another's row.
"""

import hashlib
import mmap
import struct
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from bylaw.errors import MalformedError
from bylaw.storage import write_bytes

_MARK = b"bylaw rows 1\n\0\0\0"
_KEYED = b"bylaw table 1\n\0\0"
_HEAD = struct.Struct("<16sQ")


def hash_of(key: str) -> int:
    """Where a key stands among the others."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")


def write_rows(path: Path, rows: Sequence[bytes]) -> None:
    """A file of rows, by number."""
    write_bytes(path, _file(_MARK, (), rows))


def write_table(path: Path, rows: Iterable[tuple[str, Any]]) -> None:
    """A file of rows by key; a row is written as the JSON of ``[key, value]``."""
    encode = msgspec.json.encode
    made = sorted(((hash_of(key), encode((key, value))) for key, value in rows), key=lambda row: row[0])
    write_bytes(path, _file(_KEYED, [place for place, _ in made], [row for _, row in made]))


class Rows:
    """A mapped file of rows."""

    def __init__(self, path: Path, mark: bytes = _MARK) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        view = memoryview(self._map)
        found, count = _HEAD.unpack_from(view) if len(view) >= _HEAD.size else (b"", 0)
        hashes = count if mark == _KEYED else 0
        self._start = _HEAD.size + 8 * (hashes + count + 1)
        if found != mark or len(view) < self._start or sys.byteorder != "little":
            raise MalformedError("snapshot", f"{path.name} is no {mark.split(b' 1')[0].decode()}")
        self._hashes = view[_HEAD.size : _HEAD.size + 8 * hashes].cast("Q")
        self._places = view[_HEAD.size + 8 * hashes : self._start].cast("Q")

    def __len__(self) -> int:
        return len(self._places) - 1

    def __getitem__(self, number: int) -> bytes:
        places, start = self._places, self._start
        return self._map[start + places[number] : start + places[number + 1]]


class Table(Rows):
    """A mapped file of rows by key, each decoded as ``[key, type]``; ``keep`` of those asked for stay decoded."""

    def __init__(self, path: Path, type: Any, keep: int = 0) -> None:
        super().__init__(path, _KEYED)
        self._kept: dict[str, Any] = {}
        self._keep = keep
        self._decode = msgspec.json.Decoder(tuple[str, type]).decode

    def get(self, key: str) -> Any:
        """The value of a key, or None."""
        return self._kept[key] if key in self._kept else self._get(key)

    def _get(self, key: str) -> Any:
        place = hash_of(key)
        number, hashes = bisect_left(self._hashes, place), self._hashes
        while number < len(hashes) and hashes[number] == place:
            found, value = self._decode(self[number])
            if found == key:
                if len(self._kept) < self._keep:
                    self._kept[key] = value
                return value
            number += 1
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """All rows, in the order of their hashes."""
        return (self._decode(self[number]) for number in range(len(self)))


def _file(mark: bytes, hashes: Sequence[int], rows: Sequence[bytes]) -> Iterator[bytes]:
    yield _HEAD.pack(mark, len(rows))
    yield struct.pack(f"<{len(hashes)}Q", *hashes)
    yield struct.pack(f"<{len(rows) + 1}Q", *accumulate(map(len, rows), initial=0))
    yield from rows
