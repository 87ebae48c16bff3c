"""Where a log's files are read from: a directory, a web server, or any fsspec URL. One method: ``read``.

Whatever comes from outside is bounded: a reader says how many bytes it can use, and more is refused.
"""

import os
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bylaw.errors import LedgerError, MalformedError, UsageError
from bylaw.objects import filesystem


class Store(Protocol):
    """Files by their path relative to the log's root."""

    def read(self, path: str, limit: int) -> bytes | None:
        """The file's bytes, None if there is no such file.

        Raises ``MalformedError`` if it has more than ``limit`` bytes, ``LedgerError`` if it cannot be read.
        """


@dataclass(frozen=True)
class DirectoryStore:
    """A log in a local directory."""

    root: Path

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Store``."""
        try:
            if (self.root / path).exists() and not (self.root / path).is_file():  # to open a pipe has no end
                raise LedgerError(f"cannot read {self.root / path}: it is not a plain file")
            with (self.root / path).open("rb") as file:
                return _within(path, file.read(limit + 1), limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LedgerError(f"cannot read {self.root / path}: {error.strerror}") from error


@dataclass(frozen=True)
class HttpStore:
    """A log behind any static web server."""

    url: str
    timeout: float = 30.0
    """Seconds for one file."""

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Store``. Answers compressed with gzip are understood, asked for or not (tlog-tiles, *Log entries*)."""
        url = f"{self.url.rstrip('/')}/{path}"
        request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip, identity"})
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                content = _within(path, answer.read(limit + 1), limit)
                packed = answer.headers.get("Content-Encoding", "identity").lower() == "gzip"
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            raise LedgerError(f"{url} answered {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            raise LedgerError(f"cannot read {url}: {error}") from error
        return _unpacked(path, content, limit) if packed else content


class FsspecStore:
    """A log under an fsspec URL: ``s3://…``, ``gs://…``, ``hf://…``. Raises ``MissingExtra`` without fsspec."""

    def __init__(self, url: str) -> None:
        self._files, self._root = filesystem(url)

    def read(self, path: str, limit: int) -> bytes | None:
        """See ``Store``."""
        try:
            with self._files.open(f"{self._root}/{path}", "rb") as file:
                return _within(path, file.read(limit + 1), limit)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LedgerError(f"cannot read {path}: {error}") from error

    def write(self, path: str, content: bytes) -> None:
        """Put one file; object stores do so whole or not at all. Raises ``LedgerError``."""
        target = f"{self._root}/{path}"
        try:
            self._files.makedirs(os.path.dirname(target), exist_ok=True)
            self._files.pipe_file(target, content)
        except OSError as error:
            raise LedgerError(f"cannot write {target}: {error}") from error


def open_store(where: str | Path) -> Store:
    """The store of a local directory, an http(s) URL or an fsspec URL."""
    text = str(where)
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in ("http", "https"):
        return HttpStore(text)
    if scheme:
        return FsspecStore(text)
    if not Path(where).is_dir():
        raise UsageError(f"{where} is neither a directory nor a URL")
    return DirectoryStore(Path(where))


def _within(path: str, content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise MalformedError("size", f"{path} has more than the {limit} bytes it may have")
    return content


def _unpacked(path: str, content: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        return _within(path, unpacker.decompress(content, limit + 1), limit)
    except zlib.error as error:
        raise MalformedError("size", f"{path} is not the gzip it is said to be: {error}") from error
