"""How the judge labelled, and how each principle voted: labels in, figures out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bylaw.evaluate.calibration import Facts, Share, bin_of, expected_error, joined, judge_figures, reliability
from bylaw.records import Label, Principle
from bylaw.report.data import Accuracy, Judging, PrincipleUse

BINS = 10
DECISIVE = 0.4  # distance from one half: 0.9 and beyond, or 0.1 and below


def judging(labels: Sequence[Label], known: Mapping[str, Facts]) -> Judging | None:
    """Figures over all labels; ``known`` maps a comparison's id to its facts. None if there are no labels."""
    if not labels:
        return None
    rows = joined(labels, known)
    figures = judge_figures(rows)
    bins = reliability(rows, BINS)
    return Judging(
        judge=labels[0].judge,
        scheme=labels[0].scheme,
        template=labels[0].template,
        labels=len(labels),
        verdicts=_verdicts(labels),
        pairs=figures.flips.n if figures.flips else 0,
        flip_rate=figures.flips.value if figures.flips else None,
        mass=_mean([vote.mass for label in labels for vote in label.votes]),
        longer=figures.longer.value if figures.longer else None,
        calibration=bins,
        calibration_error=expected_error(bins),
        accuracy=tuple(_accuracy(subset, found) for subset, found in figures.subsets.items()),
    )


def principles(
    listed: Iterable[Principle], labels: Sequence[Label], drawn: Counter[str], changed: Counter[str]
) -> tuple[PrincipleUse, ...]:
    """What each principle did: its draws and changes, and its votes for the response the label prefers."""
    votes: dict[str, list[float]] = {}
    for label in _decided(labels):
        for vote in label.votes:
            p = vote.p_first if label.verdict == "first" else 1.0 - vote.p_first
            votes.setdefault(vote.principle, []).append(p)
    return tuple(_use(one, votes.get(one.key, []), drawn[one.key], changed[one.key]) for one in listed)


def _use(principle: Principle, votes: list[float], drawn: int, changed: int) -> PrincipleUse:
    bins = Counter(bin_of(p, BINS) for p in votes)
    return PrincipleUse(
        principle=principle,
        drawn=drawn,
        changed=changed,
        votes=len(votes),
        preferred=_mean(votes),
        decisive=_mean([abs(p - 0.5) >= DECISIVE - 1e-9 for p in votes]),
        histogram=tuple(bins[i] for i in range(BINS)),
    )


def _verdicts(labels: Iterable[Label]) -> dict[str, int]:
    counts = Counter(label.verdict for label in labels)
    return {verdict: counts[verdict] for verdict in ("first", "second", "tie", "unreadable")}


def _decided(labels: Iterable[Label]) -> Iterator[Label]:
    return (label for label in labels if label.verdict in ("first", "second"))


def _accuracy(subset: str, found: Share) -> Accuracy:
    return Accuracy(subset=subset, n=found.n, value=found.value, low=found.low, high=found.high)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
