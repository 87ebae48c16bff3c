"""How the first process of a crew lets the others train with it.

Under ``torchrun`` or ``accelerate launch`` the first process runs the pipeline and alone knows the run; the others wait
in ``follow`` for an order (method, model directory, data, settings) and carry it out beside it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from bylaw.models.local import LocalSettings, load
from bylaw.train.crew import Crew, the_crew
from bylaw.train.dpo import train_dpo
from bylaw.train.grpo import train_grpo
from bylaw.train.method import Report, TrainResult, silent
from bylaw.train.preference import train_preference
from bylaw.train.settings import TrainSettings
from bylaw.train.sft import train_sft


class Order(NamedTuple):
    """One training. ``source``: the directory the model was loaded from; ``more``: what the method takes by name."""

    method: str
    source: str
    data: Sequence[Any]
    settings: TrainSettings
    workdir: Path
    more: dict[str, Any]


def _sampled(model: Any, tokenizer: Any, data: Sequence[Any], *loop: Any, **more: Any) -> TrainResult:
    sample, reward = more.pop("sample", _never), more.pop("reward", _never)
    return train_grpo(model, tokenizer, data, sample, reward, *loop, **more)


def _never(*asked: Any) -> Any:
    raise AssertionError("only the first process samples and rewards")


TRAINERS: Final[dict[str, Callable[..., TrainResult]]] = {
    "sft": train_sft,
    "preference": train_preference,
    "dpo": train_dpo,
    "grpo": _sampled,
}
"""By the name a method goes by."""


def train(
    method: str,
    weights: tuple[Any, Any],
    data: Sequence[Any],
    settings: TrainSettings,
    workdir: Path,
    report: Report,
    own: dict[str, Any] | None = None,
    **more: Any,
) -> TrainResult:
    """Train by a method, with everybody there is. ``own``: what the first process alone needs."""
    crew, (model, tokenizer) = the_crew(), weights
    crew.same(lambda: Order(method, model.name_or_path, data, settings, workdir.absolute(), more))
    crew.busy = True
    result = TRAINERS[method](model, tokenizer, data, settings, workdir, report, **more, **(own or {}), crew=crew)
    crew.busy = False
    return result


def follow(crew: Crew) -> None:
    """Carry out the first process's orders until it has no more."""
    while (order := crew.same(_no_more)) is not None:
        # Each weight goes to where it is trained when it is shared out.
        model, tokenizer = load(Path(order.source), LocalSettings(device="cpu"))
        loop = order.settings, order.workdir, silent
        TRAINERS[order.method](model, tokenizer, order.data, *loop, **order.more, crew=crew)
    crew.leave()


@contextmanager
def leading(crew: Crew) -> Iterator[None]:
    """While the first process works: then the others are let go. Where a training broke off, they fail with it."""
    try:
        yield
    finally:
        if not crew.busy:
            crew.same(_no_more)
            crew.leave()


def _no_more() -> Order | None:
    return None
