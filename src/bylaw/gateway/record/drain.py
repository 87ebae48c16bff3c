"""Segments into the office's archive, and from there in batches into the ledger.

How far a segment has been read is written down after the archive has it, and the archive keeps a decision once, so a
drain that is killed at any moment goes on without losing or doubling anything. A segment goes when all of it is in a
batch of the ledger and nobody writes it any more.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bylaw.access.office.commit import commit
from bylaw.access.office.made import Written
from bylaw.access.office.place import Office
from bylaw.gateway.record.layout import LONGEST, SUFFIX, is_written, sweep
from bylaw.gateway.record.writing import read_line
from bylaw.lineage.lab import Lab
from bylaw.storage import write_bytes

BATCH = 4096
"""Decisions that are filed at once."""


class Drain:
    """Empties a folder of segments."""

    def __init__(self, folder: Path, office: Office, lab: Lab) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.office, self.lab = folder, office, lab
        self._path = folder / "read.json"
        self._read = self._known()

    def turn(self) -> int:
        """File and commit what there is; returns how many decisions were committed."""
        segments = sorted(self.folder.glob(f"*{SUFFIX}"))
        ended = [path for path in segments if not is_written(path)]  # before reading: nothing is written to them after
        for path in segments:
            self._file(path)
        count = commit(self.office, self.lab)
        for path in ended:
            path.unlink()
            self._read.pop(path.name, None)
        sweep(self.folder)
        self._note()
        return count

    def _file(self, path: Path) -> None:
        for written, end in _batches(path, self._read.get(path.name, 0)):
            self.office.archive.file(written)
            self._read[path.name] = end
        self._note()

    def _note(self) -> None:
        write_bytes(self._path, msgspec.json.encode(self._read))

    def _known(self) -> dict[str, int]:
        return msgspec.json.decode(self._path.read_bytes(), type=dict[str, int]) if self._path.exists() else {}


def _batches(path: Path, start: int) -> Iterator[tuple[list[Written], int]]:
    """The whole lines from ``start`` on, some at a time, each with where the next begins."""
    batch: list[Written] = []
    with path.open("rb") as file:
        file.seek(start)
        for line in iter(lambda: file.readline(LONGEST), b""):
            if not line.endswith(b"\n") or b"\0" in line:  # torn, or zeros over which nothing is written yet
                break
            start += len(line)
            batch.append(read_line(line))
            if len(batch) == BATCH:
                yield batch, start
                batch = []
    if batch:
        yield batch, start
