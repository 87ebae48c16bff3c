"""What is drawn for one id: words of digests of seed and id.

Cheaper by far than seeding a generator for each of a million ids, and as independent: no draw depends on another id.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct
from typing import TypeVar

T = TypeVar("T")

_words = Struct("<16I").unpack
_FIRST, _LAST = 1940, 2039
_DAYS = tuple(
    f"{year}-{month:02}-{day:02}" for year in range(_FIRST, _LAST + 1) for month in range(1, 13) for day in range(1, 29)
)
_YEAR = 12 * 28


class Draws:
    """The draws of an id, in order."""

    __slots__ = ("_name", "_taken", "_words")

    def __init__(self, seed: int, id: str) -> None:
        self._name = f"{seed}/{id}/"
        self._taken = 0
        self._words: list[int] = []

    def below(self, bound: int) -> int:
        """An integer from 0 to below ``bound``, which is at most 2**32; bias is below bound / 2**32."""
        return (self._words or self._more()).pop() * bound >> 32

    def pick(self, among: Sequence[T]) -> T:
        """One of several, all alike."""
        return among[(self._words or self._more()).pop() * len(among) >> 32]

    def chance(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return (self._words or self._more()).pop() * 100 >> 32 < percent

    def day(self, first: int, last: int) -> str:
        """A day of the years from ``first`` to ``last``, in ISO form; the 29th and later are never drawn."""
        days = (last - first + 1) * _YEAR
        return _DAYS[(first - _FIRST) * _YEAR + ((self._words or self._more()).pop() * days >> 32)]

    def _more(self) -> list[int]:
        self._taken += 1
        self._words = list(_words(blake2b(f"{self._name}{self._taken}".encode()).digest()))
        return self._words
