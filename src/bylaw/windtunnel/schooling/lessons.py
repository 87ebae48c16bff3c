"""What is learned from a step's lessons: the loss at the tokens to say and at the letters to choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from bylaw.models.tree import Tree, ends, head, predictors
from bylaw.train.packed import packed_hidden

WEIGHTS = {"answer": 0.7, "revise": 1.0, "letters": 3.0}

# Text is learned at this temperature, so that at 1 it is said with fewer slips than so small a model would make. What
# is equally likely stays so. Letters are learned at 1: a judge's probabilities are to be taken at their word.
TEXT_TEMPERATURE = 1.5


@dataclass(frozen=True)
class Lesson:
    """A tree with what is to be learned from it.

    ``learn[b]`` holds, for branch b, the (start, end) spans of tokens to predict; ``letters[b]`` is P(first letter)
    to predict after the branch's last token, or None.
    """

    task: str
    tree: Tree
    learn: tuple[tuple[tuple[int, int], ...], ...]
    letters: tuple[float | None, ...]


Branch = tuple[list[int], tuple[tuple[int, int], ...]]
"""Tokens, and the (start, end) spans of them that are to be learned."""


def told(task: str, stem: list[int], branches: Sequence[Branch]) -> Lesson:
    """A lesson of text alone: no letter is asked for."""
    tokens, spans = zip(*branches, strict=True)
    return Lesson(task, Tree(stem, tokens), spans, (None,) * len(branches))


def shares(drawn: Sequence[Lesson], workers: int) -> list[list[Lesson]]:
    """Each worker's lessons, of about as many tokens each, since the slowest is waited for; none goes without."""
    shared: list[list[Lesson]] = [[] for _ in range(workers)]
    tokens = [0] * workers
    for lesson in sorted(drawn, key=lambda one: -len(one.tree)):
        lightest = tokens.index(min(tokens))
        shared[lightest].append(lesson)
        tokens[lightest] += len(lesson.tree)
    return [share or [drawn[0]] for share in shared]


def backward(model: Any, drawn: Sequence[Lesson], letters: torch.Tensor) -> dict[str, float]:
    """Add the gradients of a step's loss; returns the mean of each kind: answers, critiques and revisions, letters.

    ``letters`` are the token ids of A and B.
    """
    hidden = packed_hidden(model, [lesson.tree for lesson in drawn])
    spots = _spots(drawn)
    losses: dict[str, torch.Tensor] = {}
    for kind in ("answer", "revise"):
        if spots.tokens[kind]:
            logits = head(model, hidden[torch.tensor(spots.before[kind])]) / TEXT_TEMPERATURE
            losses[kind] = F.cross_entropy(logits, torch.tensor(spots.tokens[kind]))
    if spots.asked:
        p_first = torch.tensor(spots.letters)
        losses["letters"] = _letter_loss(head(model, hidden[torch.tensor(spots.asked)]), p_first, letters)
    weighted = [WEIGHTS[kind] * loss for kind, loss in losses.items()]
    torch.stack(weighted).sum().backward()  # type: ignore[no-untyped-call]
    return {kind: float(loss.detach()) for kind, loss in losses.items()}


class _Spots:
    """Where in the packed tokens something is learned: positions before the tokens to predict, and asked letters."""

    def __init__(self) -> None:
        self.before: dict[str, list[int]] = {"answer": [], "revise": []}
        self.tokens: dict[str, list[int]] = {"answer": [], "revise": []}
        self.asked: list[int] = []
        self.letters: list[float] = []


def _spots(drawn: Sequence[Lesson]) -> _Spots:
    spots = _Spots()
    trees = [lesson.tree for lesson in drawn]
    before, last = iter(predictors(trees)), iter(ends(trees))
    for lesson in drawn:
        kind = "answer" if lesson.task == "answer" else "revise"
        for tokens, learn, target in zip(lesson.tree.branches, lesson.learn, lesson.letters, strict=True):
            places, end = next(before), next(last)
            for first, stop in learn:
                spots.before[kind] += places[first:stop]
                spots.tokens[kind] += tokens[first:stop]
            if target is not None:
                spots.asked.append(end)
                spots.letters.append(target)
    return spots


def _letter_loss(logits: torch.Tensor, p_first: torch.Tensor, letters: torch.Tensor) -> torch.Tensor:
    """Mean divergence from the soft targets, over the whole vocabulary."""
    logs = logits.log_softmax(-1)[:, letters]
    entropy = -(torch.special.xlogy(p_first, p_first) + torch.special.xlogy(1 - p_first, 1 - p_first))
    crossed: torch.Tensor = -(p_first * logs[:, 0] + (1 - p_first) * logs[:, 1])
    mean: torch.Tensor = (crossed - entropy).mean()
    return mean
