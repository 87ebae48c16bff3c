"""Trees packed one after the other for training: no padding, and no token is compared with one it does not
see.

The plan that labels are computed with (``models.forest``) writes in place and indexes; here everything is
split once and joined once, so that the backward pass adds no large zeros.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from bylaw.errors import ModelError
from bylaw.models.attention import attend_dense, causal_bias, hidden_packed, packed_attention, planned
from bylaw.models.tree import Tree, body, pack


class Packed:
    """An attention plan: stems are causal; a branch sees its stem and, causally, itself."""

    def __init__(self, trees: Sequence[Tree], like: torch.Tensor) -> None:
        self.ids, self.positions = pack(trees)
        self._biases = [
            [causal_bias(len(branch), len(tree.stem) + len(branch), like) for branch in tree.branches] for tree in trees
        ]
        self._sizes = [len(part) for tree in trees for part in (tree.stem, *tree.branches)]

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """[N, heads, width]: tree by tree, part by part."""
        cut = (torch.split(tensor, self._sizes, 1) for tensor in (query, key, value))
        parts = iter(zip(*cut, strict=True))
        output: list[torch.Tensor] = []
        for biases in self._biases:
            asked, stem_key, stem_value = next(parts)
            output.append(attend_dense(asked, stem_key, stem_value, None, scale))
            for bias in biases:
                asked, own_key, own_value = next(parts)
                keys, values = torch.cat([stem_key, own_key], 1), torch.cat([stem_value, own_value], 1)
                output.append(attend_dense(asked, keys, values, bias.to(asked.dtype), scale))
        return torch.cat(output)


def packed_hidden(model: Any, trees: Sequence[Tree]) -> torch.Tensor:
    """Last hidden states [N, d] of packed trees, attached to the graph, without the head."""
    with packed_attention(model):
        plan = Packed(trees, next(model.parameters()))
        return hidden_packed(model, plan.ids, plan.positions, plan)


@contextmanager
def flushing() -> Iterator[None]:
    """Numbers below 1e-38 count as 0 in this thread, within this; afterwards they do not.

    A trained model's gradients are full of them, they say nothing, and a CPU takes many times as long over each.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextmanager
def recomputing(model: Any, wanted: bool) -> Iterator[None]:
    """Where ``wanted``, layers keep only what enters them, and are computed again in the backward pass, within this."""
    if not wanted:
        yield
        return
    from transformers.modeling_layers import GradientCheckpointingLayer

    found = [module for module in body(model).modules() if isinstance(module, GradientCheckpointingLayer)]
    if not found:
        raise ModelError(f"{type(body(model)).__name__} has no layers that can be recomputed: set recompute = false")
    with packed_attention(model):
        for layer in found:
            layer.forward = partial(_again, type(layer).forward.__get__(layer))
        try:
            yield
        finally:
            for layer in found:
                del layer.forward


def _again(forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*args, **kwargs)
    return checkpoint(planned(forward), *args, use_reentrant=False, preserve_rng_state=False, **kwargs)
