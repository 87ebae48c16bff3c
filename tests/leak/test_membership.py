"""Membership inference: rates at few false accusations, with exact intervals."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.errors import UsageError
from bylaw.leak.membership import clopper_pearson, infer


@pytest.mark.parametrize(
    ("hits", "n", "interval"),
    [
        (0, 10, (0.0, 0.3084971)),  # 1 − 0.025^(1/10)
        (10, 10, (0.6915029, 1.0)),
        (5, 10, (0.1870860, 0.8129140)),
        (1, 100, (0.0002531, 0.0544594)),
        (3, 1200, (0.0005158, 0.0072887)),
    ],
)
def test_intervals_are_the_published_ones(hits: int, n: int, interval: tuple[float, float]) -> None:
    assert clopper_pearson(hits, n) == pytest.approx(interval, abs=2e-6)


@given(st.integers(1, 400), st.data())
def test_an_interval_holds_its_share(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = clopper_pearson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1


def test_the_threshold_is_that_of_the_held_out() -> None:
    others = [float(number) for number in range(1000)]
    guess = infer([989.0, 990.0, 999.0, 2000.0], others, 0.01)
    assert (guess.threshold, guess.found, guess.accused) == (989.0, 3, 10)
    strict = infer([989.0, 990.0, 999.0, 2000.0], others, 0.001)
    assert (strict.threshold, strict.found, strict.accused) == (998.0, 2, 1)


def test_too_few_held_out_accuse_none() -> None:
    guess = infer([5.0, 7.0], [1.0, 6.0], 0.01)
    assert (guess.found, guess.accused) == (1, 0)


scores = st.lists(st.integers(-5, 5).map(float), min_size=1)


@given(scores, scores, st.sampled_from([0.001, 0.01, 0.1, 0.5]))
def test_no_more_are_accused_than_allowed(members: list[float], others: list[float], allowed: float) -> None:
    guess = infer(members, others, allowed)
    assert guess.accused <= allowed * guess.non_members + 1e-9
    assert guess.found <= guess.members == len(members)


def test_members_like_all_others_are_found_by_chance_alone() -> None:
    rng = Random("chance")
    guess = infer([rng.gauss(0, 1) for _ in range(20_000)], [rng.gauss(0, 1) for _ in range(20_000)], 0.01)
    low, high = clopper_pearson(guess.found, guess.members, 0.999)
    assert low < 0.0115 and high > 0.0085


def test_what_cannot_be_inferred_is_refused() -> None:
    for members, others, allowed in (([], [1.0], 0.01), ([1.0], [], 0.01), ([1.0], [1.0], 0.0)):
        with pytest.raises(UsageError):
            infer(members, others, allowed)
    with pytest.raises(UsageError):
        clopper_pearson(3, 2)
