"""Weights of a rule-based reward: ranked answers are graded by a judge, and a linear reward is fitted to their order.

Each aim is fitted by itself, as the paper fits each kind of response by itself (§4.2). The paper adds the result to a
helpful-only reward model; here it is the whole reward, so that helpfulness is ranked in the file like anything else.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, get_args

import numpy as np
from msgspec.structs import replace

from bylaw.errors import ModelError
from bylaw.models.base import Model
from bylaw.records import PromptKind
from bylaw.rewards.document import Fitted, Ordered, Ranking, RuleReward, rankings_digest, rounded
from bylaw.rewards.fit import Rows, fit, right
from bylaw.rewards.reward import Grades, grade

FOLDS = 5
"""Parts of the rankings; each is left out once, to see how weights order what they were not fitted to."""


class Graded(NamedTuple):
    """A ranking with the grades of its ``texts``, in order."""

    ranking: Ranking
    grades: Sequence[Grades]


def graded(reward: RuleReward, judge: Model) -> list[Graded]:
    """All rankings, their answers graded."""
    asked = [(one.conversation, text) for one in reward.rankings for text in one.texts]
    found = iter(judge.run([grade(judge, reward, *each) for each in asked]))
    return [Graded(one, [next(found) for _ in one.texts]) for one in reward.rankings]


def fitted(reward: RuleReward, rankings: Sequence[Graded], judge: str, judge_digest: str) -> RuleReward:
    """The reward with weights for every aim that has rankings, and without the rankings.

    An answer with a proposition that was not read is in no pair. Raises ``ModelError`` where an aim has none left.
    """
    weights: dict[PromptKind, dict[str, float]] = {}
    ordered: dict[PromptKind, Ordered] = {}
    for aim in get_args(PromptKind):
        parts = [_differences(reward, one) for one in rankings if one.ranking.aim == aim]
        if not parts:
            continue
        pairs = np.concatenate(parts)
        if not len(pairs):
            raise ModelError(f"the judge {judge} could not be read on the answers of any {aim} pair: name a better one")
        found = fit(pairs).values
        weights[aim] = dict(zip(reward.features, map(rounded, found.tolist()), strict=True))
        ordered[aim] = Ordered(pairs=len(pairs), fitted=right(found, pairs) / len(pairs), left_out=_left_out(parts))
    said = Fitted(judge=judge, judge_digest=judge_digest, rankings=rankings_digest(reward), **ordered)
    return replace(reward, rankings=(), weights=weights, fitted=said)


def unread(rankings: Sequence[Graded], reward: RuleReward) -> Mapping[str, int]:
    """How many answers the judge could not be read on, by proposition; only those with any."""
    missing = {name: sum(name not in one for each in rankings for one in each.grades) for name in reward.questions}
    return {name: count for name, count in missing.items() if count}


def _differences(reward: RuleReward, one: Graded) -> Rows:
    """[pairs, F]: features of the better answer less those of the worse."""
    rows = [reward.row(grades) for grades in one.grades]
    return np.array(list(_read(rows, one.ranking)), dtype=np.float64).reshape(-1, len(reward.features))


def _read(rows: Sequence[list[float] | None], ranking: Ranking) -> Iterator[list[float]]:
    for better, worse in ranking.pairs():
        first, second = rows[better], rows[worse]
        if first is not None and second is not None:
            yield [a - b for a, b in zip(first, second, strict=True)]


def _left_out(parts: Sequence[Rows]) -> float | None:
    """Share of pairs in order by weights that were fitted without their part of the rankings; None below two parts."""
    parts = [part for part in parts if len(part)]
    folds = min(FOLDS, len(parts))
    if folds < 2:
        return None
    hits = 0
    for fold in range(folds):
        kept = np.concatenate([part for place, part in enumerate(parts) if place % folds != fold])
        out = np.concatenate([part for place, part in enumerate(parts) if place % folds == fold])
        hits += right(fit(kept).values, out)
    return hits / sum(map(len, parts))
