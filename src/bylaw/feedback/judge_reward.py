"""A reward straight from the judge, without a preference model (the direct form of RLAIF, arXiv 2309.00267 §2.2.2).

Answers of one group are compared in a ring, each with the next; an answer's reward is the mean of what its two
comparisons give it.
"""

from collections.abc import Sequence

from bylaw.feedback.label import LabelSettings, label
from bylaw.models.base import Model
from bylaw.records import Comparison, Conversation, Label, Principle


class JudgeReward:
    """Callable as ``reward(prompts, answers)``; None where the judge could not be read."""

    def __init__(self, judge: Model, principles: Sequence[Principle], settings: LabelSettings, seed: int) -> None:
        self._judge = judge
        self._principles = principles
        self._settings = settings
        self._seed = seed

    def __call__(self, prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[float | None]]:
        """Rewards in [0, 1], one for each answer of each prompt."""
        pairs = [
            Comparison(messages=prompt, first=one, second=group[(place + 1) % len(group)])
            for prompt, group in zip(prompts, answers, strict=True)
            for place, one in enumerate(group)
        ]
        programs = [label(pair, self._principles, self._judge.name, self._settings, self._seed) for pair in pairs]
        labels = iter(self._judge.run(programs))
        return [_ring([next(labels) for _ in group]) for group in answers]


def _ring(labels: Sequence[Label]) -> list[float | None]:
    """Label i compares answer i with answer i + 1."""
    rewards: list[float | None] = []
    for place, ahead in enumerate(labels):
        behind = labels[place - 1]
        parts = [] if ahead.p_first is None else [ahead.p_first]
        parts += [] if behind.p_first is None else [1 - behind.p_first]
        rewards.append(sum(parts) / len(parts) if parts else None)
    return rewards
