"""The store of lists: every version kept whole, one current, a change seen at once or not at all.

On disk, below one directory::

    lists/<list>/<sha256 of its files>/list.jsonl    the parties
    lists/<list>/<sha256 of its files>/version.json  what it was read from
    current.json                                     which version of each list is in force

A version is written under a temporary name and renamed; ``current.json`` is replaced last. A reader of it therefore
sees the old lists or the new ones, never a mixture, and one killed at any moment leaves the old.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import msgspec

from bylaw.access.screening.formats import read
from bylaw.access.screening.parties import Party, Seal
from bylaw.canonical import digest, sha256
from bylaw.errors import DocumentError, UsageError
from bylaw.storage import line_of, read_records, write_bytes, writing

SHRINK = 0.1
"""A list that loses more than this share of its parties, of their names or of their addresses at once is refused unless
the update says it may."""


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One state of one list.

    ``files`` are SHA-256 by role, ``content`` that of the parties; ``as_of`` is the day it was published, which the
    caller gives.
    """

    list: str
    as_of: str
    files: dict[str, str]
    parties: int
    content: str

    @property
    def id(self) -> str:
        """Digest of what it was read from."""
        return digest({"list": self.list, "files": self.files})


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an update did: ids of parties that came, went, or have other particulars than before."""

    list: str
    before: str
    after: str
    came: tuple[str, ...]
    went: tuple[str, ...]
    changed: tuple[str, ...]


class _Current(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    versions: dict[str, str] = {}


class Lists:
    """The store below ``root``. One writer at a time; any number of readers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def update(
        self,
        format_name: str,
        files: Mapping[str, bytes],
        as_of: str,
        seal: Seal | None = None,
        *,
        shrink: bool = False,
    ) -> Change:
        """Put a new version of the format's list in force. Raises before anything changes if the files are not whole,
        older than what is in force, or hold far fewer parties, names or addresses without ``shrink``."""
        parties = read(format_name, files, seal)
        version = _version(format_name, files, as_of, parties)
        before = self.current().get(format_name)
        if before and as_of < before.as_of:
            raise UsageError(f"{format_name} of {as_of} is older than the one in force, of {before.as_of}")
        was = self.parties_of(before) if before else ()
        if not shrink:
            _refuse_loss(was, parties, format_name)
        self._write(version, parties)
        change = diff(was, parties, format_name, before, version)
        self._switch(version)
        return change

    def current(self) -> dict[str, Version]:
        """The version in force of every list, by its name."""
        return {name: self.version(name, key) for name, key in self._current().versions.items()}

    def version(self, name: str, key: str) -> Version:
        """A version that was once in force. Raises ``UsageError`` if there is none."""
        try:
            return msgspec.json.decode((self._folder(name, key) / "version.json").read_bytes(), type=Version)
        except FileNotFoundError as error:
            raise UsageError(f"no version {key} of the list {name} in {self.root}") from error
        except msgspec.DecodeError as error:
            raise DocumentError(f"does not decode ({error})", str(self._folder(name, key) / "version.json")) from error

    def versions(self, name: str) -> tuple[Version, ...]:
        """Every version kept of a list, the oldest first."""
        folder = self.root / "lists" / name
        keys = [path.name for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
        return tuple(sorted((self.version(name, key) for key in keys), key=lambda each: (each.as_of, each.id)))

    def named(self, name: str, start: str) -> Version:
        """The one version of a list whose id starts so. Raises ``UsageError`` for none or several."""
        found = [each for each in self.versions(name) if each.id.startswith(start)]
        if len(found) != 1:
            known = ", ".join(f"{each.id[:12]} of {each.as_of}" for each in self.versions(name)) or "none"
            raise UsageError(f"{len(found)} versions of {name} start with {start}; kept are: {known}")
        return found[0]

    def parties(self) -> tuple[Party, ...]:
        """Everybody on the lists in force."""
        return tuple(party for _, version in sorted(self.current().items()) for party in self.parties_of(version))

    def parties_of(self, version: Version) -> tuple[Party, ...]:
        """The parties of a version. Raises ``DocumentError`` unless they are the ones that were written."""
        path = self._folder(version.list, version.id) / "list.jsonl"
        if not path.exists():
            raise DocumentError("is missing", str(path))
        parties = tuple(read_records(path, Party))
        if _content(parties) != version.content:
            raise DocumentError("does not hold the parties it was written with: give the list again", str(path))
        return parties

    @property
    def id(self) -> str:
        """One digest of all that is in force; a decision names it."""
        return digest(self._current().versions)

    def _write(self, version: Version, parties: Iterable[Party]) -> None:
        folder = self._folder(version.list, version.id)
        if folder.exists():
            return
        with writing(folder) as temporary:
            temporary.mkdir()
            with (temporary / "list.jsonl").open("wb") as file:
                file.writelines(line_of(party) for party in parties)
            (temporary / "version.json").write_bytes(line_of(version))

    def _switch(self, version: Version) -> None:
        versions = {**self._current().versions, version.list: version.id}
        write_bytes(self.root / "current.json", line_of(_Current(dict(sorted(versions.items())))))

    def _current(self) -> _Current:
        path = self.root / "current.json"
        if not path.exists():
            return _Current()
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Current)
        except msgspec.DecodeError as error:
            raise DocumentError(f"does not decode ({error})", str(path)) from error

    def _folder(self, name: str, key: str) -> Path:
        return self.root / "lists" / name / key


def diff(
    old: Iterable[Party],
    new: Iterable[Party],
    name: str = "",
    before: Version | None = None,
    after: Version | None = None,
) -> Change:
    """Who came, who went, and whose particulars changed."""
    was, now = {party.id: party for party in old}, {party.id: party for party in new}
    return Change(
        list=name,
        before=before.id if before else "",
        after=after.id if after else "",
        came=tuple(sorted(now.keys() - was.keys())),
        went=tuple(sorted(was.keys() - now.keys())),
        changed=tuple(sorted(key for key in now.keys() & was.keys() if now[key] != was[key])),
    )


def _refuse_loss(was: tuple[Party, ...], now: tuple[Party, ...], name: str) -> None:
    """Names and addresses are counted too: an alias that is lost hides its party from whoever bears it."""
    counts = _counts(now)
    for what, before in _counts(was).items():
        if counts[what] < (1 - SHRINK) * before:
            raise DocumentError(
                f"has {counts[what]} {what}, and {before} are in force; if it may shrink that much, say --may-shrink",
                name,
            )


def _counts(parties: tuple[Party, ...]) -> dict[str, int]:
    return {
        "parties": len(parties),
        "names": sum(len(party.names) for party in parties),
        "addresses": sum(len(party.addresses) for party in parties),
    }


def _version(format_name: str, files: Mapping[str, bytes], as_of: str, parties: tuple[Party, ...]) -> Version:
    if not _is_day(as_of):
        raise UsageError(f"a list's day is given as 2026-11-24, not {as_of!r}")
    return Version(
        list=format_name,
        as_of=as_of,
        files={role: sha256(content) for role, content in sorted(files.items())},
        parties=len(parties),
        content=_content(parties),
    )


def _is_day(text: str) -> bool:
    """Whether the calendar has it, written in this one way: it is compared as a text."""
    try:
        return str(date.fromisoformat(text)) == text
    except ValueError:
        return False


def _content(parties: Iterable[Party]) -> str:
    hasher = hashlib.sha256()
    for party in parties:
        hasher.update(line_of(party))
    return hasher.hexdigest()
