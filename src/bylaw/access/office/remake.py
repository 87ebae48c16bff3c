"""A past decision made again from what was known then: the same bytes, or a reason why not.

What was known then is named by the decision's basis: the facts by the last import that had been read, the rules by
their digest and the journal, hits and ownership by digest. A fact that was erased since cannot be had again; then the
replay says so and does not guess.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import NamedTuple

import msgspec

from bylaw.access.decide.policy import Policy
from bylaw.access.office.made import Basis, Made
from bylaw.access.office.place import Office, instant
from bylaw.access.subjects import Subject
from bylaw.canonical import canonical
from bylaw.errors import VerificationError

TO_REPLAY = "to make a decision again"
FEW = 200
"""Decisions of one basis up to which each subject is read by itself, and not the whole register."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a decision came out the same, to the byte; else what is different."""

    id: str
    same: bool
    why: str = ""


class Then(NamedTuple):
    """What was known when decisions of one basis were made."""

    policy: Policy
    register: Mapping[str, Subject]


@contextmanager
def known_then(office: Office, basis: Basis, decisions: int = 1) -> Iterator[Then]:
    """Rules, lists and facts of a basis, for so many decisions.

    Raises ``VerificationError`` if they are not what it names.
    """
    at = instant(basis.at)
    policy = office.policy(at, basis)
    if policy.id != basis.rules:
        raise VerificationError("rules", f"{basis.at} had {basis.rules}; what was enacted is {policy.id}")
    if decisions > FEW:
        yield Then(policy, office.register(at, basis.facts))
    else:
        with office.subjects(at, basis.facts, TO_REPLAY) as register:
            yield Then(policy, register)


def remake(made: Made, then: Then) -> Made:
    """The decision as it comes out of what was known then."""
    decision = then.policy.decide(then.register, made.decision.subject, made.decision.request)
    return Made(decision=decision, basis=made.basis, call=made.call)


def replay(office: Office, decisions: Iterable[Made]) -> Iterable[Replayed]:
    """Each of many decisions made again; for those of one basis in a row everything is read once."""
    for basis, group in groupby(decisions, lambda each: each.basis):
        made = list(group)
        with known_then(office, basis, len(made)) as then:
            yield from [_compared(office, each, then) for each in made]


def _compared(office: Office, made: Made, then: Then) -> Replayed:
    """One decision against the one that comes out now."""
    if made.decision.subject not in then.register:
        return Replayed(id=made.id, same=False, why=f"{made.decision.subject} was erased since")
    again = remake(made, then)
    if canonical(again) == canonical(made):
        return Replayed(id=made.id, same=True)
    return Replayed(id=made.id, same=False, why=_difference(made, again, office))


def _difference(made: Made, again: Made, office: Office) -> str:
    with office.store() as store:
        erased = [each for each in store.erasures() if each.at >= instant(made.basis.at)]
    if made.decision.outcome != again.decision.outcome:
        said = f"it was {made.decision.outcome}, and comes out {again.decision.outcome}"
    else:
        said = f"the same outcome, {made.decision.outcome}, on other facts"
    return f"{said}; {len(erased)} erasures since" if erased else said
