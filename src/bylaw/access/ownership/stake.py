"""How much of an entity one owner holds: at least and at most, with open and closed ends, exactly.

A bound is one integer, so that adding and comparing bounds is adding and comparing integers. A share is counted in
parts of 10**-9 of the whole (a percentage with seven decimals), each worth ``PART``. An open end lies one beyond the
closed one: *more than 25 %* is ``25 % + 1``, *less than 75 %* is ``75 % - 1``. Sums keep that right as long as fewer
than ``PART`` of them are added, which ``graph`` sees to: two owners with more than 25 % each hold more than 50 %.

What has more decimals is rounded outwards to an open end, so that no sum is ever claimed that may not be true.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor

import msgspec

from bylaw.errors import UsageError

PART = 1 << 24
"""What a billionth of the whole is worth; the room below it counts open ends."""
PERCENT = 10**7 * PART
WHOLE = 100 * PERCENT

Percent = int | str | Decimal | Fraction


class Stake(msgspec.Struct, frozen=True, order=True, gc=False):
    """Bounds as the integers described above, ``lower <= upper``. Made by ``exact``, ``between`` or ``UNKNOWN``."""

    lower: int
    upper: int

    def __post_init__(self) -> None:
        if not 0 <= self.lower <= self.upper <= WHOLE:
            raise UsageError(f"a stake lies between 0 and 100 % and is not empty; this one is {self}")

    def __str__(self) -> str:
        if self == UNKNOWN:
            return "an unknown share"
        if self.is_exact and self.lower % PART == 0:
            return percent_text(self.lower)
        above = f"{'more than' if self.lower % PART else 'at least'} {percent_text(self.lower)}"
        below = f"{'less than' if self.upper % PART else 'at most'} {percent_text(self.upper + PART - 1)}"
        return f"{above}, {below}"

    @property
    def is_exact(self) -> bool:
        """Whether the records leave nothing open."""
        return self.lower == self.upper

    def plus(self, other: "Stake") -> "Stake":
        """Both holdings of one owner together, 100 % at the most. Raises ``UsageError`` if they cannot both be."""
        return Stake(self.lower + other.lower, min(self.upper + other.upper, WHOLE))

    def hull(self, other: "Stake") -> "Stake":
        """The smallest stake that allows all that either allows."""
        return Stake(min(self.lower, other.lower), max(self.upper, other.upper))


def exact(percent: Percent) -> Stake:
    """So much, neither more nor less. Raises ``UsageError`` outside 0 … 100."""
    return between(percent, percent)


def between(low: Percent, high: Percent, *, above: bool = False, below: bool = False) -> Stake:
    """From ``low`` to ``high`` percent; ``above``: more than ``low``, ``below``: less than ``high``."""
    least, most = fraction(low), fraction(high)
    if not 0 <= least <= most <= 100 or (least == most and (above or below)):
        raise UsageError(f"a stake lies between 0 and 100 % and is not empty, unlike {low} to {high}")
    return Stake(lower_bound(least, above), upper_bound(most, below))


def lower_bound(percent: Fraction, above: bool = False) -> int:
    """The integer for *at least*, or *more than*."""
    parts = percent * 10**7
    return floor(parts) * PART + (above or parts.denominator != 1)


def upper_bound(percent: Fraction, below: bool = False) -> int:
    """The integer for *at most*, or *less than*."""
    parts = percent * 10**7
    return ceil(parts) * PART - (below or parts.denominator != 1)


def fraction(percent: Percent) -> Fraction:
    """The number itself. Raises ``UsageError`` for what is no number."""
    if isinstance(percent, Fraction):
        return percent
    try:
        number = Decimal(percent)
    except InvalidOperation as error:
        raise UsageError(f"{percent!r} is no percentage") from error
    if not number.is_finite():
        raise UsageError(f"{percent!r} is no percentage")
    return Fraction(number)


def percent_text(bound: int) -> str:
    """A bound for a person, without its open end: ``50 %``, ``33.3333333 %``."""
    whole, rest = divmod(bound // PART, 10**7)
    return f"{whole}.{rest:07d}".rstrip("0").rstrip(".") + " %"


UNKNOWN = Stake(1, WHOLE)
"""Somebody holds something, and nobody says how much: more than nothing."""
