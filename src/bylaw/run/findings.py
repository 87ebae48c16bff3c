"""Findings of a run: reports of audit, leak and stress, each with a statement that the lab signed and entered.

::

    findings/<name>.json                    the report
    findings/<name>.<digest>.statement      of the report with this SHA-256 (its first 16 digits), signed
    findings/<name>.<digest>.entry          where that stands in the ledger

The statement comes first and the report then takes the older one's place, so a report that lies here always has its
statement, however a process ended. Without a lab there is the report alone: it is *unsigned*, and no bundle takes it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bylaw import storage
from bylaw.canonical import sha256
from bylaw.errors import RunCorrupt, VerificationError
from bylaw.ledger.entries import StatementEntry, encode, now, reference
from bylaw.lineage import dsse, finding
from bylaw.lineage.finding import Finding
from bylaw.lineage.lab import Lab
from bylaw.lineage.statement import Thing
from bylaw.run.statements import require_as_named

FOLDER = "findings"


class Filed(NamedTuple):
    """A report, and the envelope of its statement; empty where no lab has signed it."""

    report: bytes
    statement: bytes


class Findings:
    """``findings/`` of one run; ``lab`` signs them, and then none is read that it has not signed."""

    def __init__(self, root: Path, lab: Lab | None) -> None:
        self._root = root
        self._lab = lab

    def file(self, name: str, report: object, materials: Sequence[Thing]) -> Path:
        """Keep a report, replacing an older one; ``materials`` are what was looked at. Returns its path."""
        content, path = storage.pretty(report), self._path(name)
        older = [*self._statements(name)]
        if self._lab:
            self._sign(self._lab, name, content, materials)
        storage.write_bytes(path, content)
        for each in older:
            if each not in self._beside(name, content):
                storage.remove(each)
        return path

    def read(self) -> dict[str, Filed]:
        """Every report by name. Raises ``RunCorrupt`` for one that the lab has not signed, of this run and as it is."""
        found = {path.stem: path.read_bytes() for path in sorted((self._root / FOLDER).glob("*.json"))}
        lab = self._lab
        return {name: Filed(report, self._signed(lab, name, report) if lab else b"") for name, report in found.items()}

    def _sign(self, lab: Lab, name: str, content: bytes, materials: Sequence[Thing]) -> None:
        report = Thing(name=f"{FOLDER}/{name}.json", digest={"sha256": sha256(content)})
        made = Finding(at=now(), report=report, materials=tuple(materials))
        envelope, index = lab.seal(finding.payload(made), finding.PREDICATE, made.at)
        lab.checkpoint()
        statement, note = self._beside(name, content)
        storage.write_text(note, f"{index}\n")
        storage.write_bytes(statement, envelope)

    def _signed(self, lab: Lab, name: str, content: bytes) -> bytes:
        """The envelope of a report's statement, if it is the lab's, entered, of this report and of this run."""
        path, (statement, note) = self._path(name), self._beside(name, content)
        try:
            signed = statement.read_bytes()
            envelope = dsse.parse(signed)
            said = finding.parse(envelope.content)
            named = reference(envelope.content)
            entry = encode(StatementEntry(at=said.at, statement=named, predicate=finding.PREDICATE))
            lab.unseal(envelope, entry, note)
            placed = lab.place(entry, note)
        except FileNotFoundError:
            raise RunCorrupt(f"{path} is not signed by the lab as it is: make it again, or remove it") from None
        except VerificationError as error:
            raise RunCorrupt(f"{statement}: {error}") from error
        if placed is None:
            raise RunCorrupt(f"{statement} is not in the ledger {lab.ledger}")
        self._require_ours(path, said, content)
        return signed

    def _require_ours(self, path: Path, said: Finding, content: bytes) -> None:
        """Raise ``RunCorrupt`` unless a statement is of this report, and of this run as it is."""
        named = said.report.name, said.report.digest.get("sha256")
        if named != (path.relative_to(self._root).as_posix(), sha256(content)):
            raise RunCorrupt(f"{path} has the statement of another report, {said.report.name}")
        if not any(thing.name.startswith("statements/") for thing in said.materials):
            raise RunCorrupt(f"{path}: its statement names no stage of this run")
        for thing in said.materials:
            require_as_named(self._root, str(path), thing)

    def _path(self, name: str) -> Path:
        return self._root / FOLDER / f"{name}.json"

    def _beside(self, name: str, content: bytes) -> tuple[Path, Path]:
        """The statement of a report, and the note of its index."""
        stem = f"{name}.{sha256(content)[:16]}"
        return self._root / FOLDER / f"{stem}.statement", self._root / FOLDER / f"{stem}.entry"

    def _statements(self, name: str) -> Iterator[Path]:
        for suffix in ("statement", "entry"):
            yield from (self._root / FOLDER).glob(f"{name}.{'[0-9a-f]' * 16}.{suffix}")
