"""The statements of a run: signed when a stage ends, entered in the ledger, and checked before its work is read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bylaw import storage
from bylaw.canonical import sha256
from bylaw.errors import RunCorrupt, VerificationError
from bylaw.ledger.entries import StatementEntry, encode, reference
from bylaw.ledger.note import Note, Vkey
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import Proof
from bylaw.lineage import dsse, rows, statement
from bylaw.lineage.lab import Lab
from bylaw.lineage.left_out import LEFT_OUT
from bylaw.lineage.statement import Counts, StageRecord, Statement, Thing
from bylaw.run import documents, local
from bylaw.run.manifest import Finished, Manifest, Output

DIRECTORIES = {"model", "judge"}
"""Inputs whose digest is that of a directory."""


class Statements:
    """``statements/`` and ``proofs/`` of one run."""

    def __init__(self, root: Path, lab: Lab) -> None:
        lab.keep_out_of(root)
        self._root = root
        self._lab = lab
        self._manifest = Manifest(root / "manifest.jsonl")

    def write(
        self,
        line: Finished,
        started: str,
        parameters: Mapping[str, Any],
        leaves: Mapping[str, Sequence[bytes]],
        earlier: Mapping[str, Finished],
        texts: Mapping[str, str],
    ) -> None:
        """Sign and enter what a stage made from what, before its finished line is written.

        In this order no finished stage lacks its entry; what is killed in between is done, signed and entered again.
        ``texts``: document → SHA-256 of what the run was opened with. Raises ``RunCorrupt`` if the disk has others.
        """
        for name, digest in texts.items():
            require_document(self._root, f"stage {line.stage}", name, digest)
        for path, hashes in leaves.items():
            rows.write_leaves(self.leaves(line.stage, path), hashes)
        record = StageRecord(
            stage=line.stage,
            seed=line.seed,
            started=started,
            finished=line.at,
            made=tuple(_made(output, leaves.get(output.path)) for output in line.outputs),
            read=(
                *(Thing(name=name, digest={"sha256": digest}) for name, digest in texts.items()),
                *(self._read(*each, earlier) for each in line.inputs.items()),
            ),
            parameters=local.bare(parameters),
            counts=_counts(line.figures),
            line=_digest(line),
            so_far=self._manifest.so_far(line),
        )
        envelope, index = self._lab.seal(statement.payload(record), statement.PREDICATE, _time(line))
        storage.write_bytes(self.path(line.stage), envelope)
        storage.write_text(self._note(line.stage), f"{index}\n")

    def verified(self, line: Finished) -> Statement:
        """The statement of a finished stage, if it is signed by the lab and says what the manifest says.

        Raises ``RunCorrupt`` naming the file.
        """
        path = self.path(line.stage)
        try:
            envelope = dsse.parse(path.read_bytes())
            payload = self._lab.unseal(envelope, _entry(line, envelope.content), self._note(line.stage))
            said = statement.parse(payload)
        except FileNotFoundError:
            raise RunCorrupt(f"stage {line.stage} has finished, and its statement {path} is missing") from None
        except VerificationError as error:
            raise RunCorrupt(f"{path}: {error}") from error
        if said.stage != line.stage or said.line != _digest(line):
            raise RunCorrupt(f"{path} and the manifest say different things of stage {line.stage}")
        if said.so_far and said.so_far != self._manifest.so_far(line):
            raise RunCorrupt(f"{self._manifest.path} has changed before the line with which {line.stage} finished")
        for thing in said.read:
            require_as_named(self._root, f"stage {line.stage}", thing)
        return said

    def changed_row(self, line: Finished, output: Output) -> str:
        """Which row of a records file differs from what was signed; "" if rows do not tell."""
        path, kept = self._root / output.path, self.leaves(line.stage, output.path)
        if output.start is None or output.end is None or not path.is_file() or not kept.is_file():
            return ""
        expected = self.verified(line).rows(output.path)
        found = rows.read(path, output.start, output.end).leaves
        return rows.first_difference(path, expected, rows.read_leaves(kept), found) if expected else ""

    def enter(self, stages: Mapping[str, Finished]) -> None:
        """Note again where statements stand in the ledger whose note is gone; what is not there is entered now."""
        for name, line in stages.items():
            if not self._note(name).is_file():
                storage.write_text(self._note(name), f"{self._lab.enter_once(self.entered(line))}\n")

    def prove(self, stages: Mapping[str, Finished], policy: Policy | None = None) -> bytes:
        """Have the ledger signed as it is now, and keep each statement's proof; returns the checkpoint.

        A proof that a witness of ``policy`` (default: the lab's) has cosigned stays: it is the one that samples are
        drawn by. Without a policy nobody knows whose a cosignature is, and a proof that holds and bears one stays too.
        """
        self.enter(stages)
        checkpoint, policy = self._lab.checkpoint(), policy or self._lab.policy
        for name, line in stages.items():
            entry, path = self.entered(line), self.proof(name)
            if not (path.is_file() and self._is_settled(path.read_bytes(), entry, policy)):
                storage.write_bytes(path, self._lab.prove(self._index(name, entry), entry))
        return checkpoint

    def _is_settled(self, content: bytes, entry: bytes, policy: Policy | None) -> bool:
        """Whether a proof is one to keep."""
        own = Policy.unwitnessed(Vkey.parse(self._lab.vkey))
        try:
            proof = Proof.parse(content)
            return bool(proof.check(entry, policy).witnesses) if policy else _is_cosigned(proof, entry, own)
        except VerificationError:
            return False

    def _index(self, stage: str, entry: bytes) -> int:
        """Where a statement stands; a note that says something else is put right."""
        index = self._lab.place(entry, self._note(stage))
        if index is None:
            raise RunCorrupt(f"{self.path(stage)} is not in the ledger {self._lab.ledger}, where it was entered")
        storage.write_text(self._note(stage), f"{index}\n")
        return index

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
        return _entry(line, self.verified(line).content)

    def _read(self, name: str, value: str, earlier: Mapping[str, Finished]) -> Thing:
        if name not in earlier:
            return Thing(name=name, digest={"dirHash" if name in DIRECTORIES else "sha256": value})
        return self.as_read(earlier[name])

    def all(self, texts: Mapping[str, str], stages: Mapping[str, Finished]) -> tuple[Thing, ...]:
        """The documents and every finished stage's statement: what one who looks at the run has looked at."""
        read = (Thing(name=name, digest={"sha256": digest}) for name, digest in texts.items())
        return (*read, *map(self.as_read, stages.values()))

    def as_read(self, line: Finished) -> Thing:
        """A finished stage's statement, as what builds on it or looks at it names it."""
        return Thing(name=f"statements/{line.stage}.json", digest={"sha256": sha256(self.verified(line).content)})

    def _note(self, stage: str) -> Path:
        return self._root / "proofs" / f"{stage}.entry"


def require_as_named(root: Path, whose: str, thing: Thing) -> None:
    """Raise ``RunCorrupt`` unless a document or statement that ``whose`` statement names is the one that lies here."""
    if thing.name in documents.NAMES:
        require_document(root, whose, thing.name, thing.digest["sha256"])
    elif thing.name.startswith("statements/"):
        path = root / thing.name
        found = sha256(dsse.parse(path.read_bytes()).content) if path.is_file() else "no file"
        if found != thing.digest["sha256"]:
            raise RunCorrupt(f"{whose} was made from another {path}: expected {thing.digest}, found {found}")


def require_document(root: Path, whose: str, name: str, digest: str) -> None:
    """Raise ``RunCorrupt`` unless a text that a run is made by has this digest."""
    path = root / name
    found = sha256(path.read_bytes()) if path.is_file() else "no file"
    if found != digest:
        raise RunCorrupt(f"{whose}: {root / name} has changed: expected {digest}, found {found}")


def _is_cosigned(proof: Proof, entry: bytes, own: Policy) -> bool:
    """Whether a proof holds, and its checkpoint bears more than the log's own signature; whose, is not known."""
    origin = proof.check(entry, own).log.name
    return any(signature.name != origin for signature in Note.parse(proof.checkpoint).signatures)


def _entry(line: Finished, payload: bytes) -> bytes:
    return encode(StatementEntry(at=_time(line), statement=reference(payload), predicate=statement.PREDICATE))


def _time(line: Finished) -> str:
    return line.at.replace("+00:00", "Z")


def _made(output: Output, leaves: Sequence[bytes] | None) -> Thing:
    if leaves is None:
        return Thing(name=output.path, digest={"dirHash": output.sha256})
    told = {"start": output.start, "end": output.end, "rows": msgspec.to_builtins(rows.Rows.of(leaves))}
    return Thing(name=output.path, digest={"sha256": output.sha256}, annotations=told)


def _counts(figures: Mapping[str, float]) -> Counts | None:
    if "taken" not in figures:
        return None
    dropped = {reason: int(figures[reason]) for reason in LEFT_OUT if figures.get(reason)}
    counts = Counts(taken=int(figures["taken"]), made=int(figures["made"]), dropped=dropped)
    if not counts.agree:
        raise RunCorrupt(f"{counts.taken} rows were taken, {counts.made} made, {dropped} left out: some are missing")
    return counts


def _digest(line: Finished) -> str:
    return sha256(storage.line_of(line))
