"""Decisions that workers have written ahead and the recorder has not filed yet: the ends of the segments.

They are read as files, under no lock, and only so far as a page can show: ``WINDOW`` bytes of each segment. What is
torn at the end is left for the next look.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bylaw.access.office.made import Made
from bylaw.canonical import sha256
from bylaw.gateway.record.layout import SUFFIX, end_of, whole_lines
from bylaw.gateway.record.writing import read_line

WINDOW = 1 << 18


class Fresh(msgspec.Struct, frozen=True):
    """A decision that is in a segment."""

    id: str
    made: Made


def fresh(folder: Path) -> list[Fresh]:
    """What is not known to be filed, the newest first; some of it may be filed meanwhile."""
    read = _read(folder)
    found = [each for path in folder.glob(f"*{SUFFIX}") for each in _end(path, read.get(path.name, 0))]
    return sorted(found, key=lambda each: each.made.basis.at, reverse=True)


def mark(folder: Path, archive: Path) -> tuple[tuple[str, int], ...]:
    """What changes whenever a decision is written or filed."""
    paths = [*folder.glob(f"*{SUFFIX}"), folder / "read.json", archive, archive.with_name(f"{archive.name}-wal")]
    return tuple(sorted(filter(None, map(_stat, paths))))


def _stat(path: Path) -> tuple[str, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path.name, found.st_mtime_ns


def _read(folder: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode((folder / "read.json").read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return {}


def _end(path: Path, start: int) -> Iterator[Fresh]:
    try:
        size = end_of(path)
        with path.open("rb") as file:
            begin = max(start, size - WINDOW)
            file.seek(begin)
            content = file.read(size - begin)
    except OSError:
        return  # it is in the ledger, and gone
    lines = whole_lines(content).split(b"\n")[:-1]
    for line in lines[1:] if begin > start else lines:
        body = read_line(line).body
        yield Fresh(f"decision-{sha256(body)}", msgspec.json.decode(body, type=Made))
