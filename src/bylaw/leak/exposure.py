"""Exposure: how many bits of guessing a model saves one who looks for a canary (arXiv 1802.08232).

A canary's code is ranked by log-probability among random codes in the same place. Among N codes, its own included,
rank r is an exposure of log2(N) − log2(r) bits: 1 bit is what a fair coin gives, log2(N) that the model puts it first.
A code that was never trained on has every rank alike, so the mean is known: 1/ln 2 = 1.44 bits for large N. Held-out
canaries are therefore the check of the test itself.

Nothing here needs a model or a library: the scores of a report are enough to compute it again.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from bylaw.errors import UsageError
from bylaw.evaluate.statistics import Z95

NULL_MEAN = 1 / math.log(2)
"""Mean exposure of what was never trained on, in bits, among infinitely many codes."""

_MOST_SKEW = 0.99  # a skew-normal has less than 0.9953
_STEPS = 2000


class Mean(NamedTuple):
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def exposure(score: float, references: Sequence[float]) -> float:
    """Bits, from log-probabilities. A tie counts half; log2(len(references) + 1) is the most that can be seen."""
    if not references or not all(map(math.isfinite, (score, *references))):
        raise UsageError("exposure needs the log-probabilities of a canary and of its references, all finite")
    above = sum(one > score for one in references) + sum(one == score for one in references) / 2
    return math.log2(len(references) + 1) - math.log2(1 + above)


def null_mean(codes: int) -> float:
    """Mean exposure when every rank among ``codes`` is equally likely: log2(N) − log2(N!)/N bits.

    It falls short of ``NULL_MEAN`` by log2(2πN)/2N: 0.011 bits at N = 512.
    """
    return math.log2(codes) - math.lgamma(codes + 1) / (codes * math.log(2))


def mean_exposure(exposures: Sequence[float]) -> Mean:
    """The mean with its normal 95 % interval.

    Given the trained model, held-out canaries with codes and references of their own are independent draws; the
    exponential distribution that their exposures follow is tame enough for the normal interval from some 100 on.
    """
    n = len(exposures)
    if n < 2:
        raise UsageError(f"a mean exposure with an interval needs at least 2 canaries, not {n}")
    mean = math.fsum(exposures) / n
    variance = math.fsum((one - mean) ** 2 for one in exposures) / (n - 1)
    half = Z95 * math.sqrt(variance / n)
    return Mean(mean, mean - half, mean + half, n)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` of them do not exceed (the nearest rank)."""
    if not values or not 0 < share <= 1:
        raise UsageError("a percentile needs values, and a share above 0 and up to 1")
    return sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]


def beyond(score: float, references: Sequence[float]) -> float:
    """Exposure by the tail of a skew-normal fitted to the references (as in arXiv 1802.08232): an extrapolation.

    In bits. For a canary that ranks first it says how far ahead it is, which the rank cannot. It is as good as the fit
    of a tail in which nothing was drawn; a report names it beside the exposure by rank, never in its place.
    """
    place, width, shape = skew_normal(references)
    return -log_tail((score - place) / width, shape) / math.log(2)


def skew_normal(values: Sequence[float]) -> tuple[float, float, float]:
    """Location, scale and shape of the skew-normal with the mean, variance and skewness of the values.

    Azzalini's form; the skewness is cut off where the family ends.
    """
    n = len(values)
    mean = math.fsum(values) / n
    variance = math.fsum((one - mean) ** 2 for one in values) / n
    if variance <= 0:
        raise UsageError("the references all have one log-probability; nothing can be fitted to them")
    skew = math.fsum((one - mean) ** 3 for one in values) / n / variance**1.5
    skew = math.copysign(min(abs(skew), _MOST_SKEW), skew)
    power = abs(skew) ** (2 / 3)
    delta = math.copysign(math.sqrt(math.pi / 2 * power / (power + ((4 - math.pi) / 2) ** (2 / 3))), skew)
    width = math.sqrt(variance / (1 - 2 * delta * delta / math.pi))
    place = mean - width * delta * math.sqrt(2 / math.pi)
    return place, width, delta / math.sqrt(1 - delta * delta)


def log_tail(z: float, shape: float) -> float:
    """Natural logarithm of a standard skew-normal's probability above ``z``, to four digits, far out too.

    The density is 2 φ(t) Φ(shape · t). It is integrated by Simpson's rule from z to where it has died away.
    """
    start = max(z, -12.0)
    span = max(12.0 - start, 40.0 / (1.0 + max(start, 0.0)))
    step = span / _STEPS
    logs = [_log_density(start + place * step, shape) for place in range(_STEPS + 1)]
    top = max(logs)
    weights = (1 if place in (0, _STEPS) else 4 if place % 2 else 2 for place in range(_STEPS + 1))
    total = math.fsum(weight * math.exp(log - top) for weight, log in zip(weights, logs, strict=True))
    return min(0.0, top + math.log(total * step / 3))


def _log_density(t: float, shape: float) -> float:
    return math.log(2) - t * t / 2 - math.log(2 * math.pi) / 2 + _log_normal_below(shape * t)


def _log_normal_below(t: float) -> float:
    """log Φ(t); its asymptotic series where erfc underflows."""
    if t > -30:
        return math.log(math.erfc(-t / math.sqrt(2)) / 2)
    return -t * t / 2 - math.log(-t * math.sqrt(2 * math.pi)) + math.log1p(-1 / (t * t))
