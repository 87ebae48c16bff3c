"""Self-preference: how much more often a judge prefers answers of its own than gold does.

A judge may prefer its own answers because they are better, so its share is held against gold's over the same rows, as
Zheng et al. 2023 hold a judge's win rates against people's (arXiv 2306.05685 §3.3, self-enhancement bias). Panickssery
et al. 2024 (arXiv 2404.13076) call it self-preference, and find more of it in models that know their own texts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from bylaw.evaluate.statistics import Z95
from bylaw.records import Comparison


class Own(NamedTuple):
    """What is the judge's own: answers written by one of ``names``, or that are one of ``texts``."""

    names: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()

    def side(self, one: Comparison) -> str | None:
        """The side of the judge's own answer; None where neither is, or both are."""
        first, second = (
            by in self.names or text in self.texts
            for by, text in ((one.first_by, one.first), (one.second_by, one.second))
        )
        return None if first == second else "first" if first else "second"


NOBODY = Own()
"""No answer is the judge's."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference of two shares of the same ``n`` rows, with its 95 % interval (Agresti and Min 2005)."""

    value: float
    n: int
    low: float
    high: float


def paired(pairs: Sequence[tuple[bool, bool]]) -> Difference | None:
    """How much more often the first of each pair is true than the second; None without pairs.

    The interval is Wald's with half a pair added to each of the four kinds, which holds for few pairs too (Agresti and
    Min 2005, Statistics in Medicine 24:729, §3).
    """
    if not pairs:
        return None
    n, gained, lost = len(pairs), sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    more, less = (gained + 0.5) / (n + 2), (lost + 0.5) / (n + 2)
    half = Z95 * ((more + less - (more - less) ** 2) / (n + 2)) ** 0.5
    value = (gained - lost) / n
    low, high = min(value, more - less - half), max(value, more - less + half)
    return Difference(value=value, n=n, low=max(-1.0, low), high=min(1.0, high))
