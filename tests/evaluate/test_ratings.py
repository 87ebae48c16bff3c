"""Ratings find what results were drawn from, cancel a judge's preference for a place, and say how sure they are."""

import math
from random import Random

import pytest

from bylaw.errors import UsageError
from bylaw.evaluate.ratings import POINTS, Result, both_orders, ratings

TRUTH = {"seed": 0.0, "sft": 100.0, "final": 180.0}


def _drawn(prompts: int, seed: int = 0) -> list[Result]:
    draw, names = Random(seed), list(TRUTH)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    return [
        Result(str(number), a, b, float(draw.random() < 1 / (1 + math.exp((TRUTH[b] - TRUTH[a]) / POINTS))))
        for number in range(prompts)
        for a, b in pairs
    ]


def test_the_truth_lies_in_the_intervals() -> None:
    inside = 0
    for seed in range(10):
        found = {one.model: one for one in ratings(_drawn(60, seed), "seed", draws=60)}
        inside += sum(found[name].low <= TRUTH[name] <= found[name].high for name in ("sft", "final"))
    assert inside >= 16  # of 20, at 95 %
    assert found["seed"].elo == 0 and found["seed"].low == found["seed"].high == 0


def test_more_prompts_make_it_surer() -> None:
    few, many = (ratings(_drawn(count), "seed", draws=40)[0] for count in (20, 320))
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert many.model == "final" and many.n == 640


def test_a_preference_for_a_place_cancels_out() -> None:
    # The judge gives 0.3 to whatever stands first, and the answers are alike.
    results = [both_orders(str(n), "a", "b", given=0.8, swapped=0.2) for n in range(30)]
    assert [round(one.elo, 6) for one in ratings(results, "a", draws=20)] == [0.0, 0.0]


def test_one_that_wins_all_has_a_finite_rating() -> None:
    found = ratings([Result(str(n), "a", "b", 1.0) for n in range(20)], "b", draws=20)
    assert found[0].model == "a" and 200 < found[0].elo < 5000


def test_nothing_to_rate_is_said() -> None:
    with pytest.raises(UsageError, match="between seed and at least one other"):
        ratings([Result("1", "a", "b", 1.0)], "seed")
