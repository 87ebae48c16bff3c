"""The manifest: what was started and what was finished, one line each, only ever appended.

A stage is done if its *finished* line is there and its outputs still have the digests named in it. A stage
that adds to a file others add to as well (responses come from two stages) owns a range of its bytes.
"""

import hashlib
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bylaw.canonical import sha256
from bylaw.errors import VerificationError
from bylaw.lineage.tree import tree_digest
from bylaw.storage import append_line, line_of, read_range, read_records


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file, a range of a file's bytes, or a whole directory that a stage made, with its SHA-256.

    ``path`` is relative to the run. ``start`` and ``end`` are byte offsets; both None for a directory.
    """

    path: str
    sha256: str
    start: int | None = None
    end: int | None = None

    def found(self, root: Path) -> str:
        """The digest of what lies there now, or ``missing``."""
        return output_digest(root / self.path, self.start, self.end)

    def fault(self, root: Path) -> str:
        """What is wrong with what lies there now; "" if nothing is."""
        try:
            found = self.found(root)
        except VerificationError as error:
            found = str(error)
        return "" if found == self.sha256 else f"{root / self.path}: expected {self.sha256}, found {found}"


class Started(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="started"):
    """A stage began: ``inputs`` maps a name to the digest of what it reads; ``at`` is UTC, ISO 8601."""

    stage: str
    at: str
    version: str
    seed: int
    inputs: dict[str, str]


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="finished"):
    """A stage ended well.

    ``seconds`` counts the work of all attempts whose chunks were used. ``figures`` are sums the stage noted
    (``tokens``, …). ``peak_rss`` is the process's peak resident memory until then, in bytes.
    """

    stage: str
    at: str
    version: str
    seed: int
    inputs: dict[str, str]
    outputs: tuple[Output, ...]
    seconds: float
    figures: dict[str, float]
    peak_rss: int


class Manifest:
    """The lines of one ``manifest.jsonl``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, line: Started | Finished) -> None:
        """Add one synced line; a torn line left by a killed process is dropped first."""
        append_line(self.path, line)

    def lines(self) -> Iterator[Started | Finished]:
        """All whole lines, oldest first; none if nothing was started yet."""
        if self.path.exists():
            yield from read_records(self.path, Started | Finished, torn=True)  # type: ignore[arg-type]

    def so_far(self, line: Finished) -> str:
        """SHA-256 of everything up to the end of a finished line, which is the next one where it is not there yet."""
        before, last = self.path.read_bytes(), line_of(line)
        at = before.rfind(last)
        return sha256(before[: at if at >= 0 else before.rfind(b"\n") + 1] + last)

    def finished(self) -> dict[str, Finished]:
        """Stage name → its last finished line, in the order in which the stages finished."""
        return {line.stage: line for line in self.lines() if isinstance(line, Finished)}


def parse(content: bytes) -> Iterator[Started | Finished]:
    """The whole lines of a manifest that was read elsewhere. Raises msgspec's errors."""
    decoder = msgspec.json.Decoder(Started | Finished)
    yield from (decoder.decode(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n"))


def output_digest(path: Path, start: int | None, end: int | None) -> str:
    """SHA-256 of a directory (names, contents) or of a file's bytes ``start`` to ``end``; or ``missing``."""
    if not path.exists():
        return "missing"
    if start is None or end is None:
        return tree_digest(path)
    hashed = hashlib.sha256()
    for piece in read_range(path, start, end):
        hashed.update(piece)
    return hashed.hexdigest()


def now() -> str:
    """The time of a line."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def peak_rss() -> int:
    """Peak resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
