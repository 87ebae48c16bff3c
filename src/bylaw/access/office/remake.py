"""A past decision made again from what was known then: the same bytes, or a reason why not.

What was known then is named by the decision's basis: the facts by the last import that had been read, the rules by
their digest and the journal, hits and ownership by digest. A fact that was erased since cannot be had again; then the
replay says so and does not guess.
"""

from collections.abc import Iterable, Mapping

import msgspec

from bylaw.access.office.archive import Basis, Made
from bylaw.access.office.place import Office, instant
from bylaw.access.subjects import Subject
from bylaw.canonical import canonical
from bylaw.errors import VerificationError


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a decision came out the same, to the byte; else what is different."""

    id: str
    same: bool
    why: str = ""


def remake(office: Office, made: Made, register: Mapping[str, Subject] | None = None) -> Made:
    """The decision as it comes out of the same basis. Raises ``VerificationError`` if the basis is not whole."""
    at = instant(made.basis.at)
    policy = office.policy(at, made.basis)
    if policy.id != made.basis.rules:
        raise VerificationError("rules", f"{made.basis.at} had {made.basis.rules}; what was enacted is {policy.id}")
    register = register if register is not None else office.register(at, made.basis.facts)
    decision = policy.decide(register, made.decision.subject, made.decision.request)
    return Made(decision=decision, basis=made.basis)


def replay(office: Office, decisions: Iterable[Made]) -> Iterable[Replayed]:
    """Each of many decisions made again; those with one basis share the register, which is read once."""
    basis: Basis | None = None
    register: Mapping[str, Subject] = {}
    for made in decisions:
        if made.basis != basis:
            basis, register = made.basis, office.register(instant(made.basis.at), made.basis.facts)
        yield compared(office, made, register)


def compared(office: Office, made: Made, register: Mapping[str, Subject]) -> Replayed:
    """One decision against the one that comes out now."""
    if made.decision.subject not in register:
        return Replayed(id=made.id, same=False, why=f"{made.decision.subject} was erased since")
    again = remake(office, made, register)
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
