"""Labels against their own votes: the verdict they add up to, and the same question asked in both orders."""

from collections.abc import Sequence

import numpy as np

from bylaw.audit.exact import Floats, binomial_tail, q_values
from bylaw.audit.findings import Finding, Tested
from bylaw.audit.settings import AuditSettings
from bylaw.records import Label, Vote

CLEAR = 0.1  # a vote or label this far from the middle names a side
SURE = 0.3
ODDS = 1e-4  # bound of a vote's probability


def consistency(
    labels: Sequence[Label], settings: AuditSettings, weights: dict[str, float] | None = None
) -> tuple[list[Finding], Tested]:
    """Labels that say the opposite of all their votes together, and those whose orders contradict each other too often.

    ``weights`` are those of the principles by key (1 where none is given).
    """
    against = [label for label in labels if contradicts(label, weights or {})]
    found = [_edited(against)] if against else []
    pairs = [orders(label) for label in labels]
    asked = np.array([both for _, both in pairs], dtype=np.float64)
    swayed = np.array([differ for differ, _ in pairs], dtype=np.float64)
    if asked.sum():
        found += _swayed(labels, swayed, asked, settings)
    thresholds = {"clear": CLEAR, "sure": SURE, "q": settings.q}
    return found, Tested(check="consistency", rows=len(labels), hypotheses=len(labels), thresholds=thresholds)


def contradicts(label: Label, weights: dict[str, float]) -> bool:
    """Whether a label names one side although its votes, pooled by mean and by product, name the other."""
    if label.p_first is None or not label.votes or abs(label.p_first - 0.5) < CLEAR:
        return False
    side = label.p_first > 0.5
    mean = sum(weights.get(vote.principle, 1.0) * (vote.p_first - 0.5) for vote in label.votes)
    product = sum(weights.get(vote.principle, 1.0) * _odds(vote) for vote in label.votes)
    return all((pooled > 0) != side and pooled != 0 for pooled in (mean, product))


def orders(label: Label) -> tuple[int, int]:
    """(principles whose two orders clearly name different answers, principles asked in both orders)."""
    plain = {vote.principle: vote.p_first for vote in label.votes if not vote.swapped}
    swapped = {vote.principle: vote.p_first for vote in label.votes if vote.swapped}
    both = plain.keys() & swapped.keys()
    differ = [key for key in both if min(abs(plain[key] - 0.5), abs(swapped[key] - 0.5)) >= SURE]
    return sum((plain[key] > 0.5) != (swapped[key] > 0.5) for key in differ), len(both)


def _odds(vote: Vote) -> float:
    kept = min(max(vote.p_first, ODDS), 1 - ODDS)
    return float(np.log(kept / (1 - kept)))


def _edited(labels: Sequence[Label]) -> Finding:
    return Finding(
        check="consistency",
        what="labels against their votes",
        sentence=f"{len(labels)} labels name the answer their own votes speak against: they were changed afterwards",
        rows=tuple(label.comparison for label in labels),
        stages=("preference",),
        statistic=float(len(labels)),
    )


def _swayed(labels: Sequence[Label], swayed: Floats, asked: Floats, settings: AuditSettings) -> list[Finding]:
    """Labels in which more principles contradict themselves over the orders than the share in all others explains."""
    rate = (swayed.sum() - swayed + 1) / (asked.sum() - asked + 2)
    q = q_values(binomial_tail(swayed, asked, rate))
    # The votes of one judge err together: a label stands out only where most of its principles do.
    chosen = np.flatnonzero((q <= settings.q) & (swayed >= settings.contrary * asked)).tolist()
    if not chosen:
        return []
    sentence = f"in {len(chosen)} labels most principles choose another answer when the order is exchanged"
    return [
        Finding(
            check="consistency",
            what="order swaps",
            sentence=f"{sentence}, which happens in {swayed.sum() / asked.sum():.2%} of all questions",
            rows=tuple(labels[place].comparison for place in chosen),
            stages=("preference",),
            statistic=float(len(chosen)),
            q=float(q[chosen].max()),
        )
    ]
