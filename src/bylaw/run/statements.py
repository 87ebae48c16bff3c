"""The statements of a run: signed when a stage ends, entered in the ledger, and checked before its work is read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bylaw import storage
from bylaw.canonical import sha256
from bylaw.errors import RunCorrupt, VerificationError
from bylaw.ledger.entries import StatementEntry, encode, reference
from bylaw.ledger.note import Note
from bylaw.ledger.proof import Proof
from bylaw.lineage import dsse, rows, statement
from bylaw.lineage.lab import Lab
from bylaw.lineage.statement import Counts, StageRecord, Statement, Thing
from bylaw.run.manifest import Finished, Output

DOCUMENTS = ("run.toml", "constitution.toml")
DIRECTORIES = {"model", "judge"}
"""Inputs whose digest is that of a directory."""
REASONS = ("too_long", "over_length", "unreadable", "secrets", "overlap", "near_duplicate")
"""Why a stage leaves out what it took."""


class Statements:
    """``statements/`` and ``proofs/`` of one run."""

    def __init__(self, root: Path, lab: Lab) -> None:
        lab.keep_out_of(root)
        self._root = root
        self._lab = lab

    def write(
        self,
        line: Finished,
        started: str,
        parameters: Mapping[str, Any],
        leaves: Mapping[str, Sequence[bytes]],
        earlier: Mapping[str, Finished],
        documents: Mapping[str, str],
    ) -> None:
        """Sign what a stage made from what, before its finished line is written.

        ``documents``: name → SHA-256 of what the run was opened with. Raises ``RunCorrupt`` if the disk has others.
        """
        for name, digest in documents.items():
            self._require_document(line.stage, name, digest)
        for path, hashes in leaves.items():
            rows.write_leaves(self.leaves(line.stage, path), hashes)
        record = StageRecord(
            stage=line.stage,
            seed=line.seed,
            started=started,
            finished=line.at,
            made=tuple(_made(output, leaves.get(output.path)) for output in line.outputs),
            read=(
                *(Thing(name=name, digest={"sha256": digest}) for name, digest in documents.items()),
                *(self._read(*each, earlier) for each in line.inputs.items()),
            ),
            parameters=dict(parameters),
            counts=_counts(line.figures),
            line=_digest(line),
        )
        storage.write_bytes(self.path(line.stage), statement.sign(record, self._lab.signer))

    def verified(self, line: Finished) -> Statement:
        """The statement of a finished stage, if it is signed by the lab and says what the manifest says.

        Raises ``RunCorrupt`` naming the file.
        """
        path = self.path(line.stage)
        try:
            said = statement.verified(path.read_bytes(), self._lab.trusted)
        except FileNotFoundError:
            raise RunCorrupt(f"stage {line.stage} has finished, and its statement {path} is missing") from None
        except VerificationError as error:
            raise RunCorrupt(f"{path}: {error}") from error
        if said.stage != line.stage or said.line != _digest(line):
            raise RunCorrupt(f"{path} and the manifest say different things of stage {line.stage}")
        for thing in said.read:
            self._require_read(line.stage, thing)
        return said

    def _require_read(self, stage: str, thing: Thing) -> None:
        """Raise ``RunCorrupt`` unless a document or statement that a stage was made from is the one that lies here."""
        if thing.name in DOCUMENTS:
            self._require_document(stage, thing.name, thing.digest["sha256"])
        elif thing.name.startswith("statements/"):
            path = self._root / thing.name
            found = sha256(dsse.parse(path.read_bytes()).content) if path.is_file() else "no file"
            if found != thing.digest["sha256"]:
                raise RunCorrupt(f"stage {stage} was made from another {path}: expected {thing.digest}, found {found}")

    def _require_document(self, stage: str, name: str, digest: str) -> None:
        found = sha256((self._root / name).read_bytes())
        if found != digest:
            raise RunCorrupt(f"stage {stage}: {self._root / name} has changed: expected {digest}, found {found}")

    def changed_row(self, line: Finished, output: Output) -> str:
        """Which row of a records file differs from what was signed; "" if rows do not tell."""
        path, kept = self._root / output.path, self.leaves(line.stage, output.path)
        if output.start is None or output.end is None or not path.is_file() or not kept.is_file():
            return ""
        expected = self.verified(line).rows(output.path)
        found = rows.read(path, output.start, output.end).leaves
        return rows.first_difference(path, expected, rows.read_leaves(kept), found) if expected else ""

    def enter(self, stages: Mapping[str, Finished]) -> None:
        """Enter in the ledger the statements that are not there yet."""
        missing = [line for name, line in stages.items() if not self._entry(name).is_file()]
        if not missing:
            return
        entered = self._lab.enter([self.entered(line) for line in missing])
        for line, index in zip(missing, entered, strict=True):
            storage.write_text(self._entry(line.stage), f"{index}\n")

    def prove(self, stages: Mapping[str, Finished]) -> bytes:
        """Have the ledger signed as it is now, and keep each statement's proof; returns the checkpoint.

        A proof that holds a witness's cosignature stays: it is the one that samples are drawn by.
        """
        self.enter(stages)
        checkpoint = self._lab.checkpoint()
        for name in stages:
            path = self.proof(name)
            if not (path.is_file() and is_witnessed(path.read_bytes())):
                storage.write_bytes(path, self._lab.prove(self._index(name), self.entered(stages[name])))
        return checkpoint

    def _index(self, stage: str) -> int:
        text = self._entry(stage).read_text().strip()
        if not text.isdecimal():
            raise RunCorrupt(f"{self._entry(stage)} holds no index: {text[:40]!r}")
        return int(text)

    def path(self, stage: str) -> Path:
        """The statement of a stage."""
        return self._root / "statements" / f"{stage}.json"

    def proof(self, stage: str) -> Path:
        """The proof that a stage's statement is in the ledger."""
        return self._root / "proofs" / f"{stage}.tlog-proof"

    def leaves(self, stage: str, path: str) -> Path:
        """The hashes of the rows that a stage made in a records file."""
        return self._root / "proofs" / f"{stage}.rows" / Path(path).name

    def entered(self, line: Finished) -> bytes:
        """The ledger's entry for a stage's statement."""
        content = self.verified(line).content
        at = line.at.replace("+00:00", "Z")
        return encode(StatementEntry(at=at, statement=reference(content), predicate=statement.PREDICATE))

    def _read(self, name: str, value: str, earlier: Mapping[str, Finished]) -> Thing:
        if name not in earlier:
            return Thing(name=name, digest={"dirHash" if name in DIRECTORIES else "sha256": value})
        content = self.verified(earlier[name]).content
        return Thing(name=f"statements/{name}.json", digest={"sha256": sha256(content)})

    def _entry(self, stage: str) -> Path:
        return self._root / "proofs" / f"{stage}.entry"


def is_witnessed(proof: bytes) -> bool:
    """Whether a proof's checkpoint bears more than the log's own signature; whose, is for its readers to judge."""
    note = Note.parse(Proof.parse(proof).checkpoint)
    origin = note.text.partition("\n")[0]
    return any(signature.name != origin for signature in note.signatures)


def _made(output: Output, leaves: Sequence[bytes] | None) -> Thing:
    if leaves is None:
        return Thing(name=output.path, digest={"dirHash": output.sha256})
    told = {"start": output.start, "end": output.end, "rows": msgspec.to_builtins(rows.Rows.of(leaves))}
    return Thing(name=output.path, digest={"sha256": output.sha256}, annotations=told)


def _counts(figures: Mapping[str, float]) -> Counts | None:
    if "taken" not in figures:
        return None
    dropped = {reason: int(figures[reason]) for reason in REASONS if figures.get(reason)}
    counts = Counts(taken=int(figures["taken"]), made=int(figures["made"]), dropped=dropped)
    if not counts.agree:
        raise RunCorrupt(f"{counts.taken} rows were taken, {counts.made} made, {dropped} left out: some are missing")
    return counts


def _digest(line: Finished) -> str:
    return sha256(storage.line_of(line))
