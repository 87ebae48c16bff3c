"""Files named by the SHA-256 of their bytes: whoever knows the name can check the file, and it never changes."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

from bylaw.errors import VerificationError
from bylaw.storage import TEMPORARY, remove


class Parts:
    """The parts in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, write: Callable[[Path], None]) -> str:
        """Keep the file that ``write`` makes at the path it is given; returns its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f".new{TEMPORARY}"
        write(path)
        return self.take(path)

    def take(self, path: Path) -> str:
        """Keep a file that lies beside the parts; returns its name."""
        return self.keep(path, digest_of(path))

    def keep(self, path: Path, name: str) -> str:
        """Keep a file whose digest is known; returns its name."""
        path.replace(self.folder / name)
        return name

    def path(self, name: str) -> Path:
        """Where the part of a name lies; unchecked."""
        return self.folder / name

    def find(self, name: str) -> Path:
        """The file of a name. Raises ``VerificationError`` if it is not here, or not what it was."""
        path = self.path(name)
        try:
            found = digest_of(path)
        except OSError as error:
            raise VerificationError("snapshot", f"the part {name[:16]}… cannot be read: {error.strerror}") from error
        if found != name:
            raise VerificationError("snapshot", f"the part {name[:16]}… was changed")
        return path

    def keep_only(self, names: Collection[str]) -> None:
        """Remove all others. Who has one mapped keeps it."""
        for path in self.folder.iterdir():
            if len(path.name) == 64 and path.name not in names:
                remove(path)


def digest_of(path: Path) -> str:
    """The name of a file as a part."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
