"""Membership inference: can one who has a text tell whether the model was trained on it?

The guess is by how much likelier the text became: its log-probability under the trained model minus that under the
model that training began with, which needs no shadow models and is strong against fine-tuning (arXiv 2205.12506). For
a preference pair it is the margin that DPO itself widens. What counts is how many members are found while almost nobody
is accused wrongly (arXiv 2112.03570): the rate of true positives at 1 % and 0.1 % of false ones.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bylaw.errors import UsageError

FALSE_POSITIVES = (0.01, 0.001)
_HALVINGS = 60


class Inference(NamedTuple):
    """Members found at a threshold that at most ``allowed`` of the non-members pass.

    ``interval`` bounds the rate of true positives at this threshold, ``false_interval`` that of false ones; both are
    95 % Clopper-Pearson intervals.
    """

    allowed: float
    threshold: float
    found: int
    members: int
    accused: int
    non_members: int

    @property
    def rate(self) -> float:
        return self.found / self.members

    @property
    def interval(self) -> tuple[float, float]:
        return clopper_pearson(self.found, self.members)

    @property
    def false_interval(self) -> tuple[float, float]:
        return clopper_pearson(self.accused, self.non_members)


def infer(members: Sequence[float], non_members: Sequence[float], allowed: float) -> Inference:
    """Take for members what scores above all but ``allowed`` of the non-members. A tie is no member."""
    if not members or not non_members or not 0 < allowed < 1:
        raise UsageError("membership inference needs members, non-members, and a rate of false positives inside 0 to 1")
    passing = math.floor(allowed * len(non_members) + 1e-9)
    threshold = sorted(non_members, reverse=True)[passing]
    return Inference(
        allowed=allowed,
        threshold=threshold,
        found=sum(one > threshold for one in members),
        members=len(members),
        accused=sum(one > threshold for one in non_members),
        non_members=len(non_members),
    )


def clopper_pearson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson 1934): it covers at least as often as it says."""
    if not 0 <= hits <= n or n < 1:
        raise UsageError(f"{hits} of {n} is no share")
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, n, p), tail)
    high = 1.0 if hits == n else _solve(lambda p: 1 - _at_most(hits, n, p), 1 - tail)
    return low, high


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Where a function that rises from 0 to 1 on (0, 1) takes the wanted value; by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _at_most(hits: int, n: int, p: float) -> float:
    """Probability of at most ``hits`` in ``n`` draws at ``p``, inside (0, 1)."""
    odds, rest = math.log(p), math.log1p(-p)
    ways = math.lgamma(n + 1)
    return min(
        1.0,
        math.fsum(
            math.exp(ways - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * odds + (n - k) * rest)
            for k in range(hits + 1)
        ),
    )
