"""Reads a bundle for those who made it: a page or a card of it. Its checks are ``bylaw.verify``'s, not these."""

import re
import tomllib
import zipfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from bylaw.canonical import sha256
from bylaw.constitution import Constitution, loads
from bylaw.errors import MalformedError, VerificationError
from bylaw.evidence.index import NAME, Predicate
from bylaw.lineage import dsse
from bylaw.records import Measurement, Sample
from bylaw.signing import PublicKey

LIMIT = 512 << 20
"""Bytes of a bundle."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


class Bundle:
    """The files of a bundle, and what its index says. Raises ``MalformedError`` for what is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _files(path)
        if strange := [name for name in self.files if not _NAME.fullmatch(name) or ".." in name.split("/")]:
            raise MalformedError("bundle", f"{path} holds {strange[0]!r}, which is no name of a bundle's file")
        try:
            self._index = dsse.parse(self.files[NAME])
            self.payload = self._index.content
            self.predicate = msgspec.convert(msgspec.json.decode(self.payload)["predicate"], Predicate)
        except (KeyError, msgspec.MsgspecError) as error:
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
        """The settings of a run. Raises ``MalformedError`` if they were taken out."""
        return tomllib.loads(self._text(run, "run.toml"))

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
        return self.files[f"runs/{run}/{name}"].decode()

    def measurements(self, run: str) -> list[Measurement]:
        """The figures of a run."""
        lines = self.files.get(f"runs/{run}/measurements.jsonl", b"").splitlines()
        return [msgspec.json.decode(line, type=Measurement) for line in lines]

    def samples(self, run: str) -> list[Sample]:
        """The answers that were drawn."""
        paths = [path for path in self.files if path.startswith(f"runs/{run}/samples/")]
        rows = [row for path in paths for row in msgspec.json.decode(self.files[path])["rows"]]
        return [msgspec.json.decode(row["row"], type=Sample) for row in rows]


def _files(path: Path) -> dict[str, bytes]:
    try:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
            return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}
        with zipfile.ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > LIMIT:
                raise MalformedError("bundle", f"{path} is larger than {LIMIT} bytes unpacked")
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise MalformedError("bundle", f"{path} cannot be read as a bundle: {error}") from error
