"""What an answer is worth by a rule-based reward: a judge grades its propositions, and the weights add them up."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bylaw.evaluate.grader import Grader
from bylaw.models.base import Model, Program
from bylaw.records import Conversation, PromptKind
from bylaw.rewards.document import RuleReward, rounded

Grades = Mapping[str, float]


class Worth(NamedTuple):
    """What one answer is worth; None where that could not be read. ``grades``: of propositions, where there are any."""

    value: float | None
    grades: Grades | None = None


def grade(judge: Model, reward: RuleReward, messages: Conversation, answer: str) -> Program[Grades]:
    """Probability of each proposition about an answer; one that the judge gave no readable answer to is left out."""
    found = yield from Grader(judge, reward.questions).grade(messages, answer)
    return {name: rounded(value) for name, value in found.items()}


class ByRules:
    """Callable as ``reward(prompts, answers)``; ``aims``: what each conversation was collected for."""

    def __init__(self, judge: Model, reward: RuleReward, aims: Mapping[Conversation, PromptKind]) -> None:
        self._judge = judge
        self._reward = reward
        self._aims = aims

    def __call__(self, prompts: Sequence[Conversation], answers: Sequence[Sequence[str]]) -> list[list[Worth]]:
        """One worth for each answer of each prompt, none where a proposition could not be read."""
        asked = [(prompt, text) for prompt, group in zip(prompts, answers, strict=True) for text in group]
        graded = iter(self._judge.run([grade(self._judge, self._reward, *one) for one in asked]))
        return [
            [self._worth(prompt, next(graded)) for _ in group] for prompt, group in zip(prompts, answers, strict=True)
        ]

    def _worth(self, prompt: Conversation, grades: Grades) -> Worth:
        return Worth(self._reward.value(self._aims[prompt], grades), grades)
