"""A witness (C2SP tlog-witness, tlog-cosignature): says that a log has only grown since it last looked, and when.

A log alone can show one history to you and another to me. A witness remembers the last checkpoint it cosigned, on disk,
and cosigns a new one only with a proof that it continues that. Who asks for the cosignatures of witnesses that the log
does not control will not be shown a history of his own.

It reads no entries and says nothing about what they mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bylaw.errors import VerificationError
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import Checkpoint, open_checkpoint
from bylaw.ledger.growth import check_growth, check_order
from bylaw.ledger.note import COSIGNATURE, Note, Vkey, cosign
from bylaw.ledger.proof import read_checkpoint
from bylaw.ledger.seen import Seen
from bylaw.ledger.stores import Store
from bylaw.ledger.tiles import TileReader
from bylaw.signing import Signer


@dataclass(frozen=True)
class Witness:
    """``name`` and ``signer`` are the witness's own; ``logs`` the only logs it cosigns, ``state`` its memory."""

    name: str
    signer: Signer
    logs: tuple[Vkey, ...]
    state: Path

    @property
    def vkey(self) -> Vkey:
        """The key others check this witness's cosignatures with."""
        return Vkey.of(self.name, self.signer.public, COSIGNATURE)

    def latest(self, origin: str) -> Checkpoint:
        """What it last cosigned of a log, the empty tree if nothing."""
        return Seen(self.state).latest(origin)

    def cosign(self, content: bytes, old_size: int, proof: Sequence[bytes], now: int) -> str:
        """The cosignature line of a checkpoint, made at ``now`` (seconds since 1970).

        ``proof`` leads from the size last cosigned to the new one; it is empty from 0 (tlog-witness,
        *add-checkpoint*). The checkpoint is remembered, on the disk, before it is cosigned. Raises
        ``VerificationError`` naming the check that failed; ``ForkError`` keeps the checkpoint as evidence.
        """
        note, new = open_checkpoint(content, self._log(content))
        seen = Seen(self.state)
        with seen.lock():
            old = seen.latest(new.origin)
            if old.size != old_size:
                raise VerificationError("old size", f"the proof begins at {old_size}, but {old.size} was cosigned last")
            with seen.accusing(new.origin, content):
                _check(old, new, proof)
            seen.remember(new.origin, content)
        return str(cosign(note.text, self.name, self.signer, now))

    def look(self, store: Store, now: int) -> str:
        """Cosign the checkpoint a log serves now, with a proof made from its tiles."""
        content = read_checkpoint(store)
        new = open_checkpoint(content, self._log(content))[1]
        old = self.latest(new.origin)
        proof: list[bytes] = []
        if old.size < new.size:
            with Seen(self.state).accusing(new.origin, content):
                proof = check_growth(old, new, TileReader(store, new.size))
        return self.cosign(content, old.size, proof, now)

    def _log(self, content: bytes) -> Vkey:
        origin = Checkpoint.parse(Note.parse(content).text).origin
        for log in self.logs:
            if log.name == origin:
                return log
        raise VerificationError("origin", f"{origin!r} is no log of this witness")


def _check(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    check_order(old, new)
    if old.size == new.size or old.size == 0:
        if proof:
            raise VerificationError("consistency", "no proof is needed here, and there must be none")
    else:
        merkle.check_consistency(old.size, old.root, new.size, new.root, proof)
