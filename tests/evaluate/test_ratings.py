"""Ratings find what results were drawn from, and say how sure they are, or that nothing bounds them."""

import math
from random import Random

import pytest

from bylaw.errors import UsageError
from bylaw.evaluate.ratings import POINTS, Rating, Ratings, Result, rate

TRUTH = {"seed": 0.0, "sft": 100.0, "final": 180.0}


def _drawn(prompts: int, seed: int = 0) -> list[Result]:
    draw, names = Random(seed), list(TRUTH)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    return [
        Result(str(number), a, b, float(draw.random() < 1 / (1 + math.exp((TRUTH[b] - TRUTH[a]) / POINTS))))
        for number in range(prompts)
        for a, b in pairs
    ]


def _by_name(found: Ratings) -> dict[str, Rating]:
    return {one.model: one for one in found.ratings}


def test_the_truth_lies_in_the_intervals() -> None:
    """Of a rating, and of the lead of one rated model over another, which no two ratings give."""
    inside = 0
    for seed in range(10):
        made = rate(_drawn(60, seed), "seed", draws=60)
        found = _by_name(made)
        for name in ("sft", "final"):
            low, high = found[name].low, found[name].high
            inside += low is not None and high is not None and low <= TRUTH[name] <= high
        lead = next(one for one in made.leads if {one.first, one.second} == {"sft", "final"})
        truth = TRUTH[lead.first] - TRUTH[lead.second]
        inside += lead.low is not None and lead.high is not None and lead.low <= truth <= lead.high
    assert inside >= 25  # of 30, at 95 %
    assert (found["seed"].elo, found["seed"].low, found["seed"].high) == (0.0, 0.0, 0.0)


def test_more_prompts_make_it_surer() -> None:
    few, many = (rate(_drawn(count), "seed", draws=40) for count in (20, 320))
    (_, _, one), (first, _, _) = few.ratings[::-1], many.ratings
    assert first.high - first.low < 0.5 * (one.high - one.low)  # type: ignore[operator]
    assert (first.model, first.n, many.prompts, many.results) == ("final", 640, 320, 960)


def test_answers_to_one_prompt_are_not_independent() -> None:
    """The same results, all of a prompt alike, are less sure than as many on prompts of their own."""
    shares = [float(number % 3 > 0) for number in range(30)]
    apart = [Result(f"{number} {copy}", "a", "b", share) for number, share in enumerate(shares) for copy in range(10)]
    alike = [Result(one.prompt.split()[0], "a", "b", one.share) for one in apart]
    wide, narrow = (_by_name(rate(each, "b", draws=200))["a"] for each in (alike, apart))
    assert wide.elo == pytest.approx(narrow.elo)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)  # type: ignore[operator]


def test_a_tie_is_half_a_win_and_a_soft_verdict_a_share_of_one() -> None:
    ties = [Result(str(n), "a", "b", 0.5) for n in range(30)]
    assert [one.elo for one in rate(ties, "a", draws=20).ratings] == [0.0, 0.0]
    soft = [Result(str(n), "a", "b", 0.75) for n in range(20)]
    hard = [Result(str(n), "a", "b", float(n % 4 > 0)) for n in range(20)]
    found = [_by_name(rate(each, "b", draws=20))["a"].elo for each in (soft, hard)]
    assert found == [pytest.approx(POINTS * math.log(3))] * 2


def test_one_that_wins_all_has_no_rating_and_no_upper_bound() -> None:
    results = [Result(str(n), "a", "b", 1.0) for n in range(20)] + [Result(f"{n}", "b", "c", n % 2) for n in range(20)]
    found = _by_name(rate(results, "b", draws=50))
    assert found["a"] == Rating(model="a", elo=None, low=None, high=None, won=20.0, n=20, beyond="above")
    # What it beat is rated as if it had not met it.
    assert found["c"].elo == pytest.approx(0.0) and found["c"].beyond is None
    assert _by_name(rate(results, "a", draws=50))["b"].beyond == "below"


def test_a_single_loss_leaves_the_interval_open_above() -> None:
    """Of twenty prompts one is lost: more than a third of all draws have no loss."""
    results = [Result(str(n), "a", "b", float(n > 0)) for n in range(20)]
    found = _by_name(rate(results, "b", draws=200))["a"]
    assert found.elo == pytest.approx(POINTS * math.log(19)) and found.high is None and found.low is not None
    assert 100 < found.low < found.elo


def test_models_that_nothing_connects_are_not_rated_together() -> None:
    results = [Result(str(n), a, b, float(n % 2)) for n in range(10) for a, b in (("a", "b"), ("c", "d"))]
    made = rate(results, "a", draws=20)
    assert [(one.model, one.beyond) for one in made.ratings[2:]] == [("c", "apart"), ("d", "apart")]
    lead = next(one for one in made.leads if (one.first, one.second) == ("c", "d"))
    assert (lead.elo, lead.share, lead.n) == (None, 0.5, 10)


def test_one_prompt_gives_no_interval() -> None:
    found = _by_name(rate([Result("1", "a", "b", 0.6)], "b"))["a"]
    assert found.elo == pytest.approx(POINTS * math.log(1.5)) and (found.low, found.high) == (None, None)


def test_nothing_to_rate_is_said() -> None:
    with pytest.raises(UsageError, match="between seed and at least one other"):
        rate([Result("1", "a", "b", 1.0)], "seed")
