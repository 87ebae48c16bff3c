"""Documents that are being written: a text each, and beside it the signatures over its very bytes (``approval``).

A changed text has no signatures: they were over another one. Whoever changes a text says which one they saw.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bylaw.access.office.place import Office
from bylaw.access.rules.approval import approved, envelope_of, signed_by
from bylaw.access.rules.document import LIMIT, Document, decode
from bylaw.canonical import sha256
from bylaw.errors import DocumentError, UsageError, VerificationError
from bylaw.storage import alone, remove, write_text

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")


class Draft(msgspec.Struct, frozen=True):
    """A draft as it lies there. ``document`` is None, and ``fault`` says why, where the text does not read."""

    name: str
    path: Path
    text: str
    changed: datetime
    document: Document | None
    fault: str

    @property
    def mark(self) -> str:
        """Which text this is: SHA-256 of its bytes."""
        return sha256(self.text.encode())


class Signatures(msgspec.Struct, frozen=True):
    """Who has signed, and whether it is enough; ``short`` says what is missing."""

    names: tuple[str, ...]
    enough: bool
    short: str


class Drafts:
    """The drafts in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Draft]:
        """Every draft, the one changed last first."""
        paths = self._folder.glob("*.toml") if self._folder.is_dir() else ()
        found = [self.find(path.stem) for path in paths if NAME.match(path.stem)]
        return sorted(found, key=lambda each: each.changed, reverse=True)

    def find(self, name: str) -> Draft:
        """A draft. Raises ``UsageError`` if there is none."""
        path = self._folder / f"{name}.toml"
        if not NAME.match(name) or not path.is_file():
            raise UsageError(f"there is no draft {name!r}; it may have been enacted or thrown away")
        content = path.read_bytes()
        document, fault = _read(content)
        changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        return Draft(name, path, content.decode(errors="replace"), changed, document, fault)

    def new(self, name: str, text: str) -> Draft:
        """A draft of this name, or with a number behind it if there is one."""
        with self._changing():
            names = [name[:60], *(f"{name[:60]}-{number}" for number in range(2, 100))]
            free = next((each for each in names if NAME.match(each) and not self._path(each).exists()), None)
            if free is None:
                raise UsageError(f"there are too many drafts called {name}; throw some away")
            _put(self._path(free), text)
        return self.find(free)

    def save(self, name: str, text: str, seen: str) -> Draft:
        """Another text in place of the one ``seen``; its signatures fall away. Raises ``UsageError``."""
        with self.holding(name, seen) as draft:
            remove(envelope_of(draft.path))
            _put(draft.path, text)
        return self.find(name)

    def discard(self, name: str, seen: str) -> None:
        """No draft any more."""
        with self.holding(name, seen) as draft:
            self._remove(draft)

    def done(self, draft: Draft) -> None:
        """It is enacted: the rules have it, with its signatures."""
        with self._changing():
            self._remove(draft)

    @contextmanager
    def holding(self, name: str, seen: str) -> Iterator[Draft]:
        """The draft, while nobody else changes or signs it. Raises ``UsageError`` for another than was seen."""
        with self._changing():
            draft = self.find(name)
            if draft.mark != seen:
                raise UsageError("somebody has changed this draft since you loaded its page: look at it again")
            yield draft

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with alone(self._folder / ".lock", UsageError("somebody else is changing a draft; try again")):
            yield

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.toml"

    def _remove(self, draft: Draft) -> None:
        remove(envelope_of(draft.path))  # signatures without their document would be the worse half
        remove(draft.path)


def signatures(draft: Draft, office: Office, at: datetime) -> Signatures:
    """Who has signed a draft."""
    approvers = office.approvers()
    names = signed_by(draft.path, approvers)
    try:
        approved(draft.path, approvers, at)
    except VerificationError as error:
        return Signatures(names, False, error.message if names else "nobody has signed it")
    except DocumentError as error:
        return Signatures(names, False, str(error))
    return Signatures(names, True, "")


def _put(path: Path, text: str) -> None:
    if len(text) > LIMIT:
        raise UsageError(f"a document has {LIMIT:,} characters at the most")
    write_text(path, text.replace("\r\n", "\n"))  # a form sends the line ends of mail


def _read(content: bytes) -> tuple[Document | None, str]:
    try:
        return decode(content, "line"), ""
    except DocumentError as error:
        return None, str(error)
