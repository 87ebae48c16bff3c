"""How the judge labelled, and how each principle voted: labels in, figures out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from bylaw.evaluate.statistics import wilson
from bylaw.records import Comparison, Label, Principle, Vote
from bylaw.report.data import Accuracy, Bin, Judging, PrincipleUse

BINS = 10
DECISIVE = 0.4  # distance from one half: 0.9 and beyond, or 0.1 and below


class Facts(msgspec.Struct, frozen=True):
    """What judging needs of a comparison, without its texts; ``longer`` is the side with more characters."""

    gold: str | None
    aim: str
    longer: str | None


def facts(comparison: Comparison) -> Facts:
    """A comparison's facts."""
    first, second = len(comparison.first), len(comparison.second)
    longer = None if first == second else "first" if first > second else "second"
    return Facts(comparison.gold, comparison.aim, longer)


def judging(labels: Sequence[Label], known: Mapping[str, Facts]) -> Judging | None:
    """Figures over all labels; ``known`` maps a comparison's id to its facts. None if there are no labels."""
    if not labels:
        return None
    both = [votes for label in labels for votes in _both_orders(label)]
    flips = [(one.p_first > 0.5) != (other.p_first > 0.5) for one, other in both]
    length = [
        label.verdict == longer for label in _decided(labels) if (longer := known[label.comparison].longer)
    ]
    bins = _calibration(labels, known)
    return Judging(
        judge=labels[0].judge,
        scheme=labels[0].scheme,
        template=labels[0].template,
        labels=len(labels),
        verdicts=_verdicts(labels),
        pairs=len(both),
        flip_rate=_mean(flips),
        mass=_mean([vote.mass for label in labels for vote in label.votes]),
        longer=_mean(length),
        calibration=bins,
        calibration_error=_error(bins),
        accuracy=tuple(_accuracy(labels, known)),
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
    bins = Counter(_bin(p) for p in votes)
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


def _both_orders(label: Label) -> Iterator[tuple[Vote, Vote]]:
    """Pairs of votes of one principle, one in each order."""
    ordered = sorted(label.votes, key=lambda vote: (vote.principle, vote.swapped))
    for _, same in groupby(ordered, key=lambda vote: vote.principle):
        votes = list(same)
        if len(votes) == 2 and votes[0].swapped != votes[1].swapped:
            yield votes[0], votes[1]


def _bin(p: float) -> int:
    return min(int(p * BINS), BINS - 1)


def _calibration(labels: Iterable[Label], known: Mapping[str, Facts]) -> tuple[Bin, ...]:
    """Soft labels with a gold verdict of first or second, in ten bins; empty if there are none."""
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for label in labels:
        gold = known[label.comparison].gold
        if label.p_first is not None and gold in ("first", "second"):
            rows[_bin(label.p_first)].append((label.p_first, gold == "first"))
    if not any(rows):
        return ()
    return tuple(
        Bin(
            low=i / BINS,
            high=(i + 1) / BINS,
            n=len(found),
            mean=_mean([p for p, _ in found]) or 0.0,
            gold=_mean([first for _, first in found]) or 0.0,
        )
        for i, found in enumerate(rows)
    )


def _error(bins: Sequence[Bin]) -> float | None:
    total = sum(one.n for one in bins)
    return sum(one.n * abs(one.mean - one.gold) for one in bins) / total if total else None


def _accuracy(labels: Iterable[Label], known: Mapping[str, Facts]) -> Iterator[Accuracy]:
    right: dict[str, list[bool]] = {}
    for label in labels:
        row = known[label.comparison]
        if row.gold in ("first", "second"):
            right.setdefault(row.aim, []).append(label.verdict == row.gold)
    for subset, found in sorted(right.items()):
        low, high = wilson(sum(found), len(found))
        yield Accuracy(subset=subset, n=len(found), value=sum(found) / len(found), low=low, high=high)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
