"""One digest of a directory, which binds names and contents: *dirHash* (in-toto DigestSet; Go's directory Hash1).

The SHA-256 of the lines ``<sha256 of a file>  <its path>``, sorted by path, so that a stranger can make it with
``sha256sum`` alone. Paths are relative, with ``/``. What a digest could not bind is refused: symbolic links, what is
neither file nor directory, and names with a line break. Empty directories and file modes are not covered.

One kind of link is followed: a snapshot in the hub's cache (``models--…/snapshots/<revision>``) is a directory of links
into the same cache repository (``blobs/``). Those count as the files they lead to; one that leads elsewhere is refused.

``SIGNATURE`` at the top of a model directory is left out: it signs the rest.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from bylaw.canonical import sha256
from bylaw.errors import VerificationError

SIGNATURE = "model.sig"
BLOCK = 1 << 20
Files = dict[str, str]
"""Relative path → SHA-256, 64 hex digits."""


def tree_digest(root: Path, known: Mapping[str, str] | None = None) -> str:
    """The directory's *dirHash*, 64 hex digits; ``known`` files are not read."""
    return digest_of(tree_files(root, known))


def digest_of(files: Mapping[str, str]) -> str:
    """The *dirHash* of files whose digests are known."""
    return sha256(tree_lines(files))


def tree_lines(files: Mapping[str, str]) -> bytes:
    """What a *dirHash* is the SHA-256 of."""
    return "".join(f"{files[name]}  {name}\n" for name in sorted(files, key=str.encode)).encode()


def tree_files(root: Path, known: Mapping[str, str] | None = None, workers: int | None = None) -> Files:
    """Every file's digest, hashed by ``workers`` threads (default: one a core), the largest files first.

    Raises ``VerificationError`` for what no digest can bind.
    """
    known = known or {}
    sizes = {name: size for name, size in _walk(root, snapshot_of(root)) if name != SIGNATURE}
    fresh = sorted((name for name in sizes if name not in known), key=lambda name: -sizes[name])
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        hashed = dict(zip(fresh, pool.map(lambda name: file_digest(root / name), fresh), strict=True))
    return {name: known.get(name) or hashed[name] for name in sizes}


def snapshot_of(root: Path) -> Path | None:
    """The cache repository that a directory is a snapshot of; None for any other directory."""
    place = root.resolve()
    repository = place.parent.parent
    return repository if place.parent.name == "snapshots" and (repository / "blobs").is_dir() else None


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in constant memory."""
    hashed, block = hashlib.sha256(), memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            hashed.update(block[:count])
    return hashed.hexdigest()


class Hashing:
    """A file that is hashed while it is written: its digest costs no second reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hashed = hashlib.sha256()

    def write(self, content: bytes | memoryview) -> None:
        """Write and hash."""
        self._hashed.update(content)
        self._file.write(content)

    def hexdigest(self) -> str:
        """SHA-256 of what was written so far."""
        return self._hashed.hexdigest()


def _walk(root: Path, repository: Path | None, below: str = "") -> Iterable[tuple[str, int]]:
    """(relative path, size) of every file; links are followed inside ``repository`` alone."""
    with os.scandir(root / below) as entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            inside = repository is not None and entry.is_symlink() and _leads_into(root / name, repository)
            found = entry.stat(follow_symlinks=inside)
            if stat.S_ISDIR(found.st_mode) and not inside:
                yield from _walk(root, repository, name)
            else:
                _require_plain(root / name, name, found.st_mode)
                yield name, found.st_size


def _leads_into(link: Path, repository: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(repository)
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return False


def _require_plain(path: Path, name: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = "a symbolic link" if stat.S_ISLNK(mode) else "no plain file"
        raise VerificationError("tree", f"{path} is {what}; a digest cannot bind what it leads to")
    if "\n" in name or not _is_text(name):
        raise VerificationError("tree", f"{str(path)!r} has a name that no line of text can hold")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
