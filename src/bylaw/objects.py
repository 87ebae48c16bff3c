"""Files behind an fsspec URL (``s3://…``, ``gs://…``, ``file://…``), each written whole or not at all.

An object store takes an object whole or not at all by itself. Anywhere else a file is written under a temporary name
beside its own and moved, which such places do in one step.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bylaw import storage
from bylaw.errors import MissingExtra, ObjectError, UsageError

WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "obs", "hf", "memory"})
"""Protocols of stores in which an object is never seen half; they have no directories either."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(text: str) -> bool:
    """Whether a text is the URL of something that is not simply on this machine's disk."""
    return bool(_URL.match(text))


def filesystem(url: str) -> tuple[Any, str]:
    """fsspec's file system of a URL, and the path there. Raises ``MissingExtra`` or ``UsageError``."""
    try:
        import fsspec  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise MissingExtra("fsspec", "remote") from None
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise UsageError(f"fsspec cannot open {url}: {error}") from error
    return files, str(root).rstrip("/")


class Objects:
    """The files under one URL, by their path below it. Everything but a missing file raises ``ObjectError``."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._files, self._root = filesystem(self.url)
        self._whole = self.url.partition("://")[0].lower() in WHOLE

    def sizes(self) -> dict[str, int]:
        """Path → size of every file there is, as it is now; nothing of what a killed writer left.

        Where there is no such folder or bucket there are no files; whoever writes is told.
        """
        try:
            with self._told("list"):
                self._files.invalidate_cache()
                found = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        below = {name.removeprefix(f"{self._root}/"): int(each["size"]) for name, each in found.items()}
        return {path: size for path, size in below.items() if not path.endswith(storage.TEMPORARY)}

    def is_file(self, path: str) -> bool:
        """Whether there is such a file."""
        self._files.invalidate_cache()
        return bool(self._files.isfile(self._at(path)))

    def read(self, path: str) -> bytes | None:
        """The content of a small file; None if there is none."""
        try:
            with self._told("read", path):
                content: bytes = self._files.cat_file(self._at(path))
        except FileNotFoundError:
            return None
        return content

    def write(self, path: str, content: bytes) -> None:
        """Put a small file."""
        with self._writing(path) as target:
            self._files.pipe_file(target, content)

    def put(self, path: str, source: Path) -> None:
        """Put a file of this machine."""
        with self._writing(path) as target:
            self._files.put_file(str(source), target)

    def get(self, path: str, target: Path) -> None:
        """Bring a file to this machine, whole or not at all. A missing one raises ``FileNotFoundError``."""
        with storage.writing(target) as temporary, self._told("read", path):
            self._files.get_file(self._at(path), str(temporary))

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        try:
            with self._told("remove", path):
                self._files.rm_file(self._at(path))
        except FileNotFoundError:
            return

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    @contextmanager
    def _writing(self, path: str) -> Iterator[str]:
        target = self._at(path)
        folder, name = os.path.split(target)
        temporary = f"{folder}/.{name}.{os.getpid()}{storage.TEMPORARY}"
        try:
            with self._told("write", path):
                if self._whole:
                    yield target
                    return
                self._files.makedirs(folder, exist_ok=True)
                yield temporary
                self._files.mv(temporary, target)
        except FileNotFoundError as error:  # the bucket
            raise ObjectError(f"cannot write {self.url}/{path}: {error}") from error

    @contextmanager
    def _told(self, verb: str, path: str = "") -> Iterator[None]:
        """Every store has errors of its own, some of no common type."""
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            where = f"{self.url}/{path}" if path else self.url
            raise ObjectError(f"cannot {verb} {where}: {str(error) or type(error).__name__}") from error
