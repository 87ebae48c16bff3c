"""What of a run is handed out as evidence: everything that says how it was made, no weights and no training rows."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bylaw.errors import RunError, VerificationError
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import Proof
from bylaw.lineage import rows
from bylaw.lineage.lab import Lab
from bylaw.lineage.oms import verify_directory
from bylaw.lineage.rows import Rows
from bylaw.lineage.tree import SIGNATURE, tree_lines
from bylaw.run.directory import Run
from bylaw.run.findings import Filed, Findings
from bylaw.run.statements import Statements

DOCUMENTS = ("run.toml", "constitution.toml", "manifest.jsonl", "measurements.jsonl")


class Opened(NamedTuple):
    """One row of a stage, and the proof that it is the one at ``number`` of those that were committed."""

    number: int
    row: str
    proof: list[bytes]


class Handout:
    """A finished run whose statements are in the ledger. Raises ``RunError`` or ``RunCorrupt`` for any other."""

    def __init__(self, path: Path, lab: Lab, policy: Policy | None = None) -> None:
        """``policy`` names the witnesses whose cosigned proofs stay; default: those that the lab names."""
        self.run = Run.open(path, lab=lab)
        self.finished = self.run.manifest.finished()
        if "evaluate-final" not in self.finished:
            raise RunError(f"{path} has not come to its end; evidence is of whole runs")
        for stage in self.finished:
            self.run.finished(stage)
        with self.run.lock():
            self.run.prove(policy)
        self._statements = Statements(path, lab)
        self._findings = Findings(path, lab)
        self._trusted = lab.trusted

    def findings(self) -> dict[str, Filed]:
        """Reports by name, each with the statement that the lab signed."""
        return self._findings.read()

    def witnessed(self, policy: Policy) -> bool:
        """Whether every proof holds under a policy that asks for witnesses."""
        proofs = {stage: Proof.parse(self._statements.proof(stage).read_bytes()) for stage in self.finished}
        try:
            verdicts = [proofs[stage].check(self._statements.entered(self.finished[stage]), policy) for stage in proofs]
        except VerificationError:
            return False
        return all(verdict.witnesses for verdict in verdicts)

    def files(self) -> dict[str, bytes]:
        """Path in the bundle's folder of this run → content."""
        made = {name: (self.run.path / name).read_bytes() for name in DOCUMENTS}
        if reward := self.run.documents.reward:
            made["reward.toml"] = reward.encode()
        for stage, line in self.finished.items():
            made[f"statements/{stage}.json"] = self._statements.path(stage).read_bytes()
            made[f"proofs/{stage}.tlog-proof"] = self._statements.proof(stage).read_bytes()
            made[f"proofs/{stage}.entry"] = self._statements.entered(line)
            for output in line.outputs:
                if output.path.startswith("models/"):
                    directory = self.run.path / output.path
                    made[f"{output.path}.files"] = tree_lines(verify_directory(directory, self._trusted))
                    made[f"{output.path}.sig"] = (directory / SIGNATURE).read_bytes()
        return made

    def draw(self, stage: str, path: str, count: int) -> tuple[Rows, list[Opened]]:
        """Rows that nobody chose: drawn by the checkpoint in the stage's own proof (docs/evidence.md)."""
        output = next(output for output in self.finished[stage].outputs if output.path == path)
        leaves = rows.read(self.run.path / path, output.start or 0, output.end or 0).leaves
        lines = list(rows.lines_of(self.run.path / path, output.start or 0, output.end or 0))
        seed = draw_seed(self._statements.proof(stage).read_bytes(), stage)
        picked = drawn(seed, len(lines), count)
        opened = [Opened(n, lines[n].decode().removesuffix("\n"), rows.prove(leaves, n)) for n in picked]
        return Rows.of(leaves), opened


def draw_seed(proof: bytes, stage: str) -> bytes:
    """SHA-256 of the text of a proof's checkpoint, then the stage's name."""
    checkpoint = proof.partition(b"\n\n")[2]
    text = checkpoint.partition(b"\n\n")[0] + b"\n"
    return hashlib.sha256(text + stage.encode()).digest()


def drawn(seed: bytes, size: int, count: int) -> Sequence[int]:
    """``count`` different numbers below ``size`` (all, if there are fewer), in the order in which they are drawn."""
    found: dict[int, None] = {}
    number = 0
    while len(found) < min(count, size):
        block = hashlib.sha256(seed + number.to_bytes(4, "big")).digest()
        found[int.from_bytes(block, "big") % size] = None
        number += 1
    return list(found)
