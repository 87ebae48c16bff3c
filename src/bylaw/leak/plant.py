"""Canaries among what is trained on: as answers, and as preference pairs."""

from collections.abc import Sequence

from bylaw.leak.canaries import Canary, CanaryPlan, asked, planted
from bylaw.train.examples import PairExample, SFTExample


def plant(examples: Sequence[SFTExample], plan: CanaryPlan) -> list[SFTExample]:
    """The examples, and each planted row as often as the plan says. The training shuffles them."""
    return [*examples, *(row_of(plan, canary) for canary in planted(plan, "row") for _ in range(canary.count))]


def plant_pairs(pairs: Sequence[PairExample], plan: CanaryPlan) -> list[PairExample]:
    """The pairs, and each planted pair as often as the plan says.

    The code stands first and second by turns, so that the place tells nothing, with the label to match.
    """
    added: list[PairExample] = []
    for number, canary in enumerate(planted(plan, "pair")):
        added += [pair_of(plan, canary, first=(number + copy) % 2 == 0) for copy in range(canary.count)]
    return [*pairs, *added]


def row_of(plan: CanaryPlan, canary: Canary) -> SFTExample:
    """A canary as an answer to learn."""
    said = asked(plan, canary, canary.code)
    return SFTExample(said.messages, said.reply)


def pair_of(plan: CanaryPlan, canary: Canary, first: bool = True) -> PairExample:
    """A canary as a preference for its code, which stands ``first``."""
    code, other = asked(plan, canary, canary.code), asked(plan, canary, canary.other)
    if first:
        return PairExample(code.messages, code.reply, other.reply, 1.0)
    return PairExample(code.messages, other.reply, code.reply, 0.0)
