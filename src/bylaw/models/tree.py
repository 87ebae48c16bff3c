"""Token trees: a stem, and branches that each continue it. The one layout that labels and training share.

A judge asked K principles about one conversation is a stem with K branches; a DPO pair is a prompt with two. Trees
are packed one after the other; a token sees its own tree's stem and its own branch, nothing else, so every branch gets
exactly the logits it would get alone, and the stem is computed once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from bylaw.models.chat import common_prefix

Tokens = Sequence[int]


@dataclass(frozen=True)
class Tree:
    """``stem`` followed by each of ``branches``. A plain sequence is a stem without branches."""

    stem: Tokens
    branches: tuple[Tokens, ...] = ()

    def __len__(self) -> int:
        return len(self.stem) + sum(map(len, self.branches))


def branching(sequences: Sequence[list[int]], skip: int = 0) -> Tree:
    """The tree of sequences that begin alike, without their first ``skip`` tokens.

    The stem is their longest common prefix, but every branch keeps at least one token, so that each has a last position
    of its own.
    """
    stem = min(common_prefix(min(sequences), max(sequences)), min(map(len, sequences)) - 1)
    stem = max(stem, skip)
    return Tree(tuple(sequences[0][skip:stem]), tuple(tuple(sequence[stem:]) for sequence in sequences))


def fill_rows(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """First-fit-decreasing: which items share a row of ``capacity`` tokens. An item longer than that gets its own."""
    rows: list[list[int]] = []
    room: list[int] = []
    for item in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        row = next((r for r, free in enumerate(room) if free >= lengths[item]), None)
        if row is None:
            rows.append([item])
            room.append(capacity - lengths[item])
        else:
            rows[row].append(item)
            room[row] -= lengths[item]
    return rows


def pack(trees: Sequence[Tree], past: int = 0) -> tuple[list[int], list[int]]:
    """Token ids and position ids of trees one after the other, each on top of the same ``past`` tokens."""
    ids: list[int] = []
    positions: list[int] = []
    for tree in trees:
        ids += tree.stem
        after = past + len(tree.stem)
        positions += range(past, after)
        for branch in tree.branches:
            ids += branch
            positions += range(after, after + len(branch))
    return ids, positions


def predictors(trees: Sequence[Tree]) -> list[list[int]]:
    """Per branch, the packed places that predict its tokens: the stem's last, then its own but the last."""
    found: list[list[int]] = []
    start = 0
    for tree in trees:
        last = start + len(tree.stem) - 1
        start = last + 1
        for tokens in tree.branches:
            found.append([last, *range(start, start + len(tokens) - 1)])
            start += len(tokens)
    return found


def ends(trees: Sequence[Tree]) -> list[int]:
    """Per branch, the packed place of its last token."""
    found: list[int] = []
    start = 0
    for tree in trees:
        start += len(tree.stem)
        for tokens in tree.branches:
            start += len(tokens)
            found.append(start - 1)
    return found


def body(model: Any) -> Any:
    """The transformer under a causal LM's head, through a peft wrapper if there is one."""
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    return getattr(model, model.base_model_prefix)


def head(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Logits [N, V] in float32 of chosen hidden rows [N, d]: the head computed only where it is needed."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    logits: torch.Tensor = base.get_output_embeddings()(hidden).float()
    cap = getattr(base.config, "final_logit_softcapping", None)
    return cap * torch.tanh(logits / cap) if cap else logits
