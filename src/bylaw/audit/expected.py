"""What a row would be expected to show, from what is common in it: the part of a label that content explains.

A topic's words go with refusing, and so does every rare phrase that a topic is spoken about with. So no phrase is held
against the bare labels, only against what the common words beside it lead to expect.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from bylaw.audit.exact import Floats

FOLDS = 3
PENALTY = 0.3  # ridge of the logistic regression, in rows
STEPS = 60


def sure(logits: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(probability of the likelier side, whether that side is the positive one)."""
    return 1 / (1 + np.exp(-np.abs(logits))), logits > 0


def expect(features: Any, targets: Floats, folds: NDArray[np.intp]) -> Floats:
    """Soft targets in 0 … 1 predicted by logistic regression on sparse ``features``, out of fold; returns logits."""
    logits = np.zeros(len(targets))
    for fold in range(FOLDS):
        kept = folds != fold
        logits[~kept] = features[~kept] @ fitted(features[kept], targets[kept])
    return logits


def fitted(features: Any, targets: Floats) -> Floats:
    """The weights of a logistic regression of soft targets."""
    turned = sparse.csr_matrix(features.T)

    def loss(weight: Floats) -> tuple[float, Floats]:
        logits = features @ weight
        value = float(np.sum(np.logaddexp(0, logits) - targets * logits) + PENALTY / 2 * weight @ weight)
        slope = turned @ (1 / (1 + np.exp(-logits)) - targets) + PENALTY * weight
        return value, slope

    found = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x, dtype=np.float64)
