"""Stakes: exact arithmetic with open and closed ends."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.access.ownership.stake import PART, PERCENT, UNKNOWN, Stake, between, exact
from bylaw.errors import UsageError


def test_texts() -> None:
    assert str(exact("33.5")) == "33.5 %"
    assert str(between(25, 50, above=True)) == "more than 25 %, at most 50 %"
    assert str(between(50, 75, above=True, below=True)) == "more than 50 %, less than 75 %"
    assert str(between(75, 100)) == "at least 75 %, at most 100 %"
    assert str(UNKNOWN) == "an unknown share"


@pytest.mark.parametrize("percent", [-1, 101, "100.0000001", "NaN", "Infinity", "half", Decimal("-0.1")])
def test_no_stake_outside_the_whole(percent: int | str | Decimal) -> None:
    with pytest.raises(UsageError):
        exact(percent)


@pytest.mark.parametrize("ends", [{"above": True}, {"below": True}])
def test_no_empty_stake(ends: dict[str, bool]) -> None:
    with pytest.raises(UsageError, match="not empty"):
        between(25, 25, **ends)
    with pytest.raises(UsageError, match="not empty"):
        between(50, 25)


@given(st.fractions(min_value=0, max_value=100))
def test_rounding_is_outward(percent: Fraction) -> None:
    stake = exact(percent)
    low, high = Fraction(stake.lower // PART, 10**7), Fraction(-(-stake.upper // PART), 10**7)
    assert low <= percent <= high
    assert (low == percent) == (stake.lower % PART == 0) and (high == percent) == (stake.upper % PART == 0)


def test_thirds_do_not_make_a_whole_too_large() -> None:
    third = exact(Fraction(100, 3))
    assert 3 * third.lower <= 100 * PERCENT <= 3 * third.upper + 3


def test_parts_add_up_and_either_is_allowed() -> None:
    assert exact(30).plus(Stake(0, exact(80).upper)) == between(30, 100)
    assert exact(30).hull(between(40, 50, below=True)) == between(30, 50, below=True)
