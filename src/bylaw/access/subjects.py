"""The nouns of access: a subject, and what is known of it.

A *fact* says everything there is of one name about one subject, as one source saw it on one day: all citizenships, not
one more of them. ``values == ()`` is known to be none; ``values is None`` is known to be unknown; a name without a fact
is unknown too. A fact is never changed: a later one stands beside it, and ``standing`` says which of them counts.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, get_args

import msgspec

SubjectKind = Literal["person", "organization", "service", "channel"]
Grade = Literal["declared", "attested", "document", "verified"]
"""Who stands behind a fact, weakest first: the subject itself, its organisation, somebody who saw a document, a KYC
provider that checked it."""

GRADES: dict[Grade, int] = {grade: rank for rank, grade in enumerate(get_args(Grade))}

FactName = Literal[
    "name",
    "born",
    "citizenship",
    "permanent_residency",
    "protected",
    "residence",
    "location",
    "employer",
    "incorporation",
    "headquarters",
    "ultimate_parent",
    "owner",
    "responsible",
    "operator",
    "channel",
    "eligible",
]

CHANNELS = ("direct", "reseller", "cloud")
"""What the values of a fact ``channel`` may be."""


class Meaning(msgspec.Struct, frozen=True):
    """What the values of a fact are, whom it can be said of, and whether there can be several."""

    of: frozenset[SubjectKind]
    values: Literal["text", "date", "country", "subject", "channel", "directive"]
    many: bool
    detail: frozenset[str] = frozenset()
    """What ``Value.detail`` may say; empty: nothing."""


def _meaning(of: str, values: str, many: bool = False, detail: str = "") -> Meaning:
    return msgspec.convert({"of": of.split(), "values": values, "many": many, "detail": detail.split()}, Meaning)


FACTS: Mapping[FactName, Meaning] = {
    "name": _meaning("person organization", "text", many=True),
    "born": _meaning("person", "date"),
    "citizenship": _meaning("person", "country", many=True),
    "permanent_residency": _meaning("person", "country", many=True),
    # a protected individual of that country, as in 8 USC 1324b(a)(3): admitted as a refugee, granted asylum
    "protected": _meaning("person", "country", many=True),
    "residence": _meaning("person", "country"),
    "location": _meaning("person organization service channel", "country"),
    "employer": _meaning("person", "subject", many=True, detail="employee contractor"),
    "incorporation": _meaning("organization", "country"),
    "headquarters": _meaning("organization", "country"),
    "ultimate_parent": _meaning("organization", "subject"),
    "owner": _meaning("organization", "subject", many=True),
    "responsible": _meaning("service", "subject"),
    "operator": _meaning("channel", "subject"),
    "channel": _meaning("channel", "channel"),
    # kept instead of nationality: eligible under a directive, by an evidence reference
    "eligible": _meaning("person organization service channel", "directive", many=True, detail="yes no"),
}


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One value: a country (ISO 3166 alpha-2, lower case), a subject's id, a date, a text.

    It holds from ``since`` until the day before ``until``; None: not known, or open. ``share`` is an owner's stake in
    percent as the ownership room reads it (``50``, ``25-50``, empty: unknown).
    """

    text: str
    since: date | None = None
    until: date | None = None
    detail: str = ""
    share: str = ""

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Everything of one name about a subject, as ``source`` saw it on ``as_of``.

    It counts until the day before ``expires``. ``evidence`` refers to what was seen (a document's digest, a provider's
    reference), never holds it. A fact does not name its subject, so subjects of whom the same is known share it.
    """

    name: FactName
    values: tuple[Value, ...] | None
    source: str
    grade: Grade
    as_of: date
    expires: date | None = None
    evidence: str = ""

    def counts(self, on: date) -> bool:
        """Whether it was seen by then and has not expired."""
        return self.as_of <= on and (self.expires is None or on < self.expires)


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The fact that counts for a name, and those that contradict it. With any, the name is unknown."""

    fact: Fact
    against: tuple[Fact, ...] = ()

    @property
    def values(self) -> tuple[Value, ...] | None:
        """The values, or None for unknown: said so, or disputed."""
        return None if self.against else self.fact.values


def standing(history: Iterable[Fact], on: date) -> dict[FactName, Standing]:
    """Which fact of each name counts on a day. ``history`` is in the order in which it was learned.

    A later fact (by ``as_of``, then by order) takes the place of an earlier one of no higher grade. One of lower grade
    that says something else does not win and is not ignored: the name is disputed, thus unknown, until somebody settles
    it with better evidence. Nobody can so talk himself out of what a document showed, nor is a warning lost.
    """
    found: dict[FactName, Standing] = {}
    for fact in sorted((fact for fact in history if fact.counts(on)), key=lambda fact: fact.as_of):
        before = found.get(fact.name)
        if before is None or GRADES[fact.grade] >= GRADES[before.fact.grade]:
            found[fact.name] = Standing(fact)
        elif fact.values != before.fact.values:
            found[fact.name] = Standing(before.fact, (*before.against, fact))
    return found


class Subject(msgspec.Struct, frozen=True, gc=False):
    """Who asks, with what counts of it on one day."""

    id: str
    kind: SubjectKind
    known: Mapping[FactName, Standing] = {}

    def values(self, name: FactName) -> tuple[Value, ...] | None:
        """The values of a fact; None if unknown."""
        said = self.known.get(name)
        return said.values if said else None


class Register(dict[str, Subject]):
    """Subjects by id, all of one day: of each only facts that count on it are known."""

    def __init__(self, on: date, subjects: Iterable[tuple[str, Subject]]) -> None:
        super().__init__(subjects)
        self.on = on
