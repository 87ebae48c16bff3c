"""What every entry function does around the loop: precision, adapters, the loop, the merge."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bylaw.errors import UsageError
from bylaw.train.crew import ALONE, Crew
from bylaw.train.examples import Dropped
from bylaw.train.loop import run_loop
from bylaw.train.lora import attach, merge
from bylaw.train.method import E, Method, Report, TrainResult
from bylaw.train.settings import TrainSettings


def fit(
    model: Any,
    method: Method[E],
    settings: TrainSettings,
    workdir: Path,
    report: Report,
    dropped: Sequence[Dropped] = (),
    crew: Crew = ALONE,
) -> TrainResult:
    """Train ``model`` by ``method`` and return it with full, merged weights, in the precision it was
    trained in."""
    return learn(prepare(model, settings, crew), method, settings, workdir, report, dropped, crew)


def prepare(model: Any, settings: TrainSettings, crew: Crew = ALONE) -> Any:
    """The policy: the model in the precision it is trained in, with its adapters, shared by the crew."""
    return crew.spread(attach(in_precision(model, settings), settings), settings)


def learn(
    policy: Any,
    method: Method[E],
    settings: TrainSettings,
    workdir: Path,
    report: Report,
    dropped: Sequence[Dropped] = (),
    crew: Crew = ALONE,
) -> TrainResult:
    """Train what ``prepare`` made. The result's model is None in all but the first process."""
    workdir.mkdir(parents=True, exist_ok=True)
    curve = run_loop(policy, method, settings, workdir, report, crew)
    whole = crew.gather(policy)
    return TrainResult(
        model=None if whole is None else merge(whole, settings, workdir),
        updates=method.updates,
        dropped=tuple(dropped),
        tokens=curve.tokens,
        seconds=curve.seconds,
        history=curve.history,
    )


def in_precision(model: Any, settings: TrainSettings) -> Any:
    """The model with its weights in the type that ``settings.precision`` trains."""
    return model.to(torch.bfloat16 if settings.precision == "bfloat16" else torch.float32)


def require(kept: Sequence[object], dropped: Sequence[Dropped]) -> None:
    """Refuse to train on nothing, and say why nothing is left."""
    if not kept:
        why = f"; the first of {len(dropped)} dropped {dropped[0].reason}" if dropped else ""
        raise UsageError(f"there are no examples to train on{why}")
