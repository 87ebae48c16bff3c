"""Log-probabilities of the branches of token trees, with the head computed only where a branch token is
predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from bylaw.models.tree import Tree, head, predictors
from bylaw.train.packed import packed_hidden

# Logits held at once: above this the head runs in chunks that are computed again in the backward pass.
LOGITS = 2**28


@dataclass(frozen=True)
class BranchLogprobs:
    """``tokens`` [T]: log-probability of each branch token, tree by tree, branch by branch; ``branch`` [T]:
    which one.

    Branches are numbered through all trees: the second branch of the third pair is number 5.
    """

    tokens: torch.Tensor
    branch: torch.Tensor
    branches: int

    def sums(self) -> torch.Tensor:
        """[B]: log-probability of each branch given its stem."""
        return self.per_branch(self.tokens)

    def per_branch(self, values: torch.Tensor) -> torch.Tensor:
        """[B]: per-token ``values`` [T] summed by branch."""
        return values.new_zeros(self.branches).index_add(0, self.branch, values)

    def lengths(self) -> torch.Tensor:
        """[B]: tokens of each branch."""
        return self.per_branch(torch.ones_like(self.tokens))


def branch_logprobs(model: Any, trees: Sequence[Tree]) -> BranchLogprobs:
    """Natural log-probabilities (float32) of all branch tokens under a causal LM, attached to the graph."""
    hidden = packed_hidden(model, trees)
    where: list[int] = []
    branch: list[int] = []
    for number, columns in enumerate(predictors(trees)):
        where += columns
        branch += [number] * len(columns)
    targets = [token for tree in trees for tokens in tree.branches for token in tokens]
    rows = hidden[torch.tensor(where, device=hidden.device)]
    logprobs = _token_logprobs(model, rows, torch.tensor(targets, device=hidden.device))
    return BranchLogprobs(logprobs, torch.tensor(branch, device=hidden.device), branch[-1] + 1)


def _token_logprobs(model: Any, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    def chunk(rows: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return -F.cross_entropy(head(model, rows), wanted, reduction="none")

    size = max(1, LOGITS // model.config.vocab_size)
    if len(targets) <= size:
        return chunk(hidden, targets)
    parts = zip(torch.split(hidden, size), torch.split(targets, size), strict=True)
    return torch.cat([checkpoint(chunk, rows, wanted, use_reentrant=False) for rows, wanted in parts])
