"""Which of a mirrored run's loose files are as they were when they were last sent or brought, and which are newer here.

It is noted among the working files, ``chunks/sent.json``, by time and size: what differs was written here since.
"""

from pathlib import Path

import msgspec

from bylaw import storage

NAME = "chunks/sent.json"
Stamp = tuple[int, int]


class Sent:
    """The notes of one directory. One that does not decode is as good as none: what is here is sent again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamps: dict[str, Stamp] | None = None

    def newer(self, path: str, parts: tuple[str, ...] = ("",)) -> bool:
        """Whether a file was written here since; ``parts`` are the endings of a file that is several."""
        return (found := self._found(path, parts)) is not None and found != self._noted().get(path)

    def gone(self) -> list[str]:
        """What was sent or brought, and is here no more."""
        return [path for path in self._noted() if not (self._root / path).exists()]

    def noted(self, path: str) -> bool:
        """Whether a file was ever sent or brought."""
        return path in self._noted()

    def note(self, path: str, parts: tuple[str, ...] = ("",)) -> None:
        """A file is here as it is there; or in neither place."""
        found = self._found(path, parts)
        if found is None:
            self._noted().pop(path, None)
        else:
            self._noted()[path] = found
        storage.write_bytes(self._root / NAME, msgspec.json.encode(self._noted()))

    def _noted(self) -> dict[str, Stamp]:
        if self._stamps is None:
            path = self._root / NAME
            try:
                self._stamps = msgspec.json.decode(path.read_bytes(), type=dict[str, Stamp]) if path.is_file() else {}
            except msgspec.DecodeError:
                self._stamps = {}
        return self._stamps

    def _found(self, path: str, parts: tuple[str, ...]) -> Stamp | None:
        files = [self._root / f"{path}{part}" for part in parts]
        stats = [file.stat() for file in files if file.is_file()]
        return (max(one.st_mtime_ns for one in stats), sum(one.st_size for one in stats)) if stats else None
