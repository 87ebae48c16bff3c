"""Reads a bundle for those who made it: a page or a card of it. ``bylaw.verify``, which checks it, is asked first."""

import re
import zipfile
import zlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bylaw import toml, verify
from bylaw.canonical import sha256
from bylaw.constitution import Constitution, loads
from bylaw.errors import MalformedError, VerificationError
from bylaw.evidence.index import NAME, Predicate
from bylaw.lineage import dsse
from bylaw.records import Measurement, Sample
from bylaw.signing import PublicKey

T = TypeVar("T")
LIMIT = 512 << 20
"""Bytes of a bundle."""
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, ValueError)
"""What ``zipfile`` raises for files that are encrypted, packed otherwise, or not packed at all (``NotImplementedError``
is a ``RuntimeError``)."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


def checked(path: Path, keys: Iterable[PublicKey] = ()) -> "tuple[Bundle, list[str]]":
    """A bundle in which ``bylaw.verify`` finds nothing wrong, and the names of the checks of which nothing could be
    said: for want of keys, of a policy, or of what was taken out.

    Nothing else is read before. Raises ``VerificationError`` with the name of a check that does not hold (of several,
    one of the index before one of the files, and both before the others).
    """
    report = verify.verify(path, [key.pem for key in keys])
    if report.failed:
        # the index binds the files, and the files all the rest
        failed = min(report.failed, key=lambda name: (not name.startswith("index."), not name.startswith("file.")))
        why = dict.fromkeys(each.why for each in report.findings if each.check == failed and each.why)
        raise VerificationError(failed, f"{path} does not hold: {'; '.join(why)}")
    if report.kind != "bundle":
        raise MalformedError("bundle", f"{path} is no bundle, but a {report.kind}")
    return Bundle(path), sorted(name for name, state in report.worst[None].items() if state == "?")


class Bundle:
    """The files of a bundle, and what its index says. Raises ``MalformedError`` for what is none.

    Nothing is checked: what strangers may have made goes through ``checked``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _files(path)
        if strange := [name for name in self.files if not _NAME.fullmatch(name) or ".." in name.split("/")]:
            raise MalformedError("bundle", f"{path} holds {strange[0]!r}, which is no name of a bundle's file")
        try:
            self._index = dsse.parse(self.files[NAME])
            self.payload = self._index.content
            self.predicate = msgspec.convert(msgspec.json.decode(self.payload)["predicate"], Predicate)
        except (LookupError, TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise MalformedError("bundle", f"{path} has no index that can be read: {error}") from error

    def signed_by(self, keys: Iterable[PublicKey]) -> PublicKey:
        """The one of some keys that has signed the index. Raises ``VerificationError`` if none of them has."""
        for key in keys:
            if dsse.has_signed(self._index, key):
                return key
        named = ", ".join(f"{each.keyid[:16]}…" for each in self._index.signatures) or "nobody"
        raise VerificationError("index.signature", f"{self.path} is not signed by this lab, but by {named}")

    @cached_property
    def checkpoint(self) -> str:
        """The ledger's note in the first run's last proof: what to compare with others."""
        proofs = [content for path, content in self.files.items() if path.endswith("/evaluate-final.tlog-proof")]
        return proofs[0].decode().partition("\n\n")[2] if proofs else ""

    def constitution(self, run: str) -> Constitution:
        """The rules a run trained to. Raises ``MalformedError`` if they were taken out."""
        return loads(self._text(run, "constitution.toml"), f"{self.path}: constitution.toml")

    def settings(self, run: str) -> dict[str, Any]:
        """The settings of a run. Raises ``MalformedError`` if they were taken out, ``SettingsError`` for no TOML."""
        return toml.parsed(self._text(run, "run.toml"), f"{self.path}: run.toml")

    def holds(self, run: str, name: str) -> bool:
        """Whether a file of a run is there, and not taken out."""
        return f"runs/{run}/{name}" in self.files

    def require_whole(self) -> None:
        """Raise ``MalformedError`` unless the files are those of the index."""
        gone = {each.path for each in self.predicate.redactions}
        said = msgspec.json.decode(self.payload)["subject"]
        listed = {each["name"]: each["digest"]["sha256"] for each in said if each["name"] not in gone}
        found = {name: sha256(content) for name, content in self.files.items() if name != NAME}
        if listed != found:
            wrong = sorted(name for name in {*listed, *found} if listed.get(name) != found.get(name))
            raise MalformedError("bundle", f"{self.path}: {wrong[0]} is not as its index says")

    def _text(self, run: str, name: str) -> str:
        if not self.holds(run, name):
            raise MalformedError("bundle", f"{self.path} holds no {name} of {run}: it was taken out")
        try:
            return self.files[f"runs/{run}/{name}"].decode()
        except UnicodeDecodeError as error:
            raise MalformedError("bundle", f"{self.path}: {name} of {run} is not UTF-8") from error

    def measurements(self, run: str) -> list[Measurement]:
        """The figures of a run. Raises ``MalformedError`` for what is none."""
        lines = self.files.get(f"runs/{run}/measurements.jsonl", b"").splitlines()
        return [self._row(line, Measurement) for line in lines]

    def samples(self, run: str) -> list[Sample]:
        """The answers that were drawn. Raises ``MalformedError`` for what is none."""
        paths = [path for path in self.files if path.startswith(f"runs/{run}/samples/")]
        rows = [row for path in paths for row in self._row(self.files[path], _Samples).rows]
        return [self._row(row["row"], Sample) for row in rows]

    def _row(self, content: bytes | str, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise MalformedError("bundle", f"{self.path}: a row is no {kind.__name__.strip('_')}: {error}") from error


class _Samples(msgspec.Struct):
    rows: list[dict[str, Any]]


def _files(path: Path) -> dict[str, bytes]:
    try:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
            _require_small(path, (each.stat().st_size for each in found))
            return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}
        with zipfile.ZipFile(path) as archive:
            _require_small(path, (each.file_size for each in archive.infolist()))
            return {name: archive.read(name) for name in archive.namelist()}
    except _UNREADABLE as error:
        raise MalformedError("bundle", f"{path} cannot be read as a bundle: {error}") from error


def _require_small(path: Path, sizes: Iterable[int]) -> None:
    if sum(sizes) > LIMIT:
        raise MalformedError("bundle", f"{path} is larger than {LIMIT} bytes unpacked")
