"""Copying a log to where the world reads it: any fsspec URL, tiles before the checkpoint that covers them."""

import itertools
from pathlib import Path

from bylaw.errors import VerificationError
from bylaw.ledger.checkpoint import open_checkpoint
from bylaw.ledger.growth import check_growth
from bylaw.ledger.note import MAX_NOTE, Vkey
from bylaw.ledger.proof import read_checkpoint
from bylaw.ledger.stores import DirectoryStore, FsspecStore
from bylaw.ledger.tiles import TileReader, full_paths, partial_paths


def publish(root: Path, vkey: Vkey, url: str) -> int:
    """Copy what is new of a local log; returns the number of files, the checkpoint being the last.

    Refuses (``ForkError``) to replace a checkpoint there that this log does not continue. A copy that breaks off is
    made whole by the next one.
    """
    source, target = DirectoryStore(root), FsspecStore(url)
    content = read_checkpoint(source)
    checkpoint = open_checkpoint(content, vkey)[1]
    there = target.read("checkpoint", MAX_NOTE)
    size = 0
    if there is not None:
        old = open_checkpoint(there, vkey)[1]
        check_growth(old, checkpoint, TileReader(source, checkpoint.size))
        size = old.size
    count = 0
    for path in itertools.chain(full_paths(size, checkpoint.size), partial_paths(checkpoint.size)):
        target.write(path, _content(root, path))
        count += 1
    target.write("checkpoint", content)
    return count + 1


def _content(root: Path, path: str) -> bytes:
    try:
        return (root / path).read_bytes()
    except FileNotFoundError as error:
        raise VerificationError("tiles", f"{path} is missing from the log") from error
