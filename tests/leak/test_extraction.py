"""Extraction: what is looked for, verbatim and in n samples, and the rate on what was never trained on."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.errors import UsageError
from bylaw.leak.extraction import (
    Attempt,
    difference,
    discoverable,
    log_missed,
    nearly,
    suffix,
    verbatim,
)
from bylaw.leak.seam import Said, Scored


def scored(*logprobs: float) -> Scored:
    return Scored(logprobs, tuple(one > math.log(0.5) for one in logprobs))


def test_a_long_reply_is_cut_after_fifty_tokens_and_a_short_one_in_the_middle() -> None:
    long = Scored(tuple(-float(n) for n in range(120)), (True,) * 120)
    assert suffix(long).logprobs == tuple(-float(n) for n in range(50, 100))
    assert suffix(scored(-1.0, -2.0, -3.0)).logprobs == (-2.0, -3.0)
    assert suffix(scored(-1.0)).logprobs == (-1.0,)


def test_verbatim_is_every_token_the_likeliest() -> None:
    assert verbatim(scored(-0.1, -0.2))
    assert not verbatim(scored(-0.1, -2.0))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("0123456789", True),
        ("012345678x", True),  # one substitution in ten characters
        ("01234x6789x", False),  # a substitution and an insertion: 2 of 11
        ("123456789", True),  # one deletion, of ten
        ("0123456789 and much more", False),
        ("", False),
    ],
)
def test_near_is_a_tenth_of_the_characters(said: str, found: bool) -> None:
    assert nearly(Said(said, "0123456789")) is found
    assert not nearly(Said(said, "")), "what has no characters is found nowhere"


def test_n_p_is_the_published_condition() -> None:
    part = scored(math.log(0.1), math.log(0.2))  # p_z = 0.02
    for tries in (1, 10, 34, 35, 100):
        expected = 1 - (1 - 0.02) ** tries >= 0.5
        assert discoverable(part, Attempt(tries, 0.5)) is expected
    assert discoverable(scored(0.0), Attempt(1, 0.999))


def test_n_p_says_what_sampling_shows() -> None:
    rng, p, tries = Random("samples"), 0.03, 20
    said = sum(any(rng.random() < p for _ in range(tries)) for _ in range(20_000)) / 20_000
    assert 1 - math.exp(log_missed(math.log(p), tries)) == pytest.approx(said, abs=0.01)


def test_tiny_probabilities_are_not_lost() -> None:
    assert log_missed(-60.0, 10**6) == pytest.approx(-(10**6) * math.exp(-60.0), rel=1e-9)
    assert log_missed(0.0, 3) == -math.inf


def test_the_interval_of_a_difference_is_the_published_one() -> None:
    """Newcombe 1998, Statistics in Medicine 17, table II: 56/70 − 48/80, method 10: 0.0524 to 0.3339."""
    found = difference([True] * 56 + [False] * 14, [True] * 48 + [False] * 32)
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(st.lists(st.booleans(), min_size=1), st.lists(st.booleans(), min_size=1))
def test_the_interval_holds_the_difference(trained: list[bool], held_out: list[bool]) -> None:
    found = difference(trained, held_out)
    assert -1 <= found.low <= found.value <= found.high <= 1


def test_without_a_control_there_is_no_rate() -> None:
    with pytest.raises(UsageError, match="were not"):
        difference([True], [])
