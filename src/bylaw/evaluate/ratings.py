"""Elo of several models from pairs of their answers, judged in both orders: a Bradley–Terry model with intervals.

A result between two models is the mean of both orders' probabilities that the first one's answer is better, so a judge
who prefers a place cancels out. Ratings are the maximum likelihood of P(a beats b) = σ(rₐ − r_b) (Bradley and Terry
1952) under a weak prior, in Elo points (400 / ln 10 each), the first model at 0; intervals are percentiles over
prompts drawn with replacement: answers to one prompt are not independent.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from random import Random

import msgspec

from bylaw.errors import UsageError

POINTS = 400 / math.log(10)
PRIOR = 0.01
"""Draws against the average that every model is thought to have had: one that wins all keeps a finite rating."""


class Result(msgspec.Struct, frozen=True):
    """One comparison of two models' answers to one prompt; ``share``: probability that the first's is better."""

    prompt: str
    first: str
    second: str
    share: float


class Rating(msgspec.Struct, frozen=True):
    """A model's Elo with its 95 % interval; ``n`` results rest on it."""

    model: str
    elo: float
    low: float
    high: float
    n: int


def both_orders(prompt: str, first: str, second: str, given: float, swapped: float) -> Result:
    """One result of two verdicts: P(first better) as ``given``, and with the answers ``swapped``."""
    return Result(prompt, first, second, (given + swapped) / 2)


def ratings(results: Sequence[Result], zero: str, draws: int = 500, seed: int = 0) -> list[Rating]:
    """Ratings of all models, highest first; ``zero`` is at 0. Raises ``UsageError`` where there is nothing to rate."""
    models = sorted({name for one in results for name in (one.first, one.second)})
    if zero not in models or len(models) < 2:
        raise UsageError(f"ratings need results between {zero} and at least one other model; found {models}")
    best = fit(results, models)
    by_prompt: dict[str, list[Result]] = {}
    for one in results:
        by_prompt.setdefault(one.prompt, []).append(one)
    draw, prompts = Random(seed), list(by_prompt.values())
    drawn = [fit(_chosen(draw.choices(prompts, k=len(prompts))), models, best) for _ in range(draws)]
    found = []
    for model in models:
        spread = sorted((one[model] - one[zero]) * POINTS for one in drawn)
        low, high = (spread[min(len(spread) - 1, int(share * len(spread)))] for share in (0.025, 0.975))
        count = sum(model in (one.first, one.second) for one in results)
        found.append(Rating(model, (best[model] - best[zero]) * POINTS, low, high, count))
    return sorted(found, key=lambda one: -one.elo)


def _chosen(groups: Iterable[Sequence[Result]]) -> list[Result]:
    return [one for group in groups for one in group]


def fit(results: Sequence[Result], models: Sequence[str], start: Mapping[str, float] | None = None) -> dict[str, float]:
    """Natural ratings, by the minorisation of Hunter (2004), which fractional results suit as well as whole ones."""
    wins = dict.fromkeys(models, PRIOR)
    met: dict[tuple[str, str], float] = {}
    for one in results:
        wins[one.first] += one.share
        wins[one.second] += 1 - one.share
        key = min(one.first, one.second), max(one.first, one.second)
        met[key] = met.get(key, 0.0) + 1
    strength = {name: math.exp(start[name]) if start else 1.0 for name in models}
    for _ in range(1000):
        per = {name: 2 * PRIOR / (strength[name] + 1) for name in models}
        for (a, b), count in met.items():
            share = count / (strength[a] + strength[b])
            per[a] += share
            per[b] += share
        new = {name: wins[name] / per[name] for name in models}
        change = max(abs(math.log(new[name] / strength[name])) for name in models)
        strength = new
        if change < 1e-6:
            break
    return {name: math.log(value) for name, value in strength.items()}
