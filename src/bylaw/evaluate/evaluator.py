"""The seam of evaluation: whoever measures a model (``graded``, the wind tunnel's oracle)."""

from typing import NamedTuple, Protocol

from bylaw.models.base import Model
from bylaw.records import Measurement, Sample


class Measured(NamedTuple):
    """Figures, and the answers they are made of."""

    measurements: list[Measurement]
    samples: list[Sample]


class Evaluator(Protocol):
    """Measures a model on prompts of its own."""

    def measure(self, model: Model, called: str) -> Measured:
        """Let ``model`` answer and measure the answers; ``called`` is its name in the measurements."""
        ...
