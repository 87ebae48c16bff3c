"""Who shares the work of a training: this process alone, or several together, each with a part of every weight.

``Crew`` is one process, and says what the loop asks of whoever shares: a copy of the model that all hold together, what
each computes of an update, sums over all. ``Crew`` does nothing for it. ``sharded.Sharded`` is several processes
(FSDP2); a gradient is the same sum over the same examples, so what is learned does not depend on how many there are.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from bylaw.errors import UsageError
from bylaw.train.examples import Encoded
from bylaw.train.packing import micro_batches
from bylaw.train.settings import TrainSettings

T = TypeVar("T")
E = TypeVar("E", bound=Encoded)


class Crew:
    """One process, which does everything itself. ``busy``: in the middle of a training that all take part in."""

    size = 1
    rank = 0
    busy = False

    @property
    def first(self) -> bool:
        """Whether this is the process that speaks for all."""
        return self.rank == 0

    def placed(self, model: Any) -> Any:
        """A model where it can generate: what is shared out by the crew was loaded elsewhere."""
        return model

    def spread(self, model: Any, settings: TrainSettings) -> Any:
        """A model to train, each process holding its part. The one handed in is to be filled by ``gather``."""
        return model

    def gather(self, policy: Any) -> Any:
        """The whole model with the policy's weights as they are now; None where this is not the first process."""
        return policy

    def within(self, policy: Any, compute: Callable[[Any], T]) -> T:
        """``compute(policy)`` with whole weights at hand. What has a gradient must be returned as a tensor, or in a
        tuple or dict."""
        return compute(policy)

    def shares(self, batch: Sequence[E], tokens: int) -> list[tuple[list[E], float]]:
        """The micro-batches that this process computes, as many as every other, each with its factor: 1, or 0 for one
        that only keeps step with the others."""
        return [(group, 1.0) for group in micro_batches(batch, tokens)]

    def sums(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Figures summed over all processes. Every process names the same."""
        return dict(figures)

    def joined(self, parts: Iterable[T]) -> list[T]:
        """What all processes have, in their order."""
        return list(parts)

    def same(self, make: Callable[[], T]) -> T:
        """What ``make`` gives in the first process, in every process."""
        return make()

    def wait(self) -> None:
        """Until everybody is here."""

    def leave(self) -> None:
        """When all know that the work is done: put away what they talked through."""


ALONE = Crew()


@cache
def the_crew() -> Crew:
    """The processes that were started together, by ``torchrun`` or ``accelerate launch``; else this one alone.

    Raises ``UsageError`` for a start by DeepSpeed's settings, which would have no effect.
    """
    if os.environ.get("ACCELERATE_USE_DEEPSPEED", "").lower() == "true":
        raise UsageError(
            "DeepSpeed is not supported: start with torchrun, or with accelerate launch without it; weights, gradients "
            "and moments are then shared out by FSDP2, as ZeRO's third stage does (docs/scale.md)"
        )
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return ALONE
    from bylaw.train.sharded import Sharded

    return Sharded()
