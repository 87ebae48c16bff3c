"""What the ledger's tests share: a lab with a log, a witness, and a naive tree to compare with."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from hypothesis import settings

from bylaw.ledger.log import Log
from bylaw.ledger.note import Vkey
from bylaw.signing import LocalSigner
from inputs import real

ORIGIN = "lab.example/ledger"
KEY = LocalSigner.generate()
VKEY = Vkey.of(ORIGIN, KEY.public)

unhurried = settings(deadline=None)
"""For properties: how long an example takes says nothing on a busy machine."""


def data(*parts: str) -> Path:
    """A folder of the material made by others."""
    return real("transparency", *parts)


def entries(start: int, end: int) -> list[bytes]:
    """Entries of different lengths, told apart by their numbers."""
    return [b"entry %d " % index + b"." * (index % 40) for index in range(start, end)]


def new_log(root: Path, count: int = 0) -> Path:
    """A log of ``count`` entries with a checkpoint."""
    Log.create(root, ORIGIN, KEY.public)
    grow(root, 0, count)
    return root


def grow(root: Path, start: int, end: int) -> bytes:
    """Append ``entries(start, end)`` and sign."""
    with Log.open(root, sync=False) as log:
        log.append(entries(start, end))
        return log.checkpoint(KEY)


def naive_root(content: Sequence[bytes]) -> bytes:
    """MTH exactly as RFC 6962, section 2.1 writes it down: recursion and slices, no code of ours."""
    if len(content) == 0:
        return hashlib.sha256(b"").digest()
    if len(content) == 1:
        return hashlib.sha256(b"\0" + content[0]).digest()
    split = 1
    while split * 2 < len(content):
        split *= 2
    return hashlib.sha256(b"\1" + naive_root(content[:split]) + naive_root(content[split:])).digest()


def flipped(content: bytes, bit: int) -> bytes:
    """``content`` with one bit changed."""
    changed = bytearray(content)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


def files(root: Path) -> Iterable[Path]:
    """Every file of a log that the world sees."""
    return sorted(path for path in root.rglob("*") if path.is_file() and ".ledger" not in path.parts)
