"""Next-token log-probabilities of many conversations, each token of what they share computed once.

Three levels are shared: the beginning common to everything asked (a few-shot prefix) is computed once per
run, the stem of an ask once per ask, and each branch alone. Asks of many programs go through the model
together.
"""

from dataclasses import dataclass
from typing import Any

import torch

from bylaw.models.attention import KeyValue, Recorded, hidden_packed
from bylaw.models.base import Usage
from bylaw.models.chat import common_prefix
from bylaw.models.forest import Forest
from bylaw.models.tree import Tree, branching, fill_rows, head

_WORTH_SHARING = 16  # tokens; a shorter common beginning (template tokens) is not kept aside

Row = tuple[float, ...]


@dataclass(frozen=True)
class Question:
    """One ask: token sequences to go on from, and for each the option tokens to read there. Never empty."""

    sequences: tuple[list[int], ...]
    options: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return sum(map(len, self.sequences))


class Chooser:
    """Answers questions in waves. It keeps the common beginning's keys and values, so it lives as long as a
    run.
    """

    def __init__(self, model: Any, budget: int, usage: Usage) -> None:
        self.model = model
        self.budget = budget
        self.usage = usage
        self._like = next(model.parameters())
        self._prefix: list[int] = []
        self._past: list[KeyValue] | None = None

    def answer(self, questions: list[Question]) -> list[list[Row]]:
        """Per question a row of log-probabilities for each of its sequences."""
        self._share(questions)
        trees = [branching(question.sequences, len(self._prefix)) for question in questions]
        whole = [i for i, tree in enumerate(trees) if len(tree) <= self.budget]
        hidden: dict[int, torch.Tensor] = {}
        for row in fill_rows([len(trees[i]) for i in whole], self.budget):
            chosen = [whole[i] for i in row]
            parts = self._forest([trees[i] for i in chosen], self._past)
            hidden.update(zip(chosen, parts, strict=True))
        for i, tree in enumerate(trees):
            if i not in hidden:
                hidden[i] = self._in_parts(tree)
        self._count(questions)
        return [self._read(hidden[i], question) for i, question in enumerate(questions)]

    def _share(self, questions: list[Question]) -> None:
        """Keep aside what all sequences of the wave begin with: what is kept, cut to fit, or computed."""
        sequences = [sequence for question in questions for sequence in question.sequences]
        limit = min(map(len, sequences)) - 1
        shared = sequences[0][: min(common_prefix(min(sequences), max(sequences)), limit)]
        kept = common_prefix(self._prefix, shared)
        if kept >= _WORTH_SHARING and (kept == len(self._prefix) or 2 * kept >= len(shared)):
            self._prefix = self._prefix[:kept]
            self._past = [(key[:, :kept], value[:, :kept]) for key, value in self._past or []]
            return
        worth = len(questions) > 1 and len(shared) >= _WORTH_SHARING
        self._prefix = shared if worth else []
        self._past = self._record(shared, None) if worth else None

    def _record(self, tokens: list[int], past: list[KeyValue] | None) -> list[KeyValue]:
        start = past[0][0].shape[1] if past else 0
        plan = Recorded(past)
        hidden_packed(self.model, tokens, list(range(start, start + len(tokens))), plan)
        self._computed(len(tokens))
        return plan.kept

    def _forest(self, trees: list[Tree], past: list[KeyValue] | None) -> tuple[torch.Tensor, ...]:
        """Hidden states [branches, d] at the branches' ends, tree by tree."""
        plan = Forest(trees, past, self._like)
        hidden = hidden_packed(self.model, plan.ids, plan.positions, plan)
        self._computed(len(plan.ids))
        return torch.split(hidden[plan.ends], [len(tree.branches) for tree in trees])

    def _in_parts(self, tree: Tree) -> torch.Tensor:
        """A tree beyond the budget: its stem joins the past, its branches follow in several passes."""
        past = self._record(list(tree.stem), self._past) if tree.stem else self._past
        lengths = [len(branch) for branch in tree.branches]
        found: dict[int, torch.Tensor] = {}
        for row in fill_rows(lengths, self.budget):
            (part,) = self._forest([Tree((), tuple(tree.branches[i] for i in row))], past)
            found.update(zip(row, part, strict=True))
        return torch.stack([found[i] for i in range(len(lengths))])

    def _read(self, hidden: torch.Tensor, question: Question) -> list[Row]:
        logprobs = head(self.model, hidden).log_softmax(-1)
        wanted = torch.tensor(question.options, device=hidden.device)
        return [tuple(row) for row in logprobs.gather(1, wanted).tolist()]

    def _computed(self, tokens: int) -> None:
        self.usage.reused_tokens -= tokens

    def _count(self, questions: list[Question]) -> None:
        """Prompt tokens are those asked about; reused are those of them that no forward pass computed."""
        asked = sum(map(len, questions))
        self.usage.prompt_tokens += asked
        self.usage.reused_tokens += asked
        self.usage.choices += sum(len(question.sequences) for question in questions)
