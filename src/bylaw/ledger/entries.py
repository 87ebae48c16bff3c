"""What bylaw enters in a log: typed entries that hold digests and salted commitments, never the things themselves.

An entry is the RFC 8785 form of one of the structs below; ``kind`` says which, and its version. A *reference* names a
thing by digest and says on its face how: ``sha256:…`` is the plain SHA-256 of the thing's bytes, for what is public
or beyond guessing; ``salted:…`` is a commitment (``salts``), for everything else. There is no field for free text.

``encode`` refuses what ``decode`` would not take, so every entry in a log reads back.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from bylaw import storage
from bylaw.canonical import canonical, sha256
from bylaw.errors import MalformedError, UsageError
from bylaw.ledger.tiles import MAX_ENTRY

Reference = Annotated[str, Meta(pattern=r"^(sha256|salted):[0-9a-f]{64}\Z")]
Root = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Time = Annotated[str, Meta(pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z\Z")]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\Z")]
Uri = Annotated[str, Meta(pattern=r"^https?://[!-~]{1,240}\Z")]
Count = Annotated[int, Meta(ge=1, le=(1 << 53) - 1)]


def now() -> Time:
    """The time, as an entry says it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reference(content: bytes) -> Reference:
    """How an entry names what is public, or beyond guessing."""
    return f"sha256:{sha256(content)}"


class _Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    at: Time
    """When the producer made the entry, by its own clock (UTC). Only a witness's time is more than a claim."""


class StatementEntry(_Entry, frozen=True, kw_only=True, tag="statement.v1"):
    """A signed statement: what was made from what."""

    statement: Reference
    """Of the signed envelope's payload."""
    predicate: Uri
    """The statement's predicate type."""


class _OfOffice(_Entry, frozen=True, kw_only=True, omit_defaults=True):
    office: Reference | None = None
    """The office that says so, by what it calls itself: several may share a log. None before offices had names."""


class DirectiveEnacted(_OfOffice, frozen=True, kw_only=True, tag="directive-enacted.v1"):
    """A directive came into force at the door."""

    directive: Reference
    effective: Time
    approval: Reference | None = None
    """Of what the office keeps beside it: whose keys had signed, and which errors it was enacted with all the same.
    None in entries from before that was entered."""


class DirectiveRescinded(_OfOffice, frozen=True, kw_only=True, tag="directive-rescinded.v1"):
    """A directive went out of force at the door."""

    directive: Reference
    order: Reference
    """The text that rescinds it."""
    effective: Time


class DecisionBatch(_OfOffice, frozen=True, kw_only=True, tag="decision-batch.v1"):
    """Decisions in a row: the root of a Merkle tree (RFC 6962) whose leaves are their commitments, in order.

    One decision is shown by its commitment's inclusion proof, and opened by its salt, while the rest stays closed.
    """

    decisions: Root
    count: Count
    first: Time
    last: Time
    rules: Reference
    """The directives that were in force, as compiled."""


class ReportsFiled(_OfOffice, frozen=True, kw_only=True, tag="reports-filed.v1"):
    """Reports went to an authority, or did not after all: a commitment to which, and under which reference."""

    filing: Reference
    count: Count


class CanaryPlan(_Entry, frozen=True, kw_only=True, tag="canary-plan.v1"):
    """The plan of a leak test, entered before training: which canaries go in how often, and which are held out."""

    plan: Reference
    planted: Count
    held_out: Count


class MeasurementEntry(_Entry, frozen=True, kw_only=True, tag="measurement.v1"):
    """Something was measured on a model."""

    measurement: Reference
    name: Name
    model: Reference


AnyEntry = (
    StatementEntry
    | DirectiveEnacted
    | DirectiveRescinded
    | DecisionBatch
    | ReportsFiled
    | CanaryPlan
    | MeasurementEntry
)

KINDS: dict[str, type[AnyEntry]] = {str(type.__struct_config__.tag): type for type in get_args(AnyEntry)}
"""Every kind of entry by the name that stands in it."""

_DECODER = msgspec.json.Decoder(AnyEntry)
_OURS = re.compile(rb'"kind":"([^"\\]+)"')


def encode(entry: AnyEntry) -> bytes:
    """The bytes that enter a log. Raises ``UsageError`` naming the field that is wrong."""
    content = canonical(entry)
    try:
        decode(content)
    except MalformedError as error:
        raise UsageError(f"this {type(entry).__name__} cannot be entered: {error}") from error
    return content


def decode(content: bytes) -> AnyEntry:
    """The entry in a log's bytes. Raises ``MalformedError`` for what is none, or is written another way."""
    if len(content) > MAX_ENTRY:
        raise MalformedError("entry", f"it has {len(content)} bytes; {MAX_ENTRY} are allowed")
    try:
        entry: AnyEntry = _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        sentence, field = storage.split_path(str(error))
        raise MalformedError("entry", f"{field}: {sentence}" if field else sentence) from error
    if canonical(entry) != content:
        raise MalformedError("entry", "it is not in the one form (RFC 8785) in which it is entered")
    return entry


def kind_of(content: bytes) -> str:
    """The kind an entry says it is, ``opaque`` if it says nothing; for lists, not for trust."""
    found = _OURS.search(content[:4096])
    return found[1].decode(errors="replace") if found and content[:1] == b"{" else "opaque"
