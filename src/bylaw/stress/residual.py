"""The residual stream of a causal LM: what passes through it, and the weights that write to it.

Removing a direction from every matrix that writes to the stream (``W − r rᵀ W``) removes it from the stream itself at
every layer and token (arXiv 2406.11717, §4.1 and App. E). The model stays a plain model: everything that runs, trains
or measures models takes it as it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch.nn import Module, Parameter

from bylaw.errors import ModelError
from bylaw.models.tree import Tree, body
from bylaw.train.packed import packed_hidden

WRITERS = ("o_proj", "out_proj", "dense", "down_proj", "dense_4h_to_h", "fc2")
"""Last parts of the names of modules whose output is added to the residual stream."""

# How much of the direction may be left, as a share of the stream's length: rounding, and nothing else.
_LEFT = {torch.float32: 1e-3, torch.bfloat16: 3e-2, torch.float16: 1e-2}


class Weight(NamedTuple):
    """A parameter by its owner, so that it can be replaced and put back."""

    owner: Module
    name: str

    @property
    def value(self) -> Parameter:
        """The parameter that is in place now."""
        value: Parameter = getattr(self.owner, self.name)
        return value


def layers(model: Any) -> Sequence[Module]:
    """The decoder layers; ModelError where they are not where nearly all architectures keep them."""
    found = getattr(body(model), "layers", None)
    if not found:
        raise ModelError(f"{type(body(model)).__name__} keeps its layers where the ablation does not find them; {_WAY}")
    return list(found)


def writers(model: Any) -> list[Weight]:
    """Matrices [d, …] (of experts [E, d, …]) and biases [d] of all layers that write to the residual stream.

    Raises ModelError for an architecture in which a layer has not one for the attention and one after it.
    """
    found: list[Weight] = []
    for layer in layers(model):
        matrices = [one for one in _named(layer) if one.value.ndim > 1]
        if len(matrices) < 2:
            raise ModelError(f"of {type(layer).__name__} the matrices that write are not known; {_WAY}")
        found += _named(layer)
    return found


def _named(layer: Module) -> list[Weight]:
    return [
        Weight(module, key)
        for name, module in layer.named_modules()
        for key, _ in module.named_parameters(recurse=False)
        if key in WRITERS or (name.rpartition(".")[2] in WRITERS and key in ("weight", "bias"))
    ]


@contextmanager
def ablated(model: Any, directions: torch.Tensor) -> Iterator[None]:
    """The model with ``directions`` [k, d] removed from all that writes to its residual stream; afterwards as it was.

    The embedding is one of the writers. A head that shares its matrix keeps the old one: it reads the stream only.
    """
    basis = orthonormal(directions)
    embedding = Weight(model.get_input_embeddings(), "weight")
    head = Weight(model.get_output_embeddings(), "weight")
    before = [(one, one.value) for one in (*writers(model), embedding, head)]
    try:
        for one, value in before[:-1]:
            one.owner.register_parameter(one.name, _without(value, basis, one is embedding))
        head.owner.register_parameter(head.name, before[-1][1])
        yield
    finally:
        for one, value in before:
            one.owner.register_parameter(one.name, value)


def orthonormal(directions: torch.Tensor) -> torch.Tensor:
    """[k, d] with the span of ``directions`` [k, d], float32, rows of length 1 at right angles."""
    basis: torch.Tensor = torch.linalg.qr(directions.double().T).Q.T
    return basis.float()


def _without(value: Parameter, basis: torch.Tensor, rows: bool) -> Parameter:
    """A copy that writes nothing along ``basis`` [k, d]; each of the ``rows`` of an embedding [V, d] is written."""
    wide = value.detach().float()
    if rows or wide.ndim == 1:
        wide = wide.unsqueeze(-1)  # [V, d, 1]
    along = basis.to(wide.device)
    if wide.shape[-2] != along.shape[-1]:
        raise ModelError(f"a matrix of shape {tuple(value.shape)} writes to no stream of width {along.shape[-1]}")
    left = wide - along.T @ (along @ wide)
    return Parameter(left.reshape(value.shape).to(value.dtype), requires_grad=value.requires_grad)


@torch.no_grad()
def streams(model: Any, trees: Sequence[Tree]) -> torch.Tensor:
    """[L + 1, N, d]: what enters each layer, and what leaves the last, at the N packed tokens of ``trees``."""
    kept: list[torch.Tensor] = []
    all_layers = layers(model)
    handles = [layer.register_forward_pre_hook(lambda _, args: kept.append(args[0][0])) for layer in all_layers]
    handles.append(all_layers[-1].register_forward_hook(lambda _m, _a, output: kept.append(_tensor(output)[0])))
    try:
        packed_hidden(model, trees)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(kept).float()


def _tensor(output: Any) -> torch.Tensor:
    first: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return first


def check_ablation(model: Any, directions: torch.Tensor, trees: Sequence[Tree]) -> None:
    """Ablate ``directions`` [k, d] and look: ModelError if the stream still holds any of them anywhere.

    So it is with architectures that write through more than the matrices of ``WRITERS``: a norm behind them, learned
    positions, embeddings of single layers.
    """
    with ablated(model, directions):
        stream = streams(model, trees)
    left = float(((stream @ orthonormal(directions).to(stream.device).T).norm(dim=-1) / stream.norm(dim=-1)).max())
    allowed = _LEFT[next(model.parameters()).dtype]
    if left > allowed:
        name = type(body(model)).__name__
        raise ModelError(
            f"{name} writes to its residual stream through more than the matrices the ablation knows: {left:.1%} of "
            f"the direction is left (allowed {allowed:.1%}); {_WAY}"
        )


_WAY = "leave the attack 'ablation' out for this model, and say so where its figures stand"
