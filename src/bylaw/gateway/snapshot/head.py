"""The signed page: which parts are in force, in which version, since when, and how long they may be relied on.

A DSSE envelope with its own payload type, so that nothing else that is signed can be taken for one.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bylaw.canonical import canonical
from bylaw.errors import MalformedError, VerificationError
from bylaw.ledger.entries import Root, Time
from bylaw.lineage import dsse
from bylaw.signing import PublicKey, Signer
from bylaw.storage import write_bytes

PAYLOAD = "application/vnd.bylaw.snapshot+json"
NAME = "head"


class Day(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everybody on a day (UTC): the parts of ``people``."""

    subjects: Root
    facts: Root


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``version`` grows by one with every signature. ``made`` is seconds since 1970; ``at`` is the instant of what is
    in it.

    ``imports`` and ``acts`` number the last import of facts and the acts of the journal, ``outside`` is a digest: with
    the rules' digest they are the basis of every decision. ``days`` has today's people, and tomorrow's when it is
    near.
    """

    version: Annotated[int, Meta(ge=1)]
    made: float
    max_age: Annotated[float, Meta(gt=0)]
    at: Time
    imports: int
    acts: int
    outside: Root
    models: tuple[str, ...]
    """All that is decided about."""
    rules: Root
    """The part with the documents' texts."""
    hits: Root
    """The part with hits and ownership."""
    keys: Root
    days: dict[str, Day]

    @property
    def parts(self) -> frozenset[str]:
        """The names of all parts."""
        people = (part for day in self.days.values() for part in (day.subjects, day.facts))
        return frozenset((self.rules, self.hits, self.keys, *people))


def write_head(folder: Path, head: Head, signer: Signer) -> None:
    """Sign it and put it in the place of the one before."""
    envelope = dsse.seal(canonical(head), signer, PAYLOAD)
    write_bytes(folder / NAME, msgspec.json.encode(envelope) + b"\n")


def read_head(folder: Path, key: PublicKey) -> Head:
    """The head in a folder, if this key has signed it. Raises ``VerificationError``."""
    try:
        content = (folder / NAME).read_bytes()
    except OSError as error:
        raise VerificationError("snapshot", f"{folder / NAME} cannot be read: {error.strerror}") from error
    return open_head(content, key)


def open_head(content: bytes, key: PublicKey) -> Head:
    """The head in an envelope's text, if this key has signed it. Raises ``VerificationError``."""
    payload = dsse.unseal(dsse.parse(content), [key], PAYLOAD)
    try:
        return msgspec.json.decode(payload, type=Head)
    except msgspec.DecodeError as error:
        raise MalformedError("snapshot", str(error)) from error
