"""The seam of evaluation: whoever measures a model (``graded``, the wind tunnel's oracle)."""

from typing import Protocol

from bylaw.models.base import Model
from bylaw.records import Measurement


class Evaluator(Protocol):
    """Measures a model on prompts of its own."""

    def measure(self, model: Model, called: str) -> list[Measurement]:
        """Let ``model`` answer and measure the answers; ``called`` is its name in the measurements."""
        ...
