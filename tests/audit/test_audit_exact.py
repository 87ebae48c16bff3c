import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.audit.exact import binomial_tail, combined, fisher, q_values


def binomial(hits: int, n: int, rate: float) -> float:
    return sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(hits, n + 1))


@given(st.integers(1, 30), st.integers(0, 30), st.floats(0.01, 0.9))
def test_binomial_tail_is_the_sum(n: int, hits: int, rate: float) -> None:
    hits = min(hits, n)
    expected = binomial(hits, n, rate) if hits >= n * rate + 1 else 1.0
    assert float(binomial_tail(hits, n, rate)) == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(0.01, 0.6), min_size=1, max_size=9), st.integers(1, 9))
def test_unequal_chances_have_no_heavier_tail(rates: list[float], hits: int) -> None:
    hits = min(hits, len(rates))
    exact = sum(
        math.prod(rate if hit else 1 - rate for hit, rate in zip(drawn, rates, strict=True))
        for drawn in product((0, 1), repeat=len(rates))
        if sum(drawn) >= hits
    )
    assert exact <= float(binomial_tail(hits, len(rates), np.mean(rates))) * (1 + 1e-9)


def test_fisher_is_the_lady_tasting_tea() -> None:
    assert fisher(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert fisher(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert fisher(0, 4, 4, 4) == pytest.approx(1.0)


def test_q_values_of_benjamini_and_hochberg() -> None:
    q = q_values(np.array([0.01, 0.04, 0.03, 0.005]))
    assert q.tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_evidence_of_stages_adds_up_and_a_stage_not_asked_counts_for_nothing() -> None:
    one, two = np.array([1e-3]), np.array([1e-3])
    asked, not_asked = np.array([True]), np.array([False])
    assert combined([one, two], [asked, asked])[0] < 1e-3
    assert combined([one, two], [asked, not_asked])[0] == pytest.approx(1e-3)
    assert combined([one], [not_asked])[0] == 1.0
