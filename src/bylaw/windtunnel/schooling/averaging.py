"""The mean of one model's weights at several times of its schooling (Izmailov et al. 2018; Wortsman et al. 2022).

What a stage teaches last it keeps best, and some of what came before is lost for it. Weights along one path lie in one
valley, and their mean does better at everything than any of them.
"""

from typing import Any

import torch


class Average:
    """A weighted sum of weights; ``share`` is the sum of the shares so far."""

    def __init__(self) -> None:
        self.share = 0.0
        self.weights: dict[str, torch.Tensor] = {}

    def add(self, model: Any, share: float) -> None:
        """Add the model's present weights. A share of 0 adds nothing."""
        if not share:
            return
        for name, value in model.state_dict().items():
            self.weights[name] = self.weights.get(name, 0) + share * value.double()
        self.share += share

    def give(self, model: Any) -> None:
        """Set the model's weights to the mean; where nothing was added they stay what they are."""
        if self.share:
            model.load_state_dict({name: value / self.share for name, value in self.weights.items()})
