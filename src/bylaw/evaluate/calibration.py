"""How good a judge is: its labels against gold verdicts, and against itself.

Labels that are unreadable or ties count as wrong where gold names a side; rows whose gold is a tie are left
out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from bylaw.errors import ModelError, RecordError
from bylaw.evaluate.statistics import wilson
from bylaw.records import Comparison, Label, Vote

BINS = 15
"""Equal bins of confidence over 0.5 … 1, in which the calibration error is summed (Guo et al. 2017)."""

Row = tuple[Label, Comparison]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share of ``n`` rows, with its 95 % Wilson interval."""

    value: float
    n: int
    low: float
    high: float


class JudgeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one judge's labels; None, or left out, where there was nothing to measure on.

    ``accuracy``: verdicts equal to gold, over all rows with gold, by subset (``subsets``), and by principle
    (``principles``: mean of a principle's votes over both orders against gold). ``calibration_error``:
    expected difference of confidence and accuracy. ``flips``: of principles asked in both orders, how many
    prefer another response when the order changes. ``longer``: of decided labels whose responses differ in
    length, how many prefer the longer; ``length_bias``: that share less gold's own, over the same rows (those
    with gold).
    """

    labels: int
    with_gold: int
    unreadable: Share | None
    ties: Share | None
    accuracy: Share | None
    subsets: dict[str, Share]
    principles: dict[str, Share]
    calibration_error: float | None
    flips: Share | None
    longer: Share | None
    length_bias: float | None


def judge_figures(
    labels: Sequence[Label],
    comparisons: Iterable[Comparison],
    subset: Callable[[Comparison], str] = lambda comparison: comparison.aim,
) -> JudgeFigures:
    """Figures over all labels. Raises ``RecordError`` for a label whose comparison is not given."""
    rows = _joined(labels, {one.id: one for one in comparisons})
    gold = [row for row in rows if row[1].gold in ("first", "second")]
    return JudgeFigures(
        labels=len(rows),
        with_gold=len(gold),
        unreadable=_share([label.verdict == "unreadable" for label, _ in rows]),
        ties=_share([label.verdict == "tie" for label, _ in rows]),
        accuracy=_share([_right(row) for row in gold]),
        subsets=_by((subset(row[1]), _right(row)) for row in gold),
        principles=_by(_principle_votes(gold)),
        calibration_error=calibration_error(gold),
        flips=_share([flip for label, _ in rows for flip in _flips(label)]),
        longer=_share(list(_prefers_longer(rows))),
        length_bias=_length_bias(gold),
    )


def calibration_error(rows: Sequence[Row], bins: int = BINS) -> float | None:
    """Expected calibration error: |accuracy - mean confidence|, over bins of confidence, weighted by rows.

    Confidence is that in the preferred response, max(p, 1 - p); so a row and its swapped twin count alike.
    """
    found: dict[int, list[tuple[float, float]]] = {}
    for label, comparison in rows:
        if label.p_first is not None:
            confidence = max(label.p_first, 1 - label.p_first)
            at = min(int((confidence - 0.5) * 2 * bins), bins - 1)
            right = _credit(label.p_first, comparison)
            found.setdefault(at, []).append((confidence, right))
    total = sum(map(len, found.values()))
    if not total:
        return None
    gaps = (abs(sum(right for _, right in each) - sum(sure for sure, _ in each)) for each in found.values())
    return sum(gaps) / total


def demand(figures: JudgeFigures, minimum: float, judge: str) -> None:
    """Raise ``ModelError`` where a judge's accuracy is unknown, or below ``minimum``."""
    if figures.accuracy is None:
        raise ModelError(f"judge {judge} cannot be shown to reach {minimum:.1%}: no comparison has a gold verdict")
    if figures.accuracy.value < minimum:
        raise ModelError(
            f"judge {judge} agrees with {figures.accuracy.value:.1%} of {figures.accuracy.n} gold verdicts, "
            f"below the {minimum:.1%} asked for; its labels should not be used"
        )


def _credit(p_first: float, comparison: Comparison) -> float:
    """1 where the likelier side is gold's, 0 where not, one half where neither side is likelier."""
    return 0.5 if p_first == 0.5 else float((p_first > 0.5) == (comparison.gold == "first"))


def _joined(labels: Sequence[Label], known: Mapping[str, Comparison]) -> list[Row]:
    lost = next((label for label in labels if label.comparison not in known), None)
    if lost:
        raise RecordError(f"{lost.id} labels {lost.comparison}, which is not among the comparisons")
    return [(label, known[label.comparison]) for label in labels]


def _right(row: Row) -> bool:
    return row[0].verdict == row[1].gold


def _share(hits: Sequence[bool]) -> Share | None:
    if not hits:
        return None
    low, high = wilson(sum(hits), len(hits))
    return Share(value=sum(hits) / len(hits), n=len(hits), low=low, high=high)


def _by(pairs: Iterable[tuple[str, bool]]) -> dict[str, Share]:
    groups: dict[str, list[bool]] = {}
    for name, hit in pairs:
        groups.setdefault(name, []).append(hit)
    return {name: made for name, hits in sorted(groups.items()) if (made := _share(hits))}


def _votes(label: Label) -> Iterator[tuple[str, list[Vote]]]:
    """(principle, its votes), one or two."""
    ordered = sorted(label.votes, key=lambda vote: (vote.principle, vote.swapped))
    return ((name, list(votes)) for name, votes in groupby(ordered, key=lambda vote: vote.principle))


def _principle_votes(rows: Sequence[Row]) -> Iterator[tuple[str, bool]]:
    for label, comparison in rows:
        for name, votes in _votes(label):
            mean = sum(vote.p_first for vote in votes) / len(votes)
            yield name, mean != 0.5 and (mean > 0.5) == (comparison.gold == "first")


def _flips(label: Label) -> Iterator[bool]:
    for _, votes in _votes(label):
        if [vote.swapped for vote in votes] == [False, True]:
            yield (votes[0].p_first > 0.5) != (votes[1].p_first > 0.5)


def _prefers_longer(rows: Sequence[Row]) -> Iterator[bool]:
    for label, comparison in rows:
        if label.verdict in ("first", "second") and (longer := _longer(comparison)):
            yield label.verdict == longer


def _length_bias(rows: Sequence[Row]) -> float | None:
    """Over decided rows with gold: share that prefers the longer, less gold's share."""
    decided = [row for row in rows if row[0].verdict in ("first", "second")]
    judged = list(_prefers_longer(decided))
    gold = [comparison.gold == longer for _, comparison in decided if (longer := _longer(comparison))]
    return (sum(judged) - sum(gold)) / len(gold) if gold else None


def _longer(comparison: Comparison) -> str | None:
    first, second = len(comparison.first), len(comparison.second)
    return None if first == second else "first" if first > second else "second"
