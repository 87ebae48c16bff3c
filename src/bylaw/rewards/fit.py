"""Weights by the hinge loss on ranked answers (arXiv 2411.01111 §4.2, eq. 3).

For pairs whose first answer is ranked above the second, with features φ₁ and φ₂, the weights w have the least

    (λ/2) |w|² + mean over pairs of max(0, 1 − w·(φ₁ − φ₂))

The paper's code takes a thousand steps of AdamW with weight decay; this is convex, so its minimum is found instead, by
its dual (a ranking support vector machine: Joachims 2002): w = Σ αᵢ dᵢ / λ with 0 ≤ αᵢ ≤ 1/n, dᵢ = φ₁ − φ₂. How far
primal and dual are apart bounds how far the weights' loss is from the least one.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bylaw.errors import BylawError, MissingExtra

Rows = NDArray[np.float64]

STRENGTH = 1e-3  # λ
GAP = 1e-4  # of the loss: what is above it is not taken for the minimum


class Weights(NamedTuple):
    """``values`` [F], the mean hinge ``loss`` without λ's part, and the ``gap`` to the least whole loss."""

    values: Rows
    loss: float
    gap: float


def fit(differences: Rows, strength: float = STRENGTH) -> Weights:
    """Weights for ``differences`` [pairs, F], better less worse. There must be pairs.

    Raises ``BylawError`` where the minimum was not found.
    """
    try:
        from scipy import optimize
    except ImportError as error:
        raise MissingExtra("scipy", "train") from error
    count = len(differences)

    def dual(share: Rows) -> tuple[float, Rows]:
        """Less the dual, over shares α·n of [0, 1], and its gradient."""
        weights = share @ differences / (count * strength)
        return strength * float(weights @ weights) / 2 - float(share.mean()), (differences @ weights - 1) / count

    bounds = optimize.Bounds(0.0, 1.0)
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 0.0, "gtol": 1e-12, "maxcor": 30}
    found: Any = optimize.minimize(
        dual, np.full(count, 0.5), jac=True, bounds=bounds, method="L-BFGS-B", options=options
    )
    weights = found.x @ differences / (count * strength)
    loss = hinge(weights, differences)
    gap = strength * float(weights @ weights) / 2 + loss + float(found.fun)
    if not gap <= GAP:
        raise BylawError(f"no weights of the least loss were found: {gap:.2g} from it, not {GAP:g}: {found.message}")
    return Weights(weights, loss, gap)


def hinge(weights: Rows, differences: Rows) -> float:
    """Mean of max(0, 1 − w·d)."""
    return float(np.maximum(0.0, 1 - differences @ weights).mean())


def right(weights: Rows, differences: Rows) -> int:
    """How many pairs the weights put in the order they are ranked in."""
    return int((differences @ weights > 0).sum())
