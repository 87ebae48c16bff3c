"""The one training loop: schedule, micro-batches, clipping, AdamW, checkpoints, progress. It knows no method.

The gradient is exact for the whole update whatever the micro-batches: losses are summed and divided by the
update's own scale. There is no dropout and no other draw of chance in it, so that a training stopped
anywhere and started again ends with the same bits. Several processes (``crew``) share each update: the gradient is the
same sum, to the last digits of its order.
"""

import hashlib
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from bylaw.errors import BylawError
from bylaw.train.checkpoint import State, load_checkpoint, save_checkpoint, trained, weights_digest
from bylaw.train.crew import ALONE, Crew
from bylaw.train.method import E, Loss, Method, Point, Progress, Report
from bylaw.train.packed import flushing, recomputing
from bylaw.train.settings import TrainSettings


@dataclass(frozen=True)
class Curve:
    """What the loop did: the whole history, and the tokens and seconds of this process's part of it."""

    history: tuple[Point, ...]
    tokens: int
    seconds: float


class TrainingDiverged(BylawError):
    """The loss or its gradient became infinite or not a number."""


def run_loop(
    model: Any, method: Method[E], settings: TrainSettings, folder: Path, report: Report, crew: Crew = ALONE
) -> Curve:
    """Train ``model`` in place, going on from the newest checkpoint in ``folder`` if there is one."""
    model.eval()  # no dropout: a policy is trained as it is sampled
    optimizer = adamw(model, settings)
    fingerprint = _fingerprint(model, method, settings)
    state = load_checkpoint(folder, model, optimizer, fingerprint, crew) or State(fingerprint, 0, ())
    history = list(state.history)
    tokens, start = 0, time.perf_counter()
    for step in range(state.step, method.updates):
        rate = settings.learning_rate * schedule(step, method.updates, settings)
        batch = _batch(model, method, step, crew)
        with flushing():
            point, norm = _update(model, method, optimizer, batch, step, rate, settings, crew)
        history.append(point)
        tokens += sum(len(example.tree) for example in batch)
        seconds = time.perf_counter() - start
        if crew.first:
            report(_progress(method, point, rate, norm, tokens, seconds, state.step))
        if _due(step + 1, method.updates, settings.checkpoint_every):
            save_checkpoint(folder, model, optimizer, State(fingerprint, step + 1, tuple(history)), crew)
    return Curve(tuple(history), tokens, time.perf_counter() - start)


def adamw(model: Any, settings: TrainSettings) -> torch.optim.Optimizer:
    """AdamW over what is trained; weight decay on matrices only."""
    weights = list(trained(model).values())
    groups = [
        {"params": [one for one in weights if one.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [one for one in weights if one.ndim < 2], "weight_decay": 0.0},
    ]
    filled = [group for group in groups if group["params"]]
    return torch.optim.AdamW(filled, lr=settings.learning_rate, fused=True)


def schedule(step: int, updates: int, settings: TrainSettings) -> float:
    """Factor on the learning rate at ``step`` (0-based): a linear warm-up, then the named shape down to 0."""
    warm = math.ceil(settings.warmup * updates)
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, updates - warm)
    shapes = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
    return shapes[settings.schedule]


def accumulate(
    model: Any, method: Method[E], batch: list[E], settings: TrainSettings, crew: Crew = ALONE
) -> tuple[float, dict[str, float]]:
    """Add one update's gradient to the parameters; its loss and metrics."""
    scale = method.scale(batch)
    sums: dict[str, float] = {"": 0.0}
    for examples, factor in crew.shares(batch, settings.micro_tokens):
        with recomputing(model, settings.recompute):
            with autocast(model, settings):
                total, metrics = crew.within(model, _parts_of(method, examples))
            # Sharded gradients are averaged over the processes; what is wanted is their sum.
            (total / scale * (factor * crew.size)).backward()  # type: ignore[no-untyped-call]
        sums[""] += factor * total.item() / scale
        for name, value in metrics.items():
            sums[name] = sums.get(name, 0.0) + factor * float(value) / len(batch)
    sums = crew.sums(sums)
    return sums.pop(""), sums


def _parts_of(method: Method[E], examples: list[E]) -> Callable[[Any], tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    def loss(model: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        found: Loss = method.loss(model, examples)
        return found.total, found.metrics

    return loss


def _batch(model: Any, method: Method[E], step: int, crew: Crew) -> list[E]:
    """The examples of an update. Where they are sampled from the policy, the first process has it whole for that."""
    if method.sampled:
        crew.gather(model)
    return crew.same(lambda: method.batch(step))


def autocast(model: Any, settings: TrainSettings) -> AbstractContextManager[Any]:
    """bfloat16 computation over float32 weights where ``precision`` is ``mixed``."""
    if settings.precision != "mixed":
        return nullcontext()
    return torch.autocast(next(model.parameters()).device.type, dtype=torch.bfloat16)


def _update(
    model: Any,
    method: Method[E],
    optimizer: torch.optim.Optimizer,
    batch: list[E],
    step: int,
    rate: float,
    settings: TrainSettings,
    crew: Crew,
) -> tuple[Point, float]:
    optimizer.zero_grad(set_to_none=True)
    loss, metrics = accumulate(model, method, batch, settings, crew)
    found: Any = torch.nn.utils.clip_grad_norm_(trained(model).values(), settings.clip or math.inf)
    norm = float(found.full_tensor() if hasattr(found, "full_tensor") else found)
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise TrainingDiverged(f"{method.name}: loss {loss} and gradient norm {norm} at update {step + 1}")
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return Point(step + 1, loss, metrics), norm


def _progress(
    method: Method[Any], point: Point, rate: float, norm: float, tokens: int, seconds: float, resumed: int
) -> Progress:
    return Progress(
        method=method.name,
        step=point.step,
        updates=method.updates,
        loss=point.loss,
        metrics=point.metrics,
        learning_rate=rate,
        gradient_norm=norm,
        tokens_per_second=tokens / seconds,
        eta=seconds / (point.step - resumed) * (method.updates - point.step),
        tokens=tokens,
        seconds=seconds,
        resumed=resumed,
    )


def _due(done: int, updates: int, every: int) -> bool:
    return done == updates or (every > 0 and done % every == 0)


def _fingerprint(model: Any, method: Method[Any], settings: TrainSettings) -> str:
    # How often one saves, or what is computed twice, changes nothing that is trained.
    shaping = msgspec.structs.replace(settings, checkpoint_every=0, recompute=False)
    parts = [method.name, method.fingerprint, shaping, weights_digest(model)]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
