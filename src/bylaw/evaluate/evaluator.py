"""The seam of evaluation: whoever measures a model (``graded``, the wind tunnel's oracle)."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from bylaw.models.base import Model
from bylaw.records import Measurement, Prompt, Sample


class Measured(NamedTuple):
    """Figures, and the answers they are made of."""

    measurements: list[Measurement]
    samples: list[Sample]


def asked(prompts: Iterable[Prompt]) -> list[str]:
    """What people say in prompts, turn by turn."""
    return [turn.content for prompt in prompts for turn in prompt.messages if turn.role == "user"]


class Evaluator(Protocol):
    """Measures a model on prompts of its own."""

    def texts(self) -> dict[str, list[str]]:
        """What it asks, by set: texts that no training may contain."""
        ...

    def measure(self, model: Model, called: str) -> Measured:
        """Let ``model`` answer and measure the answers; ``called`` is its name in the measurements."""
        ...
