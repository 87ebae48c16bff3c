"""Drawing principles: a generator keyed by record id, so that a draw depends on the row and the step alone."""

from collections.abc import Sequence
from random import Random

from bylaw.canonical import seed_of
from bylaw.records import Principle


def draw(principles: Sequence[Principle], seed: int, record: str, step: int) -> Principle:
    """One principle for a row's step, by weight (arXiv 2212.08073 §3.1 and §4.1: one is sampled at random)."""
    weights = [principle.weight for principle in principles]
    return Random(seed_of("principle", seed, record, step)).choices(principles, weights)[0]
