"""What texts share, word for word, with evaluation sets: eight words in a row, and the longest run.

As in ConTAM (arXiv 2411.03923): n-grams of words with n = 8 and mincount = 1, so one occurrence counts, and the longest
match rather than the share of the text. Words are without case and punctuation. Time is linear in the texts: a word is
looked at once, and of an n-gram that stands at more than ``PLACES`` places of a set only the first are kept, so a
run through a text that repeats itself that often may be found shorter than it is, never missed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bylaw.errors import UsageError
from bylaw.leak.duplicates import words_of

N = 8
PLACES = 16


class Match(NamedTuple):
    """What a text shares with one evaluation set: n-grams, the items they stand in, and the longest run in words."""

    set: str
    grams: int
    items: frozenset[int]
    longest: int


class EvaluationSets:
    """Evaluation sets by name, indexed by their n-grams. An item is a text; it is named by its place in its set."""

    def __init__(self, sets: Mapping[str, Sequence[str]], n: int = N) -> None:
        if n < 2:
            raise UsageError(f"an n-gram has two words or more, not {n}")
        self.n = n
        self.sizes = {name: len(items) for name, items in sets.items()}
        self.short: dict[str, int] = {}
        """How many items of a set have fewer than n words, and so can never match."""
        self._names = list(sets)
        self._items: list[int] = []
        self._places: dict[str, dict[int, list[int]]] = {}
        for number, name in enumerate(self._names):
            self._add(number, name, sets[name])

    def _add(self, number: int, name: str, items: Iterable[str]) -> None:
        """Give each place of an n-gram a number; the numbers of one item follow each other, items are set apart."""
        self.short[name] = 0
        for item, text in enumerate(items):
            grams = self._grams(text)
            self.short[name] += not grams
            for gram in grams:
                kept = self._places.setdefault(gram, {}).setdefault(number, [])
                if len(kept) < PLACES:
                    kept.append(len(self._items))
                self._items.append(item)
            self._items.append(-1)

    def _grams(self, text: str) -> list[str]:
        words = words_of(text)
        return [" ".join(words[at : at + self.n]) for at in range(len(words) - self.n + 1)]

    def matches(self, text: str) -> list[Match]:
        """What a text shares with each set that it shares anything with, in the sets' order."""
        found = [_Run(self.n) for _ in self._names]
        nothing: dict[int, list[int]] = {}
        for gram in self._grams(text):
            places = self._places.get(gram, nothing)
            for number, run in enumerate(found):
                run.step(places.get(number, ()))
        return [
            Match(name, run.grams, frozenset(self._items[place] for place in run.places), run.longest)
            for name, run in zip(self._names, found, strict=True)
            if run.grams
        ]


class _Run:
    """The walk of a text along one set: for each place reached, how many words have matched up to it."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._reached: dict[int, int] = {}
        self.grams, self.longest = 0, 0
        self.places: set[int] = set()

    def step(self, places: Sequence[int]) -> None:
        if not places:
            if self._reached:
                self._reached = {}
            return
        before = self._reached
        self._reached = {place: before.get(place - 1, self._n - 1) + 1 for place in places}
        self.grams += 1
        self.places.update(places)
        self.longest = max(self.longest, *self._reached.values())
