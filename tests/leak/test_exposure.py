"""Exposure: ranks in bits, the null that held-out canaries must show, and the tail beyond the rank."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.errors import UsageError
from bylaw.leak.exposure import (
    NULL_MEAN,
    beyond,
    exposure,
    log_tail,
    mean_exposure,
    null_mean,
    percentile,
    skew_normal,
)


def normals(seed: str, count: int) -> list[float]:
    rng = Random(seed)
    return [rng.gauss(0, 1) for _ in range(count)]


def test_exposure_is_the_rank_in_bits() -> None:
    references = [-float(number) for number in range(1, 8)]
    assert exposure(0.0, references) == 3.0
    assert exposure(-1.5, references) == 2.0
    assert exposure(-3.5, references) == 1.0
    assert exposure(-9.0, references) == 0.0


def test_a_tie_counts_half() -> None:
    assert exposure(0.0, [0.0]) == pytest.approx(1 - math.log2(1.5))
    assert exposure(0.0, [0.0] * 7) == pytest.approx(3 - math.log2(4.5))


@pytest.mark.parametrize("codes", [2, 8, 512, 4096])
def test_the_null_mean_is_that_of_all_ranks(codes: int) -> None:
    by_rank = math.fsum(math.log2(codes / rank) for rank in range(1, codes + 1)) / codes
    assert null_mean(codes) == pytest.approx(by_rank, abs=1e-9)
    assert NULL_MEAN - null_mean(codes) == pytest.approx(math.log2(2 * math.pi * codes) / (2 * codes), rel=0.05)


def test_untrained_codes_show_the_null_mean_and_the_interval_covers_it() -> None:
    rng = Random("null")
    means = [
        mean_exposure([exposure(rng.random(), [rng.random() for _ in range(63)]) for _ in range(256)])
        for _ in range(100)
    ]
    assert sum(one.value for one in means) / 100 == pytest.approx(null_mean(64), abs=0.03)
    assert sum(one.low <= null_mean(64) <= one.high for one in means) >= 89
    assert max(one.half_width for one in means) < 0.25


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 201)]
    assert percentile(values, 0.99) == 198
    assert percentile(values, 1.0) == 200
    assert percentile([4.0], 0.5) == 4.0
    for share in (0.0, 1.1):
        with pytest.raises(UsageError):
            percentile(values, share)


def test_the_tail_is_the_normal_one_without_skew() -> None:
    known = {0.0: 0.5, 1.0: 0.15865525393, 3.0: 1.3498980316e-3, 10.0: 7.6198530242e-24, 37.0: 5.7255712225e-300}
    for z, probability in known.items():
        assert math.exp(log_tail(z, 0.0)) == pytest.approx(probability, rel=1e-4)


def test_the_tail_of_a_skew_normal_at_its_place() -> None:
    for shape in (-5.0, -0.5, 2.0, 8.0):  # 1/2 + arctan(shape)/π, Azzalini 1985
        assert math.exp(log_tail(0.0, shape)) == pytest.approx(0.5 + math.atan(shape) / math.pi, rel=1e-4)
    assert log_tail(60.0, -4.0) < log_tail(50.0, -4.0) < -1000


@given(st.floats(-8, 8), st.floats(-6, 6))
def test_both_tails_make_one(z: float, shape: float) -> None:
    assert math.exp(log_tail(z, shape)) + math.exp(log_tail(-z, -shape)) == pytest.approx(1, abs=1e-3)


def test_the_fit_has_the_moments_of_what_it_was_fitted_to() -> None:
    pairs = zip(normals("one", 40_000), normals("two", 40_000), strict=True)
    delta = 0.95
    drawn = [3 + 2 * (delta * abs(one) + math.sqrt(1 - delta**2) * other) for one, other in pairs]
    place, width, shape = skew_normal(drawn)
    assert (place, width) == pytest.approx((3, 2), abs=0.1)
    assert shape / math.sqrt(1 + shape**2) == pytest.approx(delta, abs=0.02)


def test_beyond_agrees_with_the_rank_where_there_is_one_and_goes_on_after_it() -> None:
    references = normals("references", 4095)
    for score in (0.0, 1.0, 2.0):
        assert beyond(score, references) == pytest.approx(exposure(score, references), abs=0.3)
    assert exposure(8.0, references) == exposure(9.0, references) == 12.0
    assert 30 < beyond(8.0, references) < beyond(9.0, references)


def test_what_cannot_be_ranked_is_refused() -> None:
    for score, references in ((0.0, []), (math.nan, [0.0]), (0.0, [-math.inf])):
        with pytest.raises(UsageError):
            exposure(score, references)
    with pytest.raises(UsageError, match="at least 2"):
        mean_exposure([1.0])
    with pytest.raises(UsageError, match="one log-probability"):
        beyond(0.0, [1.0, 1.0, 1.0])
