"""Rules made ready to be evaluated: annexes put in, limbs that are off taken out, a license as one predicate; and which
of them are in force."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from bylaw.access.rules.document import Document, License
from bylaw.access.rules.predicates import (
    Agree,
    AllOf,
    Annex,
    AnyOf,
    Employer,
    Evidence,
    Limb,
    Not,
    Predicate,
    Subjects,
    Through,
)
from bylaw.access.rules.relations import ends


class Prepared(msgspec.Struct, frozen=True):
    """A document with the one predicate that says whom it is about; None: nobody. ``doubtful``: another document in
    force has its id, so it may forbid and not permit."""

    document: Document
    who: Predicate | None
    doubtful: bool = False


def in_force(documents: Iterable[Document], at: datetime) -> tuple[Prepared, ...]:
    """The rules in force at an instant, in the order of their names.

    One that another one in force rescinds or supersedes is out. Where two put each other out, both stay: nothing
    that contradicts itself opens a door. (This is the well-founded reading: out is only what a rule that surely
    stands puts out.)
    """
    dated = [each for each in sorted(documents, key=lambda one: (one.id, one.version)) if each.in_force(at)]
    standing: list[Document] = []
    out: list[Document] = []
    while True:
        rest = [each for each in dated if each not in standing and each not in out]
        new = [each for each in rest if not any(ends(other, each) for other in dated if other not in out)]
        if not new:
            break
        standing += new
        out += [each for each in rest if any(ends(other, each) for other in new)]
    kept = [each for each in dated if each not in out]
    counts = Counter(each.id for each in kept)
    return tuple(Prepared(each, who(each), counts[each.id] > 1) for each in kept)


def who(document: Document) -> Predicate | None:
    """Whom a document is about, as one predicate without annexes and without limbs that are off."""
    if isinstance(document, License):
        return _licensed(document)
    return None if document.who is None else _resolved(document.who, document.annexes)


def _licensed(license: License) -> Predicate | None:
    """Somebody it names, and of whom all that it asks for is true."""
    ids = {name: _ids(getattr(license, name), license) for name in ("organizations", "employees_of", "subjects")}
    named: list[Predicate] = [Subjects(ids=ids[name]) for name in ("organizations", "subjects") if ids[name]]
    if ids["employees_of"]:
        named.append(Employer(role="employee", who=Subjects(ids=ids["employees_of"])))
    asked = [license.who, *(condition.requires for condition in license.conditions)]
    needed = [_resolved(each, license.annexes) for each in asked if each is not None]
    if not named or None in needed:
        return None
    return AllOf(of=(AnyOf(of=tuple(named)), *(each for each in needed if each is not None)))


def _ids(names: tuple[str, ...], document: Document) -> tuple[str, ...]:
    found = (document.annexes[name[6:]] if name.startswith("annex:") else (name,) for name in names)
    return tuple(sorted({id for ids in found for id in ids}))


def _resolved(predicate: Predicate, annexes: dict[str, tuple[str, ...]]) -> Predicate | None:
    """None if nothing of it is switched on."""
    match predicate:
        case AllOf() | AnyOf() | Agree():
            kept = tuple(each for part in predicate.of if (each := _resolved(part, annexes)) is not None)
            return msgspec.structs.replace(predicate, of=kept) if kept else None
        case Limb(on=False):
            return None
        case Not() | Limb() | Evidence():
            inner = _resolved(predicate.of, annexes)
            return None if inner is None else msgspec.structs.replace(predicate, of=inner)
        case Employer() | Through():
            inner = _resolved(predicate.who, annexes)
            return None if inner is None else msgspec.structs.replace(predicate, who=inner)
        case Annex(name=name):
            return Subjects(ids=annexes[name]) if annexes[name] else AnyOf(of=())
        case _:
            return predicate
