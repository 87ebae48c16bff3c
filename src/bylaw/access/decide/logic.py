"""Yes, no, unknown: Kleene's three values, each with the facts it rests on and those that would settle it.

Everything is asked, even where one answer is enough: a decision names all its reasons.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from bylaw.access.decision import Answer
from bylaw.access.subjects import FactName

T = TypeVar("T")
OPPOSITE: dict[Answer, Answer] = {"yes": "no", "no": "yes", "unknown": "unknown"}


class Slot(msgspec.Struct, frozen=True, gc=False):
    """Where a fact stands: of the subject, of whom a step leads to, or of the request's channel (``through``).

    A step is the name of a fact whose values are subjects, and the place among them.
    """

    name: FactName
    steps: tuple[tuple[FactName, int], ...] = ()
    through: bool = False


class Missing(msgspec.Struct, frozen=True, gc=False):
    """What would settle an unknown: the fact at a slot. ``why`` is a row of the table of how to bring things."""

    slot: Slot
    why: str
    detail: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, the slots looked at, what would settle it, list versions, faults, and the limbs that gave it."""

    answer: Answer
    used: tuple[Slot, ...] = ()
    missing: tuple[Missing, ...] = ()
    lists: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


YES = Verdict(answer="yes")
NO = Verdict(answer="no")


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """No if one says no, yes if all say yes."""
    answers = {each.answer for each in verdicts}
    return _together("no" if "no" in answers else "unknown" if "unknown" in answers else "yes", verdicts)


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Yes if one says yes, no if all say no; nothing at all is no."""
    answers = {each.answer for each in verdicts}
    return _together("yes" if "yes" in answers else "unknown" if "unknown" in answers else "no", verdicts)


def agreed(verdicts: Sequence[Verdict]) -> Verdict:
    """What is known, unless it contradicts itself. Then all of it is missing: better evidence settles it."""
    known = {each.answer for each in verdicts} - {"unknown"}
    if len(known) < 2:
        return _together(known.pop() if known else "unknown", verdicts)
    disputed = (Missing(slot, "disputed") for each in verdicts for slot in each.used)
    together = _together("unknown", verdicts)
    return msgspec.structs.replace(together, missing=_once((*together.missing, *disputed)))


def negated(verdict: Verdict) -> Verdict:
    """The opposite, for the same reasons."""
    return msgspec.structs.replace(verdict, answer=OPPOSITE[verdict.answer])


def _together(answer: Answer, verdicts: Sequence[Verdict]) -> Verdict:
    open_ = [each for each in verdicts if each.answer == "unknown"] if answer == "unknown" else []
    telling = [each for each in verdicts if each.answer == answer]
    return Verdict(
        answer=answer,
        used=_once(slot for each in verdicts for slot in each.used),
        missing=_once(one for each in open_ for one in each.missing),
        lists=_once(name for each in verdicts for name in each.lists),
        faults=_once(fault for each in open_ for fault in each.faults),
        clauses=_once(clause for each in telling for clause in each.clauses),
    )


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))
