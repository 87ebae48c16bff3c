"""Our own attention under any Hugging Face model: many sequences in one packed row, told apart by a plan.

transformers lets an attention function be registered by name (AttentionInterface). Ours gets the queries,
keys and values of N packed tokens and hands them to the *plan* in force, which knows what each token may see:
a row of the KV slots (``cache.Step``), a past kept aside (``Recorded``), a tree (``forest.Forest``). Linear
layers thus never see padding, and every architecture that uses the interface works without code of its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

import torch
from torch.nn.functional import scaled_dot_product_attention

from bylaw.errors import ModelError
from bylaw.models.tree import body

NAME = "bylaw_packed"
T = TypeVar("T")

# Arguments of some architectures that change what attention gives. No plan knows them, so they are refused.
_UNKNOWN = ("softcap", "s_aux", "position_bias")

KeyValue = tuple[torch.Tensor, torch.Tensor]
"""Keys and values of one layer, each [key-value heads, tokens, head width]."""


class Plan(Protocol):
    """What the N tokens of one forward pass may attend to."""

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """Output [N, heads, width] of queries [heads, N, width], keys and values [kv heads, N, width]."""
        ...


_plan: ContextVar[Plan] = ContextVar("plan")


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: None, **kwargs: Any
) -> tuple[torch.Tensor, None]:
    for name in _UNKNOWN:
        if kwargs.get(name) is not None:
            raise ModelError(f"{type(module).__name__} needs {name!r} in its attention, which is not supported")
    scale = kwargs.get("scaling")
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return _plan.get().attend(module.layer_idx, query[0], key[0], value[0], scale)[None], None


@contextmanager
def packed_attention(model: Any) -> Iterator[None]:
    """Switch a model to packed attention and to evaluation; afterwards both are as they were."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attend)
    inner = body(model)
    before, training = inner.config._attn_implementation, model.training
    inner.set_attn_implementation(NAME)
    model.eval()
    try:
        yield
    finally:
        inner.set_attn_implementation(before)
        model.train(training)


def planned(compute: Callable[..., T]) -> Callable[..., T]:
    """``compute`` under the plan now in force, whenever and in whatever thread it is called."""
    plan = _plan.get()

    def under_plan(*args: Any, **kwargs: Any) -> T:
        token = _plan.set(plan)
        try:
            return compute(*args, **kwargs)
        finally:
            _plan.reset(token)

    return under_plan


def hidden_packed(model: Any, ids: list[int], positions: list[int], plan: Plan) -> torch.Tensor:
    """Last hidden states [N, d] of N packed tokens under ``plan``; inside ``packed_attention`` only."""
    device = next(model.parameters()).device
    token = _plan.set(plan)
    try:
        output = body(model)(
            input_ids=torch.tensor([ids], device=device),
            position_ids=torch.tensor([positions], device=device),
            use_cache=False,
        )
    finally:
        _plan.reset(token)
    return output.last_hidden_state[0]  # type: ignore[no-any-return]


def attend_dense(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scale: float
) -> torch.Tensor:
    """Attention [M, heads, width] of M queries [heads, M, width] to T keys [kv heads, T, width].

    ``mask`` [M, T] is added to the scores; None means causal, with M = T. Query heads that share a key head
    are laid one below the other, so grouped attention never repeats keys.
    """
    heads, length, width = query.shape
    groups = heads // key.shape[0]
    if groups > 1:
        query = query.reshape(key.shape[0], groups * length, width)
        mask = causal_bias(length, key.shape[1], query) if mask is None else mask
        mask = mask.repeat(groups, 1)
    output = scaled_dot_product_attention(
        query[None], key[None], value[None], attn_mask=mask, is_causal=mask is None, scale=scale
    )
    return output.reshape(heads, length, -1).transpose(0, 1)


def causal_bias(queries: int, keys: int, like: torch.Tensor) -> torch.Tensor:
    """[queries, keys] to add to scores: the queries are the last tokens; each sees itself and all before."""
    visible = torch.ones(queries, keys, dtype=torch.bool, device=like.device).tril(keys - queries)
    return bias(visible, like)


def bias(visible: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """0 where ``visible``, else the lowest number of ``like``'s type (finite: a row of nothing is no NaN)."""
    return torch.zeros(visible.shape, dtype=like.dtype, device=like.device).masked_fill_(
        ~visible, torch.finfo(like.dtype).min
    )


class Recorded:
    """Plan for one sequence on top of a past, keeping its keys and values: ``kept`` is the past it makes."""

    def __init__(self, past: list[KeyValue] | None = None) -> None:
        self.past = past
        self.kept: list[KeyValue] = []

    def attend(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """Causal attention to the past and to the sequence itself."""
        length = key.shape[1]
        if self.past is not None:
            key = torch.cat([self.past[layer][0], key], 1)
            value = torch.cat([self.past[layer][1], value], 1)
        self.kept.append((key.contiguous(), value.contiguous()))
        mask = causal_bias(length, key.shape[1], query) if self.past is not None else None
        return attend_dense(query, key, value, mask, scale)
