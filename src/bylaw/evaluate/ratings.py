"""Elo of several models from pairs of their answers, judged in both orders, with intervals.

A result between two models is the probability that the first one's answer is better: a soft label pooled over both
orders, so that a judge who prefers a place cancels out, or somebody's verdict. Ratings are the strengths of
``bradley_terry`` in Elo points (400 / ln 10 each), one model at 0; intervals are percentiles over prompts drawn with
replacement: answers to one prompt are not independent. Where draws leave a rating without a bound, it has none there.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Literal

import msgspec

from bylaw.errors import UsageError
from bylaw.evaluate.bradley_terry import strengths

POINTS = 400 / math.log(10)
DRAWS = 1000
TAIL = 0.025

Beyond = Literal["above", "below", "apart"]


class Result(msgspec.Struct, frozen=True):
    """One comparison of two models' answers to one prompt; ``share``: probability that the first's is better."""

    prompt: str
    first: str
    second: str
    share: float


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """A model's Elo with its 95 % interval; None where nothing bounds it. ``won`` of ``n`` results, in shares.

    ``beyond`` says why there is no Elo: the model is ``above`` the one at 0 by wins alone, ``below`` it by losses
    alone, or ``apart``: no results connect the two.
    """

    model: str
    elo: float | None
    low: float | None
    high: float | None
    won: float
    n: int
    beyond: Beyond | None = None


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """How far one model is above another, with its 95 % interval; ``share`` of ``n`` direct results that it won."""

    first: str
    second: str
    elo: float | None
    low: float | None
    high: float | None
    share: float | None
    n: int


class Ratings(msgspec.Struct, frozen=True, kw_only=True):
    """Models, best first, and every one against every one below it; ``zero`` is at 0. ``prompts`` are what is drawn."""

    zero: str
    prompts: int
    results: int
    ratings: tuple[Rating, ...]
    leads: tuple[Lead, ...]


def rate(results: Sequence[Result], zero: str, draws: int = DRAWS, seed: int = 0) -> Ratings:
    """Ratings of all models. Raises ``UsageError`` where there is nothing to rate."""
    models = sorted({name for one in results for name in (one.first, one.second)})
    if zero not in models or len(models) < 2:
        raise UsageError(f"ratings need results between {zero} and at least one other model; found {models}")
    table = _Table(results, models, zero)
    best = table.elo(table.wins)
    drawn = list(table.drawn(draws, Random(seed)))
    rated = sorted((table.rating(model, best, drawn) for model in models), key=_place)
    ranked = [one.model for one in rated]
    pairs = [(a, b) for place, a in enumerate(ranked) for b in ranked[place + 1 :]]
    return Ratings(
        zero=zero,
        prompts=len(table.prompts),
        results=len(results),
        ratings=tuple(rated),
        leads=tuple(table.lead(a, b, best, drawn) for a, b in pairs),
    )


Elo = dict[str, float]
Amounts = list[tuple[int, int, float]]


class _Table:
    """Results as wins, by prompt."""

    def __init__(self, results: Sequence[Result], models: Sequence[str], zero: str) -> None:
        self.models = models
        self.zero = zero
        self.place = {model: place for place, model in enumerate(models)}
        self.prompts: dict[str, Amounts] = {}
        for one in results:
            first, second = self.place[one.first], self.place[one.second]
            wins = [(first, second, one.share), (second, first, 1 - one.share)]
            self.prompts.setdefault(one.prompt, []).extend(wins)
        self.wins = self._sum(list(self.prompts.values()))

    def _sum(self, groups: Sequence[Amounts]) -> list[list[float]]:
        wins = [[0.0] * len(self.models) for _ in self.models]
        for group in groups:
            for winner, loser, share in group:
                wins[winner][loser] += share
        return wins

    def elo(self, wins: list[list[float]]) -> Elo:
        found = strengths(wins, self.place[self.zero])
        return {model: POINTS * strength for model, strength in zip(self.models, found, strict=True)}

    def drawn(self, draws: int, draw: Random) -> Iterator[Elo]:
        """Elo from as many prompts as there are, drawn again and again. One prompt alone says nothing of others."""
        groups = list(self.prompts.values())
        for _ in range(draws if len(groups) > 1 else 0):
            yield self.elo(self._sum(draw.choices(groups, k=len(groups))))

    def rating(self, model: str, best: Elo, drawn: Sequence[Elo]) -> Rating:
        elo, row = best[model], self.place[model]
        # The one at 0 is there by definition, not by results.
        ends = (0.0, 0.0) if model == self.zero else _interval(drawn, lambda one: one[model])
        won, lost = sum(self.wins[row]), sum(each[row] for each in self.wins)
        beyond: Beyond | None = None
        if not math.isfinite(elo):
            beyond = "apart" if math.isnan(elo) else "above" if elo > 0 else "below"
        return Rating(
            model=model, elo=_finite(elo), low=ends[0], high=ends[1], won=won, n=round(won + lost), beyond=beyond
        )

    def lead(self, first: str, second: str, best: Elo, drawn: Sequence[Elo]) -> Lead:
        low, high = _interval(drawn, lambda one: one[first] - one[second])
        won, lost = (self.wins[self.place[a]][self.place[b]] for a, b in ((first, second), (second, first)))
        met = round(won + lost)
        return Lead(
            first=first,
            second=second,
            elo=_finite(best[first] - best[second]),
            low=low,
            high=high,
            share=won / met if met else None,
            n=met,
        )


def _interval(drawn: Sequence[Elo], of: Callable[[Elo], float]) -> tuple[float | None, float | None]:
    """The middle 95 % of all draws; one that says nothing could be anything, so it counts at both ends."""
    said = [of(one) for one in drawn]
    lows, highs = (sorted(beyond if math.isnan(one) else one for one in said) for beyond in (-math.inf, math.inf))
    at = math.floor(TAIL * len(said))
    return (_finite(lows[at]), _finite(highs[-1 - at])) if said else (None, None)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _place(one: Rating) -> tuple[int, float, str]:
    """Best first; what is apart comes last."""
    order = {"above": 0, None: 1, "below": 2, "apart": 3}
    return order[one.beyond], -(one.elo or 0.0), one.model
