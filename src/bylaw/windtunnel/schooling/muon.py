"""Muon in float32, all matrices of one shape at once.

PyTorch's own ``torch.optim.Muon`` orthogonalises in bfloat16, which CPUs without bf16 units emulate: there it costs
half a training step, here a few milliseconds. Same update rule (Jordan et al. 2024, kellerjordan.github.io/posts/muon).
"""

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised by five Newton-Schulz steps; for 2-D parameters only."""

    def __init__(self, params: Iterable[torch.Tensor], lr: float, momentum: float = 0.95, decay: float = 0.01) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update from the gradients at hand."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = {}
            for parameter in group["params"]:
                shapes.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in shapes.items():
                update = _shared(torch.stack([self._momentum(p, group["momentum"]) for p in parameters]))
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for parameter, direction in zip(parameters, update, strict=True):
                    parameter.mul_(1 - group["lr"] * group["decay"]).add_(direction, alpha=-scale)

    def _momentum(self, parameter: torch.Tensor, momentum: float) -> torch.Tensor:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if not state:
            state["buffer"] = torch.zeros_like(gradient)
        state["buffer"].lerp_(gradient, 1 - momentum)
        return gradient.lerp(state["buffer"], momentum)


def _shared(batch: torch.Tensor) -> torch.Tensor:
    """``orthogonal``; where several workers hold the same gradients, each does its share and all get the whole."""
    if not dist.is_initialized():
        return orthogonal(batch)
    own = slice(dist.get_rank(), None, dist.get_world_size())
    update = torch.zeros_like(batch)
    if batch[own].shape[0]:
        update[own] = orthogonal(batch[own])
    dist.all_reduce(update)
    return update


def orthogonal(batch: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Nearly the nearest orthogonal matrix to each matrix of a batch [B, m, n]."""
    a, b, c = COEFFICIENTS
    wide = batch.shape[1] <= batch.shape[2]
    x = batch if wide else batch.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    upright: torch.Tensor = x if wide else x.mT
    return upright
