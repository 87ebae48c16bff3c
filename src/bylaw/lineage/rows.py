"""The rows of a records file, committed in their order as a Merkle tree (RFC 6962): a leaf is a line without its end.

The root stands in the stage's statement. One row can be shown with its inclusion proof while the others stay private;
a row that is put in, taken out or moved changes the root. The leaf hashes are kept beside the statement, so that a
changed row is named rather than only the file.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from bylaw import storage
from bylaw.ledger import merkle

HASH = 32
"""Bytes of a leaf's hash."""


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a statement says of rows: how many, and the root over them (64 hex digits)."""

    count: int
    root: str

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> "Rows":
        """The commitment to leaf hashes in their order."""
        return cls(count=len(leaves), root=merkle.root(merkle.Leaves(leaves), len(leaves)).hex())


class Reading:
    """Takes a records file's lines as they pass: bytes, digest and leaves in one reading."""

    def __init__(self) -> None:
        self.length = 0
        self.leaves: list[bytes] = []
        self._hashed = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of all bytes that passed."""
        return self._hashed.hexdigest()

    def passing(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines, taken note of."""
        for line in lines:
            self.length += len(line)
            self.leaves.append(merkle.leaf_hash(line.removesuffix(b"\n")))
            self._hashed.update(line)
            yield line


def read(path: Path, start: int, end: int) -> Reading:
    """Take note of the lines between two offsets of a file."""
    reading = Reading()
    for _ in reading.passing(lines_of(path, start, end)):
        pass
    return reading


def lines_of(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The whole lines between two offsets."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (line := file.readline(end - start)):
            start += len(line)
            yield line


def write_leaves(path: Path, leaves: Sequence[bytes]) -> None:
    """Keep leaf hashes, 32 bytes each."""
    storage.write_bytes(path, b"".join(leaves))


def read_leaves(path: Path) -> list[bytes]:
    """Leaf hashes that were kept."""
    content = path.read_bytes()
    return [content[at : at + HASH] for at in range(0, len(content), HASH)]


def prove(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion proof of one row (RFC 9162 §2.1.3.1)."""
    return merkle.prove_inclusion(merkle.Leaves(leaves), index, len(leaves))


def first_difference(path: Path, expected: Rows, kept: Sequence[bytes], found: Sequence[bytes]) -> str:
    """Which row is the first that is not as it was committed, if the kept leaves are the committed ones."""
    if Rows.of(kept) != expected:
        return f"{path}: its rows are not those the statement commits to, and neither are the kept hashes"
    pairs = zip(kept, found, strict=False)
    row = next((n for n, (was, now) in enumerate(pairs) if was != now), min(len(kept), len(found)))
    was, now = (leaves[row].hex() if row < len(leaves) else "no row" for leaves in (kept, found))
    return f"{path}: row {row} (of {len(kept)}): expected {was}, found {now}"
