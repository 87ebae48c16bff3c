"""A rule-based reward against gold: grades people gave to the same propositions, in the form OpenAI published (§5.2).

A row has a conversation, an answer, what kind of answer was due, and *propositions* by name. Those of the reward that
are called as in the file are compared one by one; where all are, so are the orders: of two answers where the same kind
was due, is the one with the higher reward by gold grades also the one with the higher reward by the judge's?
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import msgspec

from bylaw.errors import RecordError
from bylaw.evaluate.statistics import wilson
from bylaw.evaluate.validation import Agreed, Agreement, agreed
from bylaw.feedback.sources import typed
from bylaw.models.base import Model
from bylaw.records import Conversation, Message, PromptKind
from bylaw.rewards.document import RuleReward
from bylaw.rewards.reward import Grades, grade

COMPLY = "Comply"
"""The one kind of response of the published file that is due to a helpful prompt."""


class _Row(msgspec.Struct):
    response_type: str
    prompt: list[Message]
    completion: list[Message]
    propositions: dict[str, bool]


class Gold(NamedTuple):
    """An answer with the grades that people gave. ``due``: the kind of response that was."""

    due: str
    messages: Conversation
    answer: str
    truth: Mapping[str, bool]

    @property
    def aim(self) -> PromptKind:
        """The aim whose weights count for it."""
        return "helpful" if self.due == COMPLY else "harmful"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``pairs`` that gold's rewards tell apart, the share that the judge's put in the same order.

    The 95 % interval (Wilson) takes as many independent pairs as there are answers in any.
    """

    aim: PromptKind
    pairs: int
    answers: int
    value: float
    low: float
    high: float


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A judge's grades and rewards against gold. ``unmatched``: propositions that gold says nothing of."""

    agreement: Agreement
    orders: tuple[Order, ...]
    unmatched: tuple[str, ...]


def read(path: Path) -> list[Gold]:
    """All rows. ``RecordError`` names file, line and field of one that is not as published."""
    return list(_gold(path))


def hold(reward: RuleReward, judge: Model, gold: Sequence[Gold]) -> Held:
    """Grade all gold answers and compare. Raises ``RecordError`` where gold knows no proposition of the reward."""
    known = set.intersection(*(set(one.truth) for one in gold)) if gold else set()
    matched = [name for name in reward.questions if name in known]
    if not matched:
        raise RecordError(f"gold grades {', '.join(sorted(known))}, and none of {', '.join(reward.questions)}")
    grades = judge.run([grade(judge, reward, one.messages, one.answer) for one in gold])
    found: list[Agreed] = []
    for name in matched:
        found.append(
            agreed(name, "rbr", [(one.truth[name], given.get(name)) for one, given in zip(gold, grades, strict=True)])
        )
    unmatched = tuple(name for name in reward.questions if name not in known)
    orders = () if unmatched else tuple(_orders(reward, gold, grades))
    return Held(agreement=Agreement(judge=judge.name, rows=tuple(found)), orders=orders, unmatched=unmatched)


def _orders(reward: RuleReward, gold: Sequence[Gold], grades: Sequence[Grades]) -> Iterator[Order]:
    for aim in reward.weights:
        due: dict[str, list[tuple[float, float]]] = {}
        for one, given in zip(gold, grades, strict=True):
            true = reward.value(aim, {name: float(one.truth[name]) for name in reward.questions})
            said = reward.value(aim, given)
            if one.aim == aim and true is not None and said is not None:
                due.setdefault(one.due, []).append((true, said))
        told = [(a, b) for group in due.values() for a, b in combinations(group, 2) if a[0] != b[0]]
        if told:
            answers = sum(map(len, due.values()))
            share = sum((a[0] > b[0]) == (a[1] > b[1]) and a[1] != b[1] for a, b in told) / len(told)
            low, high = wilson(share * answers, answers)
            yield Order(aim=aim, pairs=len(told), answers=answers, value=share, low=low, high=high)


def _gold(path: Path) -> Iterator[Gold]:
    for number, one in typed(path, _Row):
        if len(one.completion) != 1:
            raise RecordError("has not one completion", f"{path}:{number}")
        yield Gold(one.response_type, tuple(one.prompt), one.completion[0].content, one.propositions)
