"""What rules read, and of whom: a tree that ends, so that everything which follows links ends too.

A service account is seen through its responsible person and a channel through its operator, at most ``HOPS`` times in
a row. Whoever is further away, or in a circle, is not looked at, and what hangs on it is unknown.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from bylaw.access.rules.predicates import (
    Channel,
    Citizenship,
    Eligible,
    Employer,
    ForeignPerson,
    Headquarters,
    Incorporation,
    Listed,
    Location,
    Owned,
    ParentHeadquarters,
    PermanentResidency,
    Predicate,
    Protected,
    Residence,
    Subjects,
    Through,
    parts,
)
from bylaw.access.subjects import FactName

HOPS = 2
BEHIND: tuple[FactName, ...] = ("responsible", "operator")
"""The facts that lead to who stands behind a service account, and behind a channel."""

Mark = tuple[Literal["ids"], tuple[str, ...]] | tuple[Literal["list", "owned"], str]
"""What is said of a subject from outside its facts: one of these ids, a hit on a list, a status under a rule."""


class Need(msgspec.Struct, frozen=True):
    """The facts and marks of a subject, and what is needed of those whom its facts lead to."""

    facts: frozenset[FactName] = frozenset()
    marks: frozenset[Mark] = frozenset()
    links: tuple[tuple[FactName, "Need"], ...] = ()


def merge(needs: Iterable[Need]) -> Need:
    """All that several need."""
    needs = list(needs)
    links: dict[FactName, list[Need]] = {}
    for need in needs:
        for name, inner in need.links:
            links.setdefault(name, []).append(inner)
    return Need(
        frozenset().union(*(need.facts for need in needs)),
        frozenset().union(*(need.marks for need in needs)),
        tuple((name, merge(inner)) for name, inner in sorted(links.items())),
    )


def all_marks(need: Need) -> frozenset[Mark]:
    """The marks of a need and of all inside it."""
    return need.marks.union(*(all_marks(inner) for _, inner in need.links))


def of_subject(predicate: Predicate) -> Need:
    """What a predicate reads of the subject it is asked about."""
    match predicate:
        case ForeignPerson():
            return _behind(_facts("citizenship", "permanent_residency", "protected", "incorporation"))
        case Citizenship(which="current"):
            return _behind(_facts("citizenship"))
        case Citizenship():
            return _behind(_facts("citizenship", "permanent_residency"))
        case PermanentResidency() | Protected() | Residence() | Incorporation() | Headquarters():
            return _behind(_facts(NAMES[type(predicate)]))
        case ParentHeadquarters():
            own = _facts("headquarters", "ultimate_parent")
            return _behind(Need(own.facts, links=(("ultimate_parent", _facts("headquarters")),)))
        case Employer(who=who):
            return _behind(Need(frozenset({"employer"}), links=(("employer", of_subject(who)),)))
        case Owned(rule=rule):
            return _behind(Need(marks=frozenset({("owned", rule)})))
        case Listed(lists=lists):
            return _behind(Need(marks=frozenset(("list", name) for name in lists)))
        case Subjects(ids=ids):
            return _behind(Need(marks=frozenset({("ids", ids)})))
        case Eligible():
            return _behind(_facts("eligible"))
        case Location():
            return _facts("location")
        case Channel():
            return _facts("channel")
        case Through():
            return Need()
        case _:
            return merge(map(of_subject, parts(predicate)))


def of_channel(predicate: Predicate) -> Need:
    """What a predicate reads of the channel through which the request comes."""
    match predicate:
        case Channel():
            return _facts("channel")
        case Through(who=who):
            return merge((of_subject(who), of_channel(who)))
        case _:
            return merge(map(of_channel, parts(predicate)))


NAMES: dict[type, FactName] = {
    PermanentResidency: "permanent_residency",
    Protected: "protected",
    Residence: "residence",
    Incorporation: "incorporation",
    Headquarters: "headquarters",
}
"""The predicates that are about one fact whose values are countries."""


def _facts(*names: FactName) -> Need:
    return Need(frozenset(names))


def _behind(need: Need, hops: int = HOPS) -> Need:
    """The same of whoever stands behind a service account or a channel."""
    if not hops:
        return need
    deeper = _behind(need, hops - 1)
    return merge((need, Need(frozenset(BEHIND), links=tuple((name, deeper) for name in BEHIND))))
