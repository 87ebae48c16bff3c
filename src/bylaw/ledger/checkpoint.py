"""Checkpoints (C2SP tlog-checkpoint v1.0.0): a log's name, its size and its root, signed as a note."""

import base64
import re
from dataclasses import dataclass

from bylaw.errors import MalformedError, VerificationError
from bylaw.ledger.merkle import EMPTY
from bylaw.ledger.note import Note, Vkey, unbase64

MAX_SIZE = (1 << 63) - 1

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: ``size`` leaves with this root. ``extensions`` are further lines, opaque here."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a note's text. Raises ``MalformedError``."""
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or len(lines) < 3 or not all(lines):
            raise MalformedError("checkpoint", "it is not three or more lines, none of them empty")
        root = unbase64(lines[2])
        if root is None or len(root) != len(EMPTY):
            raise MalformedError("checkpoint", f"its third line is not the base64 of 32 bytes: {lines[2][:80]!r}")
        size = parse_size(lines[1], "checkpoint")
        if size == 0 and root != EMPTY:
            raise MalformedError("checkpoint", "its size is 0, but its root is not that of the empty tree")
        return cls(lines[0], size, root, tuple(lines[3:]))

    @property
    def text(self) -> str:
        """The note's text."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode(self.root), *self.extensions))

    def __str__(self) -> str:
        return f"{self.origin}, size {self.size}, root {self.root.hex()}"


def open_checkpoint(content: bytes, log: Vkey) -> tuple[Note, Checkpoint]:
    """The note and what it says, if the log of this key signed it.

    The key's name must be the origin: a checkpoint of another log is refused even where one key signs for both.
    Raises ``MalformedError`` or ``VerificationError``.
    """
    note = Note.parse(content)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise VerificationError("origin", f"it is of the log {checkpoint.origin!r}, not of {log.name!r}")
    if log not in note.verified([log]):
        raise VerificationError("signature", f"the checkpoint is not signed by {log.name}+{log.id.hex()}")
    return note, checkpoint


def parse_size(text: str, check: str) -> int:
    """A decimal without leading zeroes up to ``MAX_SIZE``. Raises ``MalformedError``."""
    if not _SIZE.fullmatch(text) or int(text) > MAX_SIZE:
        raise MalformedError(check, f"{text[:40]!r} is no size or index")
    return int(text)


def encode(content: bytes) -> str:
    """Base64, as hashes stand in texts."""
    return base64.b64encode(content).decode()
