"""The ledger's last checkpoint: size, root, who signed, the last batch, and how to compare it elsewhere."""

from datetime import UTC, datetime

import msgspec

from bylaw.access.office.place import instant
from bylaw.console.desk import Desk
from bylaw.errors import BylawError, VerificationError
from bylaw.ledger.checkpoint import open_checkpoint
from bylaw.ledger.entries import DecisionBatch, decode
from bylaw.ledger.log import CHECKPOINT, log_vkey
from bylaw.ledger.note import Note, Vkey
from bylaw.ledger.policy import Policy


class Cosigned(msgspec.Struct, frozen=True):
    """A witness of the lab's policy; ``at``: when it cosigned this checkpoint, seconds since 1970, 0: it has not."""

    name: str
    at: float


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The last batch of decisions in the ledger."""

    place: int
    at: datetime
    count: int
    first: str
    last: str
    root: str


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """``signed`` is when the checkpoint's file was written; ``note`` the checkpoint as it stands there; ``fault`` why
    it cannot be relied on (the rest is then empty). ``waiting``: decisions that are filed and in no batch yet.
    """

    fault: str = ""
    folder: str = ""
    origin: str = ""
    vkey: str = ""
    size: int = 0
    root: str = ""
    signed: datetime | None = None
    note: str = ""
    witnesses: tuple[Cosigned, ...] = ()
    quorum: str = ""
    batch: Batch | None = None
    waiting: int = 0


def ledger(desk: Desk) -> Ledger:
    """What the file says, checked against the lab's key and, where it names witnesses, its policy."""
    lab, listing = desk.lab(), desk.gathering.listing
    path = lab.ledger / CHECKPOINT
    entered = listing.entered()
    waiting = listing.last() - (entered[0] if entered else 0)
    try:
        content, vkey = path.read_bytes(), log_vkey(lab.ledger)
        _, checkpoint = open_checkpoint(content, vkey)
        witnesses, quorum = _witnesses(lab.policy, content, vkey)
    except (BylawError, OSError) as error:
        return Ledger(fault=str(error), folder=str(lab.ledger), waiting=waiting)
    return Ledger(
        folder=str(lab.ledger),
        origin=checkpoint.origin,
        vkey=str(vkey),
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        signed=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        note=content.decode("utf-8", "replace"),
        witnesses=witnesses,
        quorum=quorum,
        batch=_batch(entered[1], bytes.fromhex(entered[2])) if entered else None,
        waiting=waiting,
    )


def _witnesses(policy: Policy | None, content: bytes, vkey: Vkey) -> tuple[tuple[Cosigned, ...], str]:
    """Who cosigned, and what the policy says of it; it need not be satisfied to be shown."""
    if policy is None:
        return (), ""
    times = Note.parse(content).verified(policy.witnesses.values())
    found = tuple(Cosigned(name, times.get(key) or 0) for name, key in policy.witnesses.items())
    try:
        policy.check(content, [vkey])
    except VerificationError as error:
        return found, str(error)
    return found, ""


def _batch(place: int, entry: bytes) -> Batch | None:
    said = decode(entry)
    if not isinstance(said, DecisionBatch):
        return None
    return Batch(
        place=place, at=instant(said.at), count=said.count, first=said.first, last=said.last, root=said.decisions
    )
