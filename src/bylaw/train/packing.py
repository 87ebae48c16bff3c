"""Which examples make an update, and how an update is cut into micro-batches."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from bylaw.canonical import seed_of
from bylaw.train.examples import Encoded

T = TypeVar("T")
E = TypeVar("E", bound=Encoded)


def updates_in(count: int, batch_size: int, epochs: int) -> int:
    """Updates that ``epochs`` passes over ``count`` examples make; the last of a pass may be smaller."""
    return epochs * -(-count // batch_size)


def draw(items: Sequence[T], step: int, batch_size: int, seed: int) -> list[T]:
    """The examples of update ``step`` (0-based): a slice of its epoch's permutation, which ``seed`` alone
    fixes."""
    epoch, place = divmod(step, updates_in(len(items), batch_size, 1))
    order = np.random.default_rng(seed_of("order", seed, epoch)).permutation(len(items))
    return [items[index] for index in order[place * batch_size : (place + 1) * batch_size]]


def micro_batches(examples: Sequence[E], tokens: int) -> list[list[E]]:
    """Cut an update into groups of about ``tokens`` tokens, longest first.

    Neighbours in length share a group, so groups take about the same time and memory.
    """
    groups: list[list[E]] = []
    used = tokens
    for example in sorted(examples, key=lambda one: (-len(one.tree), one.index)):
        if used + len(example.tree) > tokens:
            groups.append([])
            used = 0
        groups[-1].append(example)
        used += len(example.tree)
    return groups
