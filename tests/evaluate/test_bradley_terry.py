"""Strengths are those that others publish, and those of a logistic regression by somebody else's optimiser."""

import math
from random import Random
from typing import Any

import pytest

from bylaw.evaluate.bradley_terry import reached, strengths

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
GAMES = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
"""The American League's eastern division in 1987, row beats column (Agresti, Categorical Data Analysis)."""

PUBLISHED = (1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0)
"""The coefficients that the vignette of R's BradleyTerry2 prints for these games (Turner and Firth 2012)."""


def test_a_published_example() -> None:
    found = strengths(GAMES, TEAMS.index("Baltimore"))
    assert [round(one, 4) for one in found] == list(PUBLISHED)
    # Whoever is at 0, the differences are the same.
    other = strengths(GAMES, 0)
    assert [one - other[-1] for one in other] == pytest.approx(found)


def _by_scipy(wins: list[list[float]]) -> Any:
    """A logistic regression without intercept on a design of +1 and −1, soft answers and all."""
    numpy, optimize = pytest.importorskip("numpy"), pytest.importorskip("scipy.optimize")
    pairs = [(a, b) for a in range(len(wins)) for b in range(len(wins)) if a != b]
    design = numpy.array([[(n == a) - (n == b) for n in range(1, len(wins))] for a, b in pairs], dtype=float)
    weight = numpy.array([wins[a][b] for a, b in pairs])

    def loss(x: Any) -> Any:
        return (weight * numpy.logaddexp(0, -design @ x)).sum()

    def slope(x: Any) -> Any:
        return -design.T @ (weight / (1 + numpy.exp(design @ x)))

    return optimize.minimize(loss, numpy.zeros(len(wins) - 1), jac=slope, method="BFGS", options={"gtol": 1e-9}).x


@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_a_logistic_regression(seed: int) -> None:
    """Also where most pairs never met, and where shares are close to none."""
    draw = Random(seed)
    size = 6
    wins = [[0.0] * size for _ in range(size)]
    for a in range(size):
        for b in [(a + 1) % size, *(n for n in range(size) if n != a and draw.random() < 0.3)]:
            share, met = draw.choice((0.001, 0.3, 0.5, 0.98)), draw.randint(1, 20)
            wins[a][b] += share * met
            wins[b][a] += (1 - share) * met
    assert strengths(wins, 0)[1:] == pytest.approx(list(_by_scipy(wins)), abs=1e-5)


def test_shares_close_to_one_are_as_far_as_they_say() -> None:
    sure = 1 - 1e-6
    assert strengths([[0, sure], [1 - sure, 0]], 1)[0] == pytest.approx(math.log(sure / (1 - sure)), rel=1e-6)


def test_what_nothing_bounds_is_not_a_number() -> None:
    """0 and 1 beat each other; 2 only beats, 3 only loses, 4 beats one that only beats, 5 met nobody."""
    wins = [[0.0] * 6 for _ in range(6)]
    for winner, loser in ((0, 1), (0, 1), (1, 0), (2, 1), (0, 3), (4, 2)):
        wins[winner][loser] += 1
    found = strengths(wins, 0)
    assert found[:2] == [0.0, pytest.approx(-math.log(2))]
    assert (found[2], found[3], found[4]) == (math.inf, -math.inf, math.inf) and math.isnan(found[5])
    assert reached(wins, 0, up=True) == {0, 1, 2, 4} and reached(wins, 0, up=False) == {0, 1, 3}
    wins[3][4] += 0.5  # the one that only lost beat the best a little: now all are bounded
    assert all(math.isfinite(one) for one in strengths(wins, 0)[:5])
