"""Working files of a stage, held to what this lab's processes wrote: HMAC-SHA256 under a key that lies in no run.

::

    <folder>/<chunk>.jsonl  training/…      pieces: a chunk, a checkpoint, a file of log-probabilities
    <folder>/.marks/                        a mark for each: it binds content, name, stage and the run's documents
    <folder>/.kept/                         the last checkpoint that was marked (hard links), while a newer one is not

A piece whose mark is wrong was changed by somebody: ``RunCorrupt`` names it. One without a mark was being written when
its process ended, or was put there: that is said, and it is made again. Without a key nothing is marked, nor held.
"""

import hashlib
import hmac
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bylaw import storage
from bylaw.canonical import canonical
from bylaw.errors import RunCorrupt, VerificationError
from bylaw.lineage.tree import file_digest, tree_digest

Send = Callable[[Path, Path], None]
"""What is done with a chunk and its mark once they are there."""


class Working:
    """The working folder of one stage. ``context`` says whose it is: a mark holds nowhere else."""

    def __init__(self, folder: Path, key: bytes | None = None, context: str = "", send: Send | None = None) -> None:
        self.folder = folder
        self._key = key
        self._context = context
        self._send = send
        self._opened: list[Path] = []
        self._seen: set[tuple[Path, int, int]] = set()

    def put(self, piece: Path, digest: str) -> None:
        """Mark a piece by the SHA-256 of its content: a chunk before it is written, so that no kill leaves it bare."""
        if self._key:
            storage.write_text(self._mark(piece), f"{self._mac(piece, digest)}\n")

    def written(self, piece: Path) -> None:
        """A chunk is there, whole and marked: it goes where the run goes."""
        if self._send:
            self._send(piece, self._mark(piece))

    def holds(self, piece: Path) -> bool:
        """Whether a piece is there as it was marked. Raises ``RunCorrupt`` if it is there as something else."""
        if not piece.exists() or self._key is None:
            return piece.exists()
        if not self._mark(piece).is_file():
            print(f"{piece} bears no mark of this lab: it is made again", file=sys.stderr)
            return False
        if not self._is_right(piece, piece):
            raise RunCorrupt(f"{piece} is not as this lab wrote it; remove it, and it is made again")
        return True

    def open(self, name: str) -> Path:
        """The path of a file or folder that somebody else writes, once what lies there has been looked at."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        bare = [piece for piece in _pieces(path) if not self.holds(piece)]
        for piece in bare:
            storage.remove(piece)
        if bare:
            self._restore(path)
        self._opened.append(path)
        self._seen.update(map(_seen, _pieces(path)))
        return path

    def look(self) -> None:
        """Mark what was written since the last look."""
        new = [piece for path in self._opened for piece in _pieces(path) if _seen(piece) not in self._seen]
        for piece in new if self._key else ():
            self.put(piece, _digest(piece))
            self._seen.add(_seen(piece))
            if piece.is_dir():
                self._keep(piece)

    def _keep(self, piece: Path) -> None:
        """Its writer removes it once a newer one is there, and that one is bare until the next look."""
        kept = self.folder / ".kept" / piece.parent.name
        storage.remove(kept)
        try:
            shutil.copytree(piece, kept / piece.name, copy_function=os.link)
        except (OSError, shutil.Error):  # a file system without hard links: the work since the start is done again
            storage.remove(kept)

    def _restore(self, path: Path) -> None:
        for kept in _pieces(self.folder / ".kept" / path.name):
            piece = path / kept.name
            if not piece.exists() and self._mark(piece).is_file() and self._is_right(piece, kept):
                kept.rename(piece)

    def _is_right(self, piece: Path, found: Path) -> bool:
        """Whether what is found is what a piece was marked as."""
        try:
            mac = self._mac(piece, _digest(found))
        except VerificationError:
            return False
        return hmac.compare_digest(mac.encode(), self._mark(piece).read_bytes().strip())

    def _mac(self, piece: Path, digest: str) -> str:
        said = canonical([self._context, piece.relative_to(self.folder).as_posix(), digest])
        return hmac.new(self._key or b"", said, hashlib.sha256).hexdigest()

    def _mark(self, piece: Path) -> Path:
        return self.folder / ".marks" / f"{piece.relative_to(self.folder).as_posix().replace('/', '+')}.mac"


def _pieces(path: Path) -> Iterator[Path]:
    """A file itself; of a folder what lies in it, but for what is being written."""
    if path.is_dir():
        yield from sorted(each for each in path.iterdir() if not each.name.startswith("."))
    elif path.exists():
        yield path


def _seen(piece: Path) -> tuple[Path, int, int]:
    """What tells a piece from one that is written anew under its name."""
    found = piece.stat()
    return piece, found.st_ino, found.st_mtime_ns


def _digest(piece: Path) -> str:
    return tree_digest(piece) if piece.is_dir() else file_digest(piece)
