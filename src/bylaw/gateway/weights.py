"""Weights: files of signed model directories, whole or in ranges (RFC 9110, section 14), through the same door.

A directory is served only as its signature lists it (``lineage/oms``): a file that the manifest does not name does not
exist, and one that has another size than when it was checked is not handed out.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bylaw.gateway.problem import Broken, Header, Problem
from bylaw.lineage import oms
from bylaw.signing import PublicKey
from bylaw.storage import write_bytes

BLOCK = 1 << 18
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})\Z")


class Served(msgspec.Struct, frozen=True):
    """A file that may be handed out, as it was when the directory was checked."""

    path: str
    size: int
    digest: str
    changed: int
    """When, in nanoseconds since 1970."""

    @property
    def tag(self) -> bytes:
        """Its entity tag: what it is, so that ranges of two files are never put together."""
        return b'"%s"' % self.digest.encode()

    @property
    def is_unchanged(self) -> bool:
        """Whether size and time are as they were."""
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.size, self.changed)


class File(NamedTuple):
    """A file that is asked for: all of it, or from ``start`` to before ``end``."""

    model: str
    served: Served
    start: int
    end: int
    partial: bool

    def answer(self, *headers: Header) -> tuple[dict[str, Any], AsyncIterator[bytes]]:
        """The beginning of the answer, and its body."""
        size = self.end - self.start
        said = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", b"%d" % size),
            (b"accept-ranges", b"bytes"),
            (b"etag", self.served.tag),
            (b"x-content-type-options", b"nosniff"),
            *headers,
        ]
        if self.partial:
            said.append((b"content-range", b"bytes %d-%d/%d" % (self.start, self.end - 1, self.served.size)))
        return {"type": "http.response.start", "status": 206 if self.partial else 200, "headers": said}, self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        with Path(self.served.path).open("rb") as file:
            at = self.start
            while at < self.end:
                piece = await asyncio.to_thread(os.pread, file.fileno(), min(BLOCK, self.end - at), at)
                if not piece:
                    raise Broken("a file of weights became shorter")
                at += len(piece)
                yield piece


Models = dict[str, dict[str, Served]]


def check(directories: Mapping[str, Path], trusted: Iterable[PublicKey]) -> Models:
    """What may be handed out of each model's directory: what its signature lists. Raises ``VerificationError``."""
    keys = list(trusted)
    return {model: _served(root, oms.verify_directory(root, keys)) for model, root in directories.items()}


def _served(root: Path, files: Mapping[str, str]) -> dict[str, Served]:
    found = {}
    for name, digest in files.items():
        at = (root / name).stat()
        found[name] = Served(str(root / name), at.st_size, digest, at.st_mtime_ns)
    return found


def note(path: Path, models: Models) -> None:
    """Write down what was checked: hashing takes long, and is done once for all workers."""
    write_bytes(path, msgspec.json.encode(models))


class Weights:
    """All directories, by model."""

    def __init__(self, models: Models) -> None:
        self._models = models

    @classmethod
    def noted(cls, path: Path) -> "Weights":
        """As ``note`` wrote it; none where there is nothing."""
        return cls(msgspec.json.decode(path.read_bytes(), type=Models) if path.exists() else {})

    def find(self, rest: str, headers: Mapping[bytes, bytes]) -> File:
        """The file of ``MODEL/NAME`` and the range that is asked for. Raises ``Problem``."""
        model, _, name = rest.partition("/")
        served = self._models.get(model, {}).get(name)
        if served is None or not served.is_unchanged:
            raise Problem("not-found", "There is no such file here.")
        asked = headers.get(b"range")
        if asked is None or headers.get(b"if-range", served.tag) != served.tag:
            return File(model, served, 0, served.size, False)
        return File(model, served, *_range(asked, served.size), True)


def _range(asked: bytes, size: int) -> tuple[int, int]:
    """One range; several at once are not given. Raises ``Problem``."""
    found = _RANGE.match(asked)
    headers = ((b"content-range", b"bytes */%d" % size),)
    if found is None or not (found[1] or found[2]):
        raise Problem("range", "Ask for one range of bytes.", headers=headers)
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
    if start >= end:
        raise Problem("range", f"The file has {size} bytes.", headers=headers)
    return start, end
