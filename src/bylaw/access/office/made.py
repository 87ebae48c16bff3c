"""A decision with what it was made from, and its bytes: as the archive keeps it, and as a gateway writes it ahead."""

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec

from bylaw.access.decision import Decision
from bylaw.canonical import digest, sha256
from bylaw.errors import RecordError, VerificationError
from bylaw.ledger.merkle import leaf_hash
from bylaw.ledger.salts import commitment

_FRAME = re.compile(rb'\{"basis":(\{[^{}]*\}),"call":"[\w.-]*","decision":(\{.*\})\}', re.DOTALL)
"""A canonical ``Made`` with a call, in which nothing is escaped: its basis and its decision."""


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What decisions were made from: facts, rules, hits and ownership as they were known.

    ``at`` is the instant they were made for (UTC), ``facts`` the number of the last import, ``acts`` how many acts the
    journal had; ``rules`` and ``outside`` are digests.
    """

    at: str
    facts: int
    acts: int
    rules: str
    outside: str


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A decision with its basis; its ``id`` is made from both, and from the ``call`` it was made for at a gateway."""

    decision: Decision
    basis: Basis
    call: str = ""

    @property
    def id(self) -> str:
        """``decision-`` and 64 hex digits."""
        return f"decision-{digest(self)}"


class Written(NamedTuple):
    """A decision as it was written ahead of its answer: the canonical bytes of a ``Made``, and the salt of its
    commitment.
    """

    body: bytes
    salt: bytes

    @property
    def receipt(self) -> str:
        """The hash of its leaf in a batch's tree, 64 hex digits: what the caller was given."""
        return leaf_hash(commitment(self.body, self.salt).encode()).hex()


def summary(body: bytes) -> tuple[str, str, str, str]:
    """Instant, subject, model and outcome of a decision's bytes. Raises ``RecordError`` for what is no decision.

    Thousands that a gateway wrote have the same basis and decision and differ in their calls, so each part is read
    once.
    """
    found = _FRAME.fullmatch(body)
    try:
        if found is not None:
            return _instant(found[1]), *_said(found[2])
        made = _read(body)
    except msgspec.DecodeError as error:
        raise RecordError(f"these bytes are no decision: {error}") from error
    return made.basis.at, *_told(made.decision)


@lru_cache(maxsize=1 << 6)
def _instant(basis: bytes) -> str:
    return msgspec.json.decode(basis, type=Basis).at


@lru_cache(maxsize=1 << 12)
def _said(decision: bytes) -> tuple[str, str, str]:
    return _told(msgspec.json.decode(decision, type=Decision))


def _told(decision: Decision) -> tuple[str, str, str]:
    return decision.subject, decision.request.model, decision.outcome


def made_of(id: str, body: bytes) -> Made:
    """The decision of an id. Raises ``VerificationError`` for bytes that are another one's."""
    if id != f"decision-{sha256(body)}":
        raise VerificationError("decision", f"{id} was changed: what is kept under this id has another")
    return _read(body)


def _read(body: bytes) -> Made:
    return msgspec.json.decode(body, type=Made)
