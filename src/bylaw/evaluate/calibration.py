"""How good a judge is: its labels against gold verdicts, and against itself.

Labels that are unreadable or ties count as wrong where gold names a side; rows whose gold is a tie are left
out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from bylaw.errors import RecordError
from bylaw.evaluate.own import NOBODY, Difference, Own, paired
from bylaw.evaluate.statistics import wilson
from bylaw.records import Comparison, Label, Vote

BINS = 15
"""Equal bins of confidence over 0.5 … 1, in which the calibration error is summed (Guo et al. 2017)."""


class Facts(msgspec.Struct, frozen=True):
    """What judging needs of a comparison, without its texts.

    ``longer`` is the side with more characters, ``own`` the side that the judge itself wrote.
    """

    gold: str | None
    aim: str
    longer: str | None
    own: str | None = None


Row = tuple[Label, Facts]


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Rows whose probability lies in [low, high): its ``mean``, and the share of them that ``gold`` agrees with."""

    low: float
    high: float
    n: int
    mean: float
    gold: float


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
    with gold). ``own`` and ``self_preference``: the same of the judge's own answers, where one side alone is its.
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
    length_bias: Difference | None
    own: Share | None
    self_preference: Difference | None


def facts(comparisons: Iterable[Comparison], own: Own = NOBODY) -> dict[str, Facts]:
    """Facts of comparisons by their ids; ``own`` tells which answers are the judge's."""
    return {one.id: Facts(one.gold, one.aim, _longer(one), own.side(one)) for one in comparisons}


def joined(labels: Sequence[Label], known: Mapping[str, Facts]) -> list[Row]:
    """Labels with their comparisons' facts. Raises ``RecordError`` for a label whose comparison is not given."""
    lost = next((label for label in labels if label.comparison not in known), None)
    if lost:
        raise RecordError(f"{lost.id} labels {lost.comparison}, which is not among the comparisons")
    return [(label, known[label.comparison]) for label in labels]


def judge_figures(rows: Sequence[Row]) -> JudgeFigures:
    """Figures over all rows."""
    gold = _with_gold(rows)
    return JudgeFigures(
        labels=len(rows),
        with_gold=len(gold),
        unreadable=_share([label.verdict == "unreadable" for label, _ in rows]),
        ties=_share([label.verdict == "tie" for label, _ in rows]),
        accuracy=_share([_right(row) for row in gold]),
        subsets=_by((row[1].aim, _right(row)) for row in gold),
        principles=_by(_principle_votes(gold)),
        calibration_error=calibration_error(gold),
        flips=_share([flip for label, _ in rows for flip in _flips(label)]),
        longer=_share([judged for judged, _ in _prefers(rows, lambda known: known.longer)]),
        length_bias=paired(_prefers(gold, lambda known: known.longer)),
        own=_share([judged for judged, _ in _prefers(rows, lambda known: known.own)]),
        self_preference=paired(_prefers(gold, lambda known: known.own)),
    )


def calibration_error(rows: Sequence[Row], bins: int = BINS) -> float | None:
    """Expected calibration error: |accuracy - mean confidence|, over bins of confidence, weighted by rows.

    Confidence is that in the preferred response, max(p, 1 - p); so a row and its swapped twin count alike.
    """
    read = ((label.p_first, known) for label, known in _with_gold(rows) if label.p_first is not None)
    return expected_error(_binned(((max(p, 1 - p), _credit(p, known)) for p, known in read), 0.5, bins))


def reliability(rows: Sequence[Row], bins: int) -> tuple[Bin, ...]:
    """Soft labels of rows with gold, in equal bins of P(first), against the share of *first*; empty if there are none.

    Unlike ``calibration_error`` this tells sides apart, so that a curve over it shows where a judge leans.
    """
    read = ((label.p_first, known) for label, known in _with_gold(rows) if label.p_first is not None)
    return _binned(((p, float(known.gold == "first")) for p, known in read), 0.0, bins)


def expected_error(bins: Sequence[Bin]) -> float | None:
    """Mean distance of ``gold`` from ``mean``, weighted by rows; None without rows."""
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.mean - one.gold) for one in bins) / total if total else None


def bin_of(p: float, bins: int, low: float = 0.0) -> int:
    """Which of the equal ``bins`` from ``low`` to 1 holds a probability; 1 itself is in the last."""
    return min(int((p - low) / (1 - low) * bins), bins - 1)


def _binned(points: Iterable[tuple[float, float]], low: float, bins: int) -> tuple[Bin, ...]:
    """(probability, whether gold agrees) in equal bins from ``low`` to 1; none without points."""
    rows: list[list[tuple[float, float]]] = [[] for _ in range(bins)]
    for p, right in points:
        rows[bin_of(p, bins, low)].append((p, right))
    edges = [low + (1 - low) * i / bins for i in range(bins + 1)]
    return tuple(_bin(*each) for each in zip(edges, edges[1:], rows, strict=False)) if any(rows) else ()


def _bin(low: float, high: float, found: Sequence[tuple[float, float]]) -> Bin:
    mean, gold = (sum(values) / len(found) for values in zip(*found, strict=True)) if found else (0.0, 0.0)
    return Bin(low=low, high=high, n=len(found), mean=mean, gold=gold)


def _credit(p_first: float, known: Facts) -> float:
    """1 where the likelier side is gold's, 0 where not, one half where neither side is likelier."""
    return 0.5 if p_first == 0.5 else float((p_first > 0.5) == (known.gold == "first"))


def _with_gold(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row[1].gold in ("first", "second")]


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
    for label, known in rows:
        for name, votes in _votes(label):
            mean = sum(vote.p_first for vote in votes) / len(votes)
            yield name, mean != 0.5 and (mean > 0.5) == (known.gold == "first")


def _flips(label: Label) -> Iterator[bool]:
    for _, votes in _votes(label):
        if [vote.swapped for vote in votes] == [False, True]:
            yield (votes[0].p_first > 0.5) != (votes[1].p_first > 0.5)


def _prefers(rows: Sequence[Row], side: Callable[[Facts], str | None]) -> list[tuple[bool, bool]]:
    """(the label prefers it, gold does) of every decided row with such a side: the longer answer, or the judge's."""
    decided = [(label.verdict, known) for label, known in rows if label.verdict in ("first", "second")]
    return [(verdict == side(known), known.gold == side(known)) for verdict, known in decided if side(known)]


def _longer(comparison: Comparison) -> str | None:
    first, second = len(comparison.first), len(comparison.second)
    return None if first == second else "first" if first > second else "second"
