"""Where an entry stands in the ledger: as was noted, if that is so, else wherever it is found.

A note (``*.entry``, a number and a line end) lies beside the statement, where others can write; it is a hint, and the
ledger decides.
"""

from pathlib import Path

from bylaw.errors import BylawError
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import Checkpoint
from bylaw.ledger.note import Note
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import prove, read_checkpoint
from bylaw.ledger.stores import DirectoryStore
from bylaw.ledger.tiles import WIDTH, TileReader, leaf_hashes


def place(store: DirectoryStore, own: Policy, entry: bytes, note: Path) -> int | None:
    """The index of an entry that the last checkpoint covers; None if it does not cover one. ``own`` knows this log."""
    noted = _noted(note)
    if noted is not None and _stands(store, own, entry, noted):
        return noted
    size = Checkpoint.parse(Note.parse(read_checkpoint(store)).text).size
    found = find(store, size, entry)
    return found if found is not None and _stands(store, own, entry, found) else None


def find(store: DirectoryStore, size: int, entry: bytes) -> int | None:
    """An index below ``size`` at which an entry stands, the newest looked at first: 32 bytes an entry are read."""
    leaf, reader = merkle.leaf_hash(entry), TileReader(store, size)
    for number in reversed(range(-(-size // WIDTH))):
        hashes = leaf_hashes(reader.tile(0, number))
        if leaf in hashes:
            return number * WIDTH + hashes.index(leaf)
    return None


def _noted(note: Path) -> int | None:
    text = note.read_text(errors="replace").strip() if note.is_file() else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _stands(store: DirectoryStore, own: Policy, entry: bytes, index: int) -> bool:
    """Whether a signed checkpoint proves it."""
    try:
        prove(store, index)[0].check(entry, own)
    except BylawError:
        return False
    return True
