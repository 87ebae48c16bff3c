"""What a replica and the publisher sign for each other: a piece of an append-only file, and how much has been filed.

Each has its own payload type, so neither can be taken for the other, nor for a head.
"""

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from bylaw.canonical import canonical, sha256
from bylaw.errors import MalformedError, VerificationError
from bylaw.gateway.record.layout import SUFFIX
from bylaw.ledger.entries import Root
from bylaw.lineage import dsse
from bylaw.signing import PublicKey, Signer

SENT = "bylaw_pieces"
"""The channel on which new pieces are told."""
BEATS = ".jsonl"
_WORKER = "-w[0-9a-f]{12}"
_FILE = rf"{_WORKER}(-[0-9]{{6}}{re.escape(SUFFIX)}|{re.escape(BEATS)})"
Size = Annotated[int, Meta(ge=0, le=1 << 53)]
P = TypeVar("P")


class Piece(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whole lines of a replica's ``file``, from byte ``start`` to before ``ending``; ``digest`` is their SHA-256."""

    machine: str
    file: str
    start: Size
    ending: Size
    digest: Root


class Filed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of each file of a replica, so many bytes are filed at the publisher's machine, on its disk."""

    machine: str
    files: dict[str, Size]


_TYPES: dict[Any, str] = {
    Piece: "application/vnd.bylaw.piece+json",
    Filed: "application/vnd.bylaw.filed+json",
}


def seal(page: Piece | Filed, signer: Signer) -> bytes:
    """The page in an envelope."""
    return msgspec.json.encode(dsse.seal(canonical(page), signer, _TYPES[type(page)]))


def unseal(content: bytes, type: type[P], key: PublicKey) -> P:
    """The page in an envelope, if this key has signed it. Raises ``VerificationError``."""
    payload = dsse.unseal(dsse.parse(content), [key], _TYPES[type])
    try:
        return msgspec.json.decode(payload, type=type)
    except msgspec.DecodeError as error:
        raise MalformedError("cluster", str(error)) from error


def piece_of(machine: str, file: str, start: int, content: bytes) -> Piece:
    """The page about a piece."""
    return Piece(machine=machine, file=file, start=start, ending=start + len(content), digest=sha256(content))


def worker_of(machine: str, file: str) -> str:
    """The worker whose file it is. Raises ``VerificationError`` for what is no file of this machine's workers."""
    if re.fullmatch(re.escape(machine) + _FILE, file) is None:
        raise VerificationError("cluster", f"{file[:80]!r} is no file of {machine}")
    return file[: len(machine) + len("-w") + 12]
