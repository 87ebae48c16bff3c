"""Strengths behind paired comparisons: P(a beats b) = σ(rₐ − r_b), by maximum likelihood (Bradley and Terry 1952).

A tie is half a win for each side, a soft verdict a share of one; the likelihood is that of a logistic regression on
shares. It has a maximum for two players only if each can be reached from the other by wins, however indirect (Ford
1957): one that won everything could be any distance above, and two that nothing connects have no distance. That is
told, and no prior or bound makes a number of it.
"""

import math
from collections.abc import Sequence

Wins = Sequence[Sequence[float]]
"""``wins[a][b]``: how often a beat b."""

STEPS = 100
EXACT = 1e-10


def strengths(wins: Wins, zero: int) -> list[float]:
    """Natural strengths of all players, ``zero`` at 0.

    ∞ and −∞ where nothing bounds one from above, or from below; NaN where nothing connects it with ``zero``.
    """
    above, below = reached(wins, zero, up=True), reached(wins, zero, up=False)
    found = [math.inf if n in above else -math.inf if n in below else math.nan for n in range(len(wins))]
    # Those beyond add nothing to the likelihood in the limit: the others are as if they had not met them.
    within = sorted(above & below)
    for player, strength in zip(within, _fit(wins, within, zero), strict=True):
        found[player] = strength
    return found


def reached(wins: Wins, start: int, up: bool) -> set[int]:
    """Who is reached from ``start``, itself included: ``up`` from the beaten to who beat them, else down."""
    found, new = {start}, [start]
    while new:
        one = new.pop()
        beside = {n for n in range(len(wins)) if (wins[n][one] if up else wins[one][n]) > 0}
        new += beside - found
        found |= beside
    return found


def _fit(wins: Wins, within: Sequence[int], zero: int) -> list[float]:
    """Newton's method, halved where it goes too far: the likelihood is concave, and here it has a maximum."""
    free = [n for n in within if n != zero]
    found = dict.fromkeys(within, 0.0)
    best = _likelihood(wins, within, found)
    for _ in range(STEPS):
        step = _newton(wins, within, free, found)
        while (said := _likelihood(wins, within, new := _moved(found, free, step))) < best - EXACT:
            step = [each / 2 for each in step]
        found, best = new, said
        if max(map(abs, step), default=0.0) < EXACT:
            break
    return [found[n] for n in within]


def _moved(found: dict[int, float], free: Sequence[int], step: Sequence[float]) -> dict[int, float]:
    return found | {n: found[n] + by for n, by in zip(free, step, strict=True)}


def _likelihood(wins: Wins, within: Sequence[int], found: dict[int, float]) -> float:
    """Log-likelihood; log σ(x) = −log(1 + e⁻ˣ), written so that nothing overflows."""
    said = 0.0
    for a in within:
        for b in within:
            if wins[a][b]:
                x = found[a] - found[b]
                said += wins[a][b] * (min(x, 0.0) - math.log1p(math.exp(-abs(x))))
    return said


def _newton(wins: Wins, within: Sequence[int], free: Sequence[int], found: dict[int, float]) -> list[float]:
    """The step: the inverse of the information times the slope."""
    rows = []
    for a in free:
        row, slope = dict.fromkeys(within, 0.0), 0.0
        for b in within:
            met = wins[a][b] + wins[b][a] if a != b else 0.0
            if met:
                expected = 1 / (1 + math.exp(max(-700.0, min(700.0, found[b] - found[a]))))
                slope += wins[a][b] - met * expected
                weight = met * max(expected * (1 - expected), 1e-12)  # a player far off still has a direction
                row[a] += weight
                row[b] -= weight
        rows.append([*(row[n] for n in free), slope])
    return _solved(rows)


def _solved(rows: list[list[float]]) -> list[float]:
    """A system with a positive definite matrix, by elimination; the last column is the right side."""
    size = len(rows)
    for at in range(size):
        for below in range(at + 1, size):
            if ratio := rows[below][at] / rows[at][at]:
                rows[below] = [mine - ratio * other for mine, other in zip(rows[below], rows[at], strict=True)]
    found = [0.0] * size
    for at in reversed(range(size)):
        known = sum(rows[at][n] * found[n] for n in range(at + 1, size))
        found[at] = (rows[at][size] - known) / rows[at][at]
    return found
