"""The seam between the loop and a method: what a batch is, and what its loss is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import msgspec
import torch

from bylaw.train.examples import Dropped, Encoded

E = TypeVar("E", bound=Encoded)


@dataclass(frozen=True)
class Loss:
    """``total``: the loss summed over a micro-batch; the loop divides it by the update's ``scale``.

    ``metrics`` are sums over the same examples; the loop divides them by the number of examples.
    """

    total: torch.Tensor
    metrics: dict[str, torch.Tensor] = field(default_factory=dict)


class Method(Protocol[E]):
    """One training method. ``fingerprint`` names everything but the weights that shapes its result.

    ``sampled``: its batches are sampled from the policy as it then is.
    """

    name: str
    fingerprint: str
    updates: int
    sampled: bool

    def batch(self, step: int) -> list[E]:
        """The examples of update ``step``, 0-based. May sample them from the policy as it now is."""
        ...

    def scale(self, batch: Sequence[E]) -> float:
        """What the summed loss of a whole update is divided by: tokens, or the weights' sum."""
        ...

    def loss(self, model: Any, examples: Sequence[E]) -> Loss:
        """The summed loss of a micro-batch, attached to the graph."""
        ...


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What the loop reports after every update. ``step`` is 1-based; ``eta`` is in seconds.

    ``tokens`` and ``seconds`` are this process's, which began after update ``resumed``.
    """

    method: str
    step: int
    updates: int
    loss: float
    metrics: dict[str, float]
    learning_rate: float
    gradient_norm: float
    tokens_per_second: float
    eta: float
    tokens: int
    seconds: float
    resumed: int


class Point(msgspec.Struct, frozen=True):
    """One update of the learning curve."""

    step: int
    loss: float
    metrics: dict[str, float]


@dataclass(frozen=True)
class TrainResult:
    """A finished training. ``model`` holds the trained, merged weights; ``tokens`` and ``seconds`` are
    this process's. Of several processes, only the first has the model."""

    model: Any
    updates: int
    dropped: tuple[Dropped, ...]
    tokens: int
    seconds: float
    history: tuple[Point, ...]


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report nothing."""
