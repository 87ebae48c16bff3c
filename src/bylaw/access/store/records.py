"""The nouns of a store: what somebody said, the import it came with, who looked, what was held and what erased."""

from datetime import datetime

import msgspec

from bylaw.access.subjects import Fact, FactName, SubjectKind


class Known(msgspec.Struct, frozen=True):
    """What somebody is, all its facts in the order in which they were learned, and names of which some were erased."""

    kind: SubjectKind
    facts: tuple[Fact, ...] = ()
    erased: frozenset[FactName] = frozenset()


class Said(msgspec.Struct, frozen=True, gc=False):
    """What one import says of one subject, in the order in which it says it."""

    id: str
    kind: SubjectKind
    facts: tuple[Fact, ...] = ()


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: who brought it in and when, from what (its SHA-256), how many subjects and facts it added."""

    id: int
    recorded: datetime
    by: str
    source: str
    digest: str
    subjects: int
    facts: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a subject's history. ``fact`` is None where it was erased; ``erasure`` then says under what."""

    name: FactName
    recorded_by: int
    """The id of the import."""
    fact: Fact | None = None
    erasure: int | None = None


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody looked. ``subject`` is None where it was the whole register, or is somebody erased since."""

    id: int
    at: datetime
    by: str
    why: str
    subject: str | None
    names: tuple[FactName, ...]
    """Which facts; empty: all there are."""


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing of the subject (None: of anybody) is erased until it is lifted."""

    id: int
    subject: str | None
    placed: datetime
    by: str
    why: str
    lifted: datetime | None = None


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """Facts were erased: how many, by whom and why. ``mentions``: who else's facts still name an erased subject."""

    id: int
    at: datetime
    by: str
    why: str
    facts: int
    mentions: tuple[str, ...] = ()
