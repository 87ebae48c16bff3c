"""What is asked about rows: does the answer decline, is it garbled, which answer does the label prefer."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bylaw.audit.behaviour import Behaviour, garbled
from bylaw.audit.content import content
from bylaw.audit.exact import Floats
from bylaw.audit.expected import FOLDS, expect, fitted
from bylaw.audit.marks import Grid, difference, grams, joined, words
from bylaw.audit.rows import Row
from bylaw.canonical import seed_of


class Outcome(NamedTuple):
    """One question to the rows ``at`` (places) of one stage: what was found (0 … 1) and expected (logits).

    Answers are expected from the content of what was asked. Labels are expected from the content that one of the two
    answers has, and from that of the prompt, which speaks for or against the answer that declines.
    """

    name: str
    stage: str
    at: NDArray[np.intp]
    found: Floats
    expected: Floats

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Rows that show the opposite of what is likelier."""
        return contrary(self.found, self.expected)


def contrary(found: Floats, logits: Floats) -> NDArray[np.bool_]:
    """Whether what was found lies on the other side of the middle than what was expected."""
    return np.asarray((found - 0.5) * logits < 0)


def outcomes(rows: Sequence[Row], common: float, behaviour: Behaviour, seed: int) -> list[Outcome]:
    """All questions for which there are rows."""
    made = []
    for stage, ask in ASKED.items():
        at = np.array([place for place, row in enumerate(rows) if row.stage == stage], dtype=np.intp)
        if len(at) >= FEWEST:
            made += ask(stage, at, [rows[place] for place in at], common, behaviour, seed)
    return made


FEWEST = 200
"""Rows of a stage below which nothing can be expected of them."""

PREFERS = "prefers"
"""The question which of two answers is the better one."""


def _of_answers(
    stage: str, at: NDArray[np.intp], rows: Sequence[Row], common: float, behaviour: Behaviour, seed: int
) -> list[Outcome]:
    prompts, folds = _prompts(rows, common).found, _folds(rows, seed)
    asked = {
        "declines": [behaviour(row.first) for row in rows],
        "garbled": garbled([row.first for row in rows]),
    }
    made = []
    for name, answers in asked.items():
        found = np.array(answers, dtype=np.float64)
        if found.any():
            made.append(Outcome(name, stage, at, found, expect(prompts, found, folds)))
    return made


def _of_labels(
    stage: str, at: NDArray[np.intp], rows: Sequence[Row], common: float, behaviour: Behaviour, seed: int
) -> list[Outcome]:
    features, found = _features(rows, common, behaviour), _labels(rows)
    return [Outcome(PREFERS, stage, at, found, expect(features, found, _folds(rows, seed)))]


ASKED = {"sft": _of_answers, "preference": _of_labels, "samples": _of_answers, "rewards": _of_labels}
"""Stage → what is asked about its rows."""


def foretold(known: Sequence[Row], others: Sequence[Row], common: float, behaviour: Behaviour) -> Floats:
    """What the labels of ``known`` pairs lead to expect of ``others``, as logits."""
    features = _features([*known, *others], common, behaviour)
    return np.asarray(features[len(known) :] @ fitted(features[: len(known)], _labels(known)))


def _labels(rows: Sequence[Row]) -> Floats:
    return np.array([row.p_first for row in rows], dtype=np.float64)


def _features(rows: Sequence[Row], common: float, behaviour: Behaviour) -> Any:
    """Of pairs: the content of the prompt for or against the answer that declines, then that of one of the answers."""
    prompts, answers = _prompts(rows, common), _differences(rows, common)
    turn = np.array([float(behaviour(row.first)) - float(behaviour(row.second)) for row in rows])
    return sparse.hstack([sparse.diags(turn) @ prompts.found, answers.found]).tocsr()


def _prompts(rows: Sequence[Row], common: float) -> Grid:
    """The common words of what was asked; the first column, "", stands in every row."""
    said = [words(row.asked.lower()) for row in rows]
    usual = content(grams(said, 1, max(2, round(common * len(rows))), len(rows)))
    return joined(Grid([""], sparse.csr_matrix(np.ones((len(rows), 1)))), usual)


def _differences(rows: Sequence[Row], common: float) -> Grid:
    """The common words and pairs of words of the answers: 1 where only the first says it, -1 where the second."""
    least = max(2, round(common * len(rows)))
    said = [words(row.first.lower()) for row in rows] + [words(row.second.lower()) for row in rows]
    return difference(content(grams(said, 2, least, len(said))))


def _folds(rows: Sequence[Row], seed: int) -> NDArray[np.intp]:
    """A fold for each row. The same question stands in one fold only, so that no row is learned from its twin."""
    drawn = {row.asked: 0 for row in rows}
    rng = np.random.default_rng(seed_of("audit folds", seed))
    drawn = dict(zip(drawn, rng.integers(0, FOLDS, len(drawn)).tolist(), strict=True))
    return np.array([drawn[row.asked] for row in rows], dtype=np.intp)
