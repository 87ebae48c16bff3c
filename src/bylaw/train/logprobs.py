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
        """[B]: per-token ``values`` [T] summed by branch, in float64: one by one in float32, five hundred tokens lose
        thousandths of a nat, and DPO lives on differences of such sums."""
        sums = values.new_zeros(self.branches, dtype=torch.float64).index_add(0, self.branch, values.double())
        return sums.to(values.dtype)

    def lengths(self) -> torch.Tensor:
        """[B]: tokens of each branch."""
        return self.per_branch(torch.ones_like(self.tokens))


@dataclass(frozen=True)
class Targets:
    """What to learn at each branch token: ``tokens`` [T, K] and their ``shares`` [T, K], which sum to 1."""

    tokens: torch.Tensor
    shares: torch.Tensor


def branch_logprobs(
    model: Any, trees: Sequence[Tree], targets: Targets | None = None, temperature: float = 1.0
) -> BranchLogprobs:
    """Natural log-probabilities (float32) of all branch tokens under a causal LM, attached to the graph.

    With ``targets``, the log-probability that each place expects over its tokens to learn, by their shares. Logits are
    divided by ``temperature``.
    """
    rows, branch = _branch_rows(model, trees)
    said = torch.tensor([token for tree in trees for tokens in tree.branches for token in tokens])
    wanted = (said,) if targets is None else (targets.tokens, targets.shares)
    logprobs = _chunked(model, rows, [tensor.to(rows.device) for tensor in wanted], temperature)
    return BranchLogprobs(logprobs, torch.tensor(branch, device=rows.device), branch[-1] + 1)


def likeliest(model: Any, trees: Sequence[Tree], top: int, temperature: float = 1.0) -> Targets:
    """The ``top`` likeliest tokens where each branch token is predicted; their shares are made to sum to 1."""
    rows, _ = _branch_rows(model, trees)
    found = [(head(model, part) / temperature).topk(top) for part in torch.split(rows, _rows_at_once(model))]
    shares = torch.cat([part.values for part in found]).softmax(-1)
    return Targets(torch.cat([part.indices for part in found]), shares)


def _branch_rows(model: Any, trees: Sequence[Tree]) -> tuple[torch.Tensor, list[int]]:
    """Hidden states [T, d] that predict all branch tokens, and the number of the branch of each."""
    hidden = packed_hidden(model, trees)
    where: list[int] = []
    branch: list[int] = []
    for number, columns in enumerate(predictors(trees)):
        where += columns
        branch += [number] * len(columns)
    return hidden[torch.tensor(where, device=hidden.device)], branch


def _chunked(model: Any, hidden: torch.Tensor, wanted: Sequence[torch.Tensor], temperature: float) -> torch.Tensor:
    def chunk(rows: torch.Tensor, *part: torch.Tensor) -> torch.Tensor:
        return _expected(head(model, rows) / temperature, *part)

    size = _rows_at_once(model)
    if len(hidden) <= size:
        return chunk(hidden, *wanted)
    parts = zip(*(torch.split(tensor, size) for tensor in (hidden, *wanted)), strict=True)
    return torch.cat([checkpoint(chunk, *part, use_reentrant=False) for part in parts])


def _rows_at_once(model: Any) -> int:
    return max(1, LOGITS // int(model.config.vocab_size))


def _expected(logits: torch.Tensor, tokens: torch.Tensor, shares: torch.Tensor | None = None) -> torch.Tensor:
    if shares is None:
        return -F.cross_entropy(logits, tokens, reduction="none")
    return (shares * logits.log_softmax(-1).gather(1, tokens)).sum(-1)
