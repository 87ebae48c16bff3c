"""Plan for trees packed one after the other on top of a shared past: what ensemble labels are computed with.

Stems attend causally; the tokens of a branch attend to past and stem in one product and to their own branch
in another, and one softmax goes over both. No token is compared with another branch's, so the work in
attention grows with the branches' lengths, not with the square of their sum as under a dense tree mask.
"""

from collections.abc import Sequence
from itertools import accumulate

import torch

from bylaw.models.attention import KeyValue, attend_dense, causal_bias
from bylaw.models.tree import Tree, ends, pack


class _Grove:
    """One tree's indices. Branch tokens are numbered 0..M-1; ``grid`` [K, L] lays them out by branch."""

    def __init__(self, tree: Tree, start: int, past: int, like: torch.Tensor) -> None:
        lengths = torch.tensor([len(branch) for branch in tree.branches], device=like.device)
        longest = int(lengths.max())
        steps = torch.arange(longest, device=like.device)
        starts = lengths.cumsum(0) - lengths
        self.stem = slice(start, start + len(tree.stem))
        self.branches = slice(self.stem.stop, start + len(tree))
        self.grid = torch.minimum(starts[:, None] + steps, starts[:, None] + lengths[:, None] - 1)
        self.branch, self.step = (steps < lengths[:, None]).nonzero(as_tuple=True)
        self.own = causal_bias(longest, longest, like)
        self.stem_bias = causal_bias(len(tree.stem), past + len(tree.stem), like) if past else None


class Forest:
    """Packed trees over ``past`` (None: nothing before). ``ends``: packed place of each branch's last token."""

    def __init__(self, trees: Sequence[Tree], past: list[KeyValue] | None, like: torch.Tensor) -> None:
        self.past = past
        length = past[0][0].shape[1] if past else 0
        self.ids, self.positions = pack(trees, length)
        self.ends = ends(trees)
        starts = accumulate(map(len, trees), initial=0)
        self._groves = [_Grove(tree, start, length, like) for tree, start in zip(trees, starts, strict=False)]

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """Tree by tree: the stem, then all its branches at once."""
        output = query.new_empty(query.shape[1], query.shape[0], value.shape[2])
        for grove in self._groves:
            seen = key[:, grove.stem], value[:, grove.stem]
            if self.past is not None:
                before = self.past[layer]
                seen = torch.cat([before[0], seen[0]], 1), torch.cat([before[1], seen[1]], 1)
            if grove.stem.stop > grove.stem.start:
                output[grove.stem] = attend_dense(query[:, grove.stem], *seen, grove.stem_bias, scale)
            own = key[:, grove.branches], value[:, grove.branches]
            output[grove.branches] = _branches(query[:, grove.branches] * scale, seen, own, grove)
        return output


def _branches(query: torch.Tensor, seen: KeyValue, own: KeyValue, grove: _Grove) -> torch.Tensor:
    """[M, heads, width] of M branch tokens: one softmax over what all see and each one's own tokens."""
    heads, count, width = query.shape
    groups = heads // own[0].shape[0]
    query = query.reshape(-1, groups, count, width)
    seen_scores = (query.flatten(1, 2) @ seen[0].transpose(1, 2)).view(-1, groups, count, seen[0].shape[1])
    own_key, own_value = (tensor[:, None, grove.grid] for tensor in own)
    own_scores = (query[:, :, grove.grid] @ own_key.transpose(-1, -2) + grove.own)[:, :, grove.branch, grove.step]
    weights = torch.cat([seen_scores, own_scores], -1).softmax(-1, dtype=torch.float32).to(query.dtype)
    seen_weights, own_weights = weights[..., : seen[0].shape[1]], weights[..., seen[0].shape[1] :]
    laid = own_weights.new_zeros(*own_weights.shape[:2], *grove.grid.shape, own_weights.shape[-1])
    laid[:, :, grove.branch, grove.step] = own_weights
    output = (seen_weights.flatten(1, 2) @ seen[1]).view(-1, groups, count, own[1].shape[2])
    output = output + (laid @ own_value)[:, :, grove.branch, grove.step]
    return output.reshape(heads, count, -1).transpose(0, 1)
