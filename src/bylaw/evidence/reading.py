"""Reads a bundle for those who made it: a page or a card of it. Its checks are ``bylaw.verify``'s, not these."""

import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from bylaw.constitution import Constitution, loads
from bylaw.errors import MalformedError
from bylaw.evidence.index import NAME, Predicate
from bylaw.lineage import dsse
from bylaw.records import Measurement, Sample


class Bundle:
    """The files of a bundle, and what its index says. Raises ``MalformedError`` for what is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _files(path)
        try:
            self.payload = dsse.parse(self.files[NAME]).content
            self.predicate = msgspec.convert(msgspec.json.decode(self.payload)["predicate"], Predicate)
        except (KeyError, msgspec.MsgspecError) as error:
            raise MalformedError("bundle", f"{path} has no index that can be read: {error}") from error

    @cached_property
    def checkpoint(self) -> str:
        """The ledger's note in the first run's last proof: what to compare with others."""
        proofs = [content for path, content in self.files.items() if path.endswith("/evaluate-final.tlog-proof")]
        return proofs[0].decode().partition("\n\n")[2] if proofs else ""

    def constitution(self, run: str) -> Constitution:
        """The rules a run trained to."""
        return loads(self.files[f"runs/{run}/constitution.toml"].decode(), f"{self.path}: constitution.toml")

    def measurements(self, run: str) -> list[Measurement]:
        """The figures of a run."""
        lines = self.files.get(f"runs/{run}/measurements.jsonl", b"").splitlines()
        return [msgspec.json.decode(line, type=Measurement) for line in lines]

    def samples(self, run: str) -> list[Sample]:
        """The answers that were drawn."""
        paths = [path for path in self.files if path.startswith(f"runs/{run}/samples/")]
        rows = [row for path in paths for row in msgspec.json.decode(self.files[path])["rows"]]
        return [msgspec.json.decode(row["row"], type=Sample) for row in rows]

    def reports(self, run: str) -> dict[str, Any]:
        """Findings that were filed, by name."""
        start = f"reports/{run}."
        found = {path: content for path, content in self.files.items() if path.startswith(start)}
        return {path[len(start) : -len(".json")]: msgspec.json.decode(content) for path, content in found.items()}


def _files(path: Path) -> dict[str, bytes]:
    try:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file())
            return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise MalformedError("bundle", f"{path} cannot be read as a bundle: {error}") from error
