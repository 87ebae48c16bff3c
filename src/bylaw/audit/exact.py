"""Exact tails, false discoveries, and evidence put together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

SMALLEST = 1e-300


def binomial_tail(hits: Any, n: Any, rate: Any) -> Floats:
    """P(at least ``hits`` of ``n``) where each has its own chance, ``rate`` on average; 1 where hits are no surprise.

    Above its mean plus one a sum of unequal trials has a lighter tail than the binomial one of their average rate
    (Hoeffding 1956, theorem 5), so this is exact for equal chances and on the safe side for unequal ones.
    """
    hits, n, rate = (np.asarray(value, dtype=np.float64) for value in (hits, n, rate))
    tail = np.asarray(special.betainc(np.maximum(hits, 1), np.maximum(n - hits + 1, 1), rate), dtype=np.float64)
    kept: Floats = np.where((n > 0) & (hits >= n * rate + 1), np.maximum(tail, SMALLEST), 1.0)
    return kept


def q_values(p: Floats) -> Floats:
    """Benjamini-Hochberg: the smallest false discovery rate at which each is still found (JRSS B 57, 1995)."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q


def best_of(ps: list[Floats]) -> Floats:
    """One p of several asked of the same rows: the smallest, times how many there are (Bonferroni)."""
    least: Floats = np.minimum(1.0, len(ps) * np.minimum.reduce(ps))
    return least


def combined(ps: list[Floats], asked: list[NDArray[np.bool_]]) -> Floats:
    """Fisher's combination over separate rows; only those that were ``asked`` count. 1 where none was."""
    told = np.sum(asked, axis=0)
    each = [np.where(was, np.log(np.maximum(p, SMALLEST)), 0.0) for p, was in zip(ps, asked, strict=True)]
    logs = np.sum(each, axis=0)
    p: Floats = np.where(told > 0, special.chdtrc(2 * np.maximum(told, 1), -2 * logs), 1.0)
    return np.maximum(p, SMALLEST)


def fisher(hits: int, n: int, others: int, m: int) -> float:
    """Fisher's exact test, one-sided: the chance of ``hits`` or more of ``n`` if ``others`` of ``m`` hit as well."""
    total = hits + others
    i = np.arange(hits, min(n, total) + 1, dtype=np.float64)
    logs = _choose(n, i) + _choose(m, total - i) - _choose(n + m, total)
    return float(min(1.0, np.exp(logs[total - i <= m]).sum()))


def _choose(n: Any, k: Any) -> Floats:
    """log of the binomial coefficient; -inf where there is none."""
    k = np.asarray(k, dtype=np.float64)
    made: Floats = special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(np.maximum(n - k, 0) + 1.0)
    return np.where(k > n, -np.inf, made)
