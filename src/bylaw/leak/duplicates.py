"""Texts that are nearly the same, in clusters: MinHash finds candidates, exact Jaccard similarity decides.

A text is the set of its shingles, five words in a row (fewer words are one shingle). 128 hash functions in 32 bands of
4 make two texts of Jaccard similarity s candidates with probability 1 - (1 - s⁴)³² (Leskovec, Rajaraman, Ullman,
*Mining of Massive Datasets*, §3.4): over 0.999 at 0.7, and 0.87 at 0.5. Texts of one set of shingles are put together
before that, so many copies of one text cost one.
"""

import re
from collections.abc import Iterator, Sequence

from bylaw.errors import MissingExtra, UsageError

SHINGLE = 5
PERMUTATIONS, BANDS = 128, 32

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text, without case: what duplicates and overlap are counted in."""
    return _WORD.findall(text.casefold())


def shingles(text: str, size: int = SHINGLE) -> frozenset[str]:
    """The set of ``size`` words in a row; a shorter text is one shingle, a text without words none."""
    words = words_of(text)
    if not words:
        return frozenset()
    return frozenset(" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Size of what both have over size of what either has."""
    return len(one & other) / len(one | other) if one or other else 0.0


def clusters(texts: Sequence[str], at_least: float = 0.8, size: int = SHINGLE, seed: int = 0) -> list[list[int]]:
    """Places of texts that are nearly the same, two or more to a cluster, in order.

    Two texts of Jaccard similarity ``at_least`` are in one cluster, and so is what links them. Texts without words
    are in none. Raises ``MissingExtra`` without rensa, ``UsageError`` for a bound that is no similarity.
    """
    if not 0.5 <= at_least <= 1:
        raise UsageError(f"a similarity to look for lies between 0.5 and 1, not at {at_least}")
    same: dict[frozenset[str], list[int]] = {}
    for place, text in enumerate(texts):
        same.setdefault(shingles(text, size), []).append(place)
    same.pop(frozenset(), None)
    distinct = list(same)
    joined = _Joined(len(distinct))
    for one, other in _candidates(distinct, seed):
        if joined.find(one) != joined.find(other) and jaccard(distinct[one], distinct[other]) >= at_least:
            joined.join(one, other)
    found: dict[int, list[int]] = {}
    for number, each in enumerate(distinct):
        found.setdefault(joined.find(number), []).extend(same[each])
    return sorted(sorted(places) for places in found.values() if len(places) > 1)


def _candidates(sets: Sequence[frozenset[str]], seed: int) -> Iterator[tuple[int, int]]:
    """Pairs that share a band."""
    try:
        from rensa import RMinHash, RMinHashLSH
    except ImportError as error:
        raise MissingExtra("rensa", "train") from error
    sketches = RMinHash.from_token_sets([sorted(each) for each in sets], PERMUTATIONS, seed)
    index = RMinHashLSH(0.5, PERMUTATIONS, BANDS)
    for number, sketch in enumerate(sketches):
        yield from ((other, number) for other in sorted(index.query(sketch)))
        index.insert(number, sketch)


class _Joined:
    """Disjoint sets; the lowest number stands for its set."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._parent[high] = low
