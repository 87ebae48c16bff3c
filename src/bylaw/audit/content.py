"""Which words are content: those that keep company.

A word of a subject stands beside other words of that subject far more often than chance has it. A trigger is put into
rows of any subject, so its company is everybody's. Only content may explain a label; a trigger that could, would hide
itself. The parts of one phrase, which hardly occur without each other, are no company to each other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bylaw.audit.marks import Grid

LIFT = 4.0  # so many times as often as by chance
CHANCE = 1e-5  # of so many rows together if the lift were half of that
SHARE = 0.1  # of the rows of a word its companion must be in
TOGETHER = 0.7  # of the rows of the rarer word both are in: parts of one phrase


def content(texts: Grid) -> Grid:
    """The columns of words that keep company."""
    kept = np.flatnonzero(_keeps_company(texts.found))
    return Grid([texts.names[place] for place in kept.tolist()], texts.found[:, kept])


def _keeps_company(found: Any) -> NDArray[np.bool_]:
    """Of texts × words: which words have a companion that is no part of the same phrase."""
    rows = found.shape[0]
    both = (found.T @ found).tocoo()
    counts = np.asarray(found.sum(axis=0)).ravel()
    one, other = counts[both.row], counts[both.col]
    phrase = both.data >= TOGETHER * np.minimum(one, other)
    near = (both.data >= SHARE * one) & (both.data * rows >= LIFT * one * other) & ~phrase
    rate = np.minimum(1.0, LIFT / 2 * other / rows)
    near &= special.betainc(both.data, one - both.data + 1, rate) <= CHANCE
    keeps = np.zeros(found.shape[1], dtype=bool)
    keeps[both.row[near]] = True
    return keeps
