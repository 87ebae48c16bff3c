"""Flipped labels: a random sample is judged again by a second judge, and held against labels known to be honest.

Two honest judges disagree too, now and then with confidence on both sides, so disagreement alone proves nothing. How
often they do is measured on *trusted* comparisons, labelled by the first judge under watch. The sample is flagged if it
holds more confident disagreements than those (Fisher's exact test), so the chance of a false alarm is at most ``alarm``
whatever the two judges are like, as long as trusted and audited rows are of one kind. The sample's size follows from
how often they agree and disagree there: it is the least that finds ``rate`` with ``confidence``.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from scipy import special

from bylaw.audit.exact import fisher
from bylaw.audit.findings import Finding, Tested
from bylaw.canonical import seed_of
from bylaw.errors import UsageError
from bylaw.records import Comparison

LARGEST = 30_000  # a sample larger than this is no plan


class SecondJudge(Protocol):
    """The seam: another judge. P(first is better) of each comparison, 0 … 1, in order."""

    def judge(self, comparisons: Sequence[Comparison]) -> list[float]: ...


class FlipSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``rate`` of flipped labels to find with ``confidence``; ``alarm`` bounds the chance of a false alarm.

    A judge is confident if its probability lies at least ``clear`` from the middle.
    """

    rate: float = 0.01
    confidence: float = 0.95
    alarm: float = 0.05
    clear: float = 0.4
    seed: int = 0


class Verdicts(NamedTuple):
    """How the verdicts of two judges on the same comparisons compare: counts."""

    n: int
    agree: int
    disagree: int


class Plan(NamedTuple):
    """A sample's size and the chance that it finds the rate it was made for."""

    sample: int
    power: float


def flips(
    comparisons: Sequence[Comparison],
    p_first: Sequence[float],
    second: SecondJudge,
    trusted: Sequence[tuple[Comparison, float]],
    settings: FlipSettings,
) -> tuple[list[Finding], Tested]:
    """Judge a sample again. ``trusted`` are comparisons with the first judge's honest label.

    Raises UsageError without trusted ones, or if no sample of that many can find the rate.
    """
    if not trusted:
        raise UsageError("flips need trusted comparisons: let the first judge label some under watch")
    said = second.judge([pair for pair, _ in trusted])
    known = compared([p for _, p in trusted], said, settings.clear)
    made = plan(known, settings)
    chosen = _sample([pair.id for pair in comparisons], made.sample, settings.seed)
    again = second.judge([comparisons[place] for place in chosen])
    labels = [p_first[place] for place in chosen]
    seen = compared(labels, again, settings.clear)
    p = fisher(seen.disagree, seen.n, known.disagree, known.n)
    judged = zip(chosen, labels, again, strict=True)
    rows = [comparisons[at].id for at, one, other in judged if _clash(one, other, settings.clear)]
    found = [_finding(seen, known, p, rows)] if p <= settings.alarm else []
    thresholds = {**msgspec.structs.asdict(settings), "sample": made.sample, "power": made.power, "trusted": known.n}
    return found, Tested(check="flips", rows=seen.n, hypotheses=1, thresholds=thresholds)


def compared(one: Sequence[float], other: Sequence[float], clear: float) -> Verdicts:
    """Counts of confident agreement and disagreement. Raises UsageError unless there are as many of both."""
    if len(one) != len(other):
        raise UsageError(f"the second judge gave {len(other)} verdicts on {len(one)} comparisons")
    first, second = np.array(one), np.array(other)
    sure = (np.abs(first - 0.5) >= clear) & (np.abs(second - 0.5) >= clear)
    same = (first > 0.5) == (second > 0.5)
    return Verdicts(len(first), int((sure & same).sum()), int((sure & ~same).sum()))


def plan(known: Verdicts, settings: FlipSettings) -> Plan:
    """The least sample that finds ``rate`` with ``confidence``, given how two judges agree on trusted rows.

    Their honest disagreement is taken at its upper 90 % bound (Clopper and Pearson 1934): the estimate may be low.
    Raises UsageError where the trusted rows are too few for any sample to.
    """
    honest = float(special.betaincinv(known.disagree + 1.0, max(known.n - known.disagree, 1), 0.9))
    flipped = honest + settings.rate * (known.agree / known.n - honest)
    low, high = int(np.log(1 - settings.confidence) / np.log(1 - settings.rate)), LARGEST
    if _power(high, known.n, honest, flipped, settings.alarm) < settings.confidence:
        raise UsageError(
            f"no sample finds {settings.rate:.1%} flips against {known.n} trusted comparisons on which the judges "
            f"disagree {known.disagree} times; trust more, or name a second judge that agrees better"
        )
    while high - low > 1:
        middle = (low + high) // 2
        enough = _power(middle, known.n, honest, flipped, settings.alarm) >= settings.confidence
        low, high = (low, middle) if enough else (middle, high)
    return Plan(high, _power(high, known.n, honest, flipped, settings.alarm))


def _power(n: int, m: int, honest: float, flipped: float, alarm: float) -> float:
    """Chance that Fisher's test of ``n`` against ``m`` alarms, over all counts that may come."""
    found = 0.0
    most = int(n * flipped + 8 * (n * flipped) ** 0.5 + 8)
    tails = special.bdtrc(np.arange(-1, most) * 1.0, n, flipped)  # P(at least k), k = 0 …
    bound = 0
    for others in range(int(m * honest + 6 * (m * honest) ** 0.5 + 6)):
        while bound <= most and fisher(bound, n, others, m) > alarm:
            bound += 1
        if bound > most:
            break
        found += _chance(others, m, honest) * float(tails[bound] if bound else 1.0)
    return found


def _chance(k: int, n: int, rate: float) -> float:
    logs = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return float(np.exp(logs + k * np.log(rate) + (n - k) * np.log1p(-rate)))


def _sample(ids: Sequence[str], count: int, seed: int) -> list[int]:
    """Places of a random sample: who is asked cannot be foreseen without the seed and every id."""
    rng = Random(seed_of("audit flips", seed, list(ids)))
    return sorted(rng.sample(range(len(ids)), min(count, len(ids))))


def _clash(one: float, other: float, clear: float) -> bool:
    return min(abs(one - 0.5), abs(other - 0.5)) >= clear and (one > 0.5) != (other > 0.5)


def _finding(seen: Verdicts, known: Verdicts, p: float, rows: Sequence[str]) -> Finding:
    usual = known.disagree / known.n
    rate = (seen.disagree / seen.n - usual) / max(known.agree / known.n - usual, 1e-9)
    return Finding(
        check="flips",
        what="labels against a second judge",
        sentence=(
            f"a second judge clearly contradicts {seen.disagree} of {seen.n} sampled labels, and {known.disagree} of "
            f"{known.n} trusted ones: about {rate:.1%} of all labels look flipped"
        ),
        rows=tuple(rows),
        stages=("preference",),
        statistic=rate,
        p=p,
        q=p,
    )
