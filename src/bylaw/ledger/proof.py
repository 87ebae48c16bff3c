"""Proofs of logging (C2SP tlog-proof v1): an entry's place, its inclusion proof and the checkpoint, in one text file.

Such a file (``.tlog-proof``) is checked offline with the entry, and with keys and a policy of the checker's own.
"""

from dataclasses import dataclass

from bylaw.errors import MalformedError, VerificationError
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import Checkpoint, encode, parse_size
from bylaw.ledger.note import MAX_NOTE, Note, unbase64
from bylaw.ledger.policy import Policy, Verdict
from bylaw.ledger.stores import Store
from bylaw.ledger.tiles import TileReader

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_HASHES = 63
MAX_EXTRA = 1 << 16
MAX_PROOF = MAX_NOTE + 2 * MAX_EXTRA

_CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Proof:
    """That an entry stands at ``index``. ``extra`` is opaque and nothing vouches for it."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    """The note, verbatim."""
    extra: bytes | None = None

    @classmethod
    def parse(cls, content: bytes) -> "Proof":
        """Read a proof. Raises ``MalformedError``."""
        if len(content) > MAX_PROOF:
            raise MalformedError("proof", f"it has {len(content)} bytes; {MAX_PROOF} are allowed")
        head, blank, checkpoint = content.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise MalformedError("proof", f"its first lines are not ASCII: {error}") from error
        if not blank or lines.pop(0) != HEADER:
            raise MalformedError("proof", f"it does not begin with {HEADER} and hold a checkpoint after an empty line")
        extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise MalformedError("proof", "it has no index line")
        index = parse_size(lines.pop(0).removeprefix("index "), "proof")
        if len(lines) > MAX_HASHES:
            raise MalformedError("proof", f"it has {len(lines)} hashes; {MAX_HASHES} are the most there can be")
        Checkpoint.parse(Note.parse(checkpoint).text)
        return cls(index, tuple(_hash(line) for line in lines), checkpoint, extra)

    def __bytes__(self) -> bytes:
        extra = [] if self.extra is None else [f"extra {encode(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(encode, self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    def check(self, entry: bytes, policy: Policy) -> Verdict:
        """Check that ``entry`` is in a log that the policy trusts. Raises ``VerificationError``."""
        return self.check_leaf(merkle.leaf_hash(entry), policy)

    def check_leaf(self, leaf: bytes, policy: Policy) -> Verdict:
        """Like ``check``, for one who has only the leaf hash."""
        verdict = policy.check(self.checkpoint)
        at = verdict.checkpoint
        merkle.check_inclusion(leaf, self.index, at.size, self.hashes, at.root)
        return verdict


def prove(store: Store, index: int) -> tuple[Proof, bytes]:
    """The proof that the entry at ``index`` is in the log, and the entry: from its tiles and its present checkpoint.

    The proof is checked against the checkpoint's root before it is given, so changed tiles or entries are found
    here. Reads at most one tile per level twice and one bundle. Raises ``UsageError`` for an entry that no
    checkpoint covers, ``MalformedError`` or ``VerificationError`` if the log's files are damaged.
    """
    content = read_checkpoint(store)
    checkpoint = Checkpoint.parse(Note.parse(content).text)
    reader = TileReader(store, checkpoint.size)
    entry = reader.entry(index)
    hashes = merkle.prove_inclusion(reader, index, checkpoint.size)
    merkle.check_inclusion(merkle.leaf_hash(entry), index, checkpoint.size, hashes, checkpoint.root)
    return Proof(index, tuple(hashes), content), entry


def read_checkpoint(store: Store) -> bytes:
    """The log's present checkpoint. Raises ``VerificationError`` if there is none."""
    content = store.read(_CHECKPOINT, MAX_NOTE)
    if content is None:
        raise VerificationError("checkpoint", "the log has none")
    return content


def _extra(line: str) -> bytes:
    content = unbase64(line.removeprefix("extra "))
    if content is None or len(content) > MAX_EXTRA:
        raise MalformedError("proof", f"its extra line is not the base64 of at most {MAX_EXTRA} bytes")
    return content


def _hash(line: str) -> bytes:
    content = unbase64(line)
    if content is None or len(content) != len(merkle.EMPTY):
        raise MalformedError("proof", f"{line[:60]!r} is not the base64 of a hash")
    return content
