"""Where records lie in a run, and how a stage's are added to those of the stages before it."""

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from bylaw import storage
from bylaw.errors import RunCorrupt
from bylaw.lineage.rows import Reading
from bylaw.run.manifest import Output
from bylaw.run.stage import RECORD_TYPES

FILES = {kind: f"records/{kind}s.jsonl" for kind in RECORD_TYPES} | {"measurement": "measurements.jsonl"}
"""Kind of record → its file."""


def append(root: Path, name: str, start: int, lines: Iterable[bytes]) -> tuple[Output, Sequence[bytes]]:
    """Add lines to a records file after ``start``, the finished stages' end; an unfinished one's are cut off.

    Returns the output and its rows' hashes.
    """
    path = root / name
    if start and (not path.exists() or path.stat().st_size < start):
        raise RunCorrupt(f"{path} is shorter than the {start} bytes that finished stages wrote to it")
    reading = Reading()
    kept = storage.read_range(path, 0, start) if start else ()
    storage.write_bytes(path, itertools.chain(kept, reading.passing(lines)))
    return Output(path=name, sha256=reading.sha256, start=start, end=start + reading.length), reading.leaves
