from collections.abc import Sequence
from random import Random

import pytest
from rows_of_law import comparison

from bylaw.audit.flips import FlipSettings, Verdicts, compared, flips, plan
from bylaw.errors import UsageError
from bylaw.records import Comparison

PAIRS = [comparison(n) for n in range(6000)]
LAW = {pair.id: Random(n).choice((0.02, 0.98)) for n, pair in enumerate(PAIRS)}
SETTINGS = FlipSettings()


class Second:
    """Agrees with the law but for one comparison in ``odd``."""

    def __init__(self, odd: int = 500) -> None:
        self.odd = odd

    def judge(self, comparisons: Sequence[Comparison]) -> list[float]:
        return [1 - LAW[c.id] if int(c.id[-6:], 16) % self.odd == 0 else LAW[c.id] for c in comparisons]


def trusted(count: int = 3000) -> list[tuple[Comparison, float]]:
    return [(pair, LAW[pair.id]) for pair in PAIRS[-count:]]


def labels(rate: float) -> list[float]:
    rng = Random(f"flips {rate}")
    return [1 - LAW[pair.id] if rng.random() < rate else LAW[pair.id] for pair in PAIRS]


def test_honest_labels_raise_no_alarm() -> None:
    findings, tested = flips(PAIRS, labels(0), Second(), trusted(), SETTINGS)
    assert findings == []
    assert tested.thresholds["power"] >= 0.95


def test_flipped_labels_are_found_and_named() -> None:
    said = labels(0.03)
    findings, _ = flips(PAIRS, said, Second(), trusted(), SETTINGS)
    assert findings[0].statistic == pytest.approx(0.03, abs=0.015)
    wrong = {pair.id for pair, p in zip(PAIRS, said, strict=True) if p != LAW[pair.id]}
    assert len(wrong & set(findings[0].rows)) > 0.8 * len(findings[0].rows)


def test_a_sample_grows_with_the_honest_disagreement() -> None:
    sizes = [plan(Verdicts(6000, 5000, disagree), SETTINGS).sample for disagree in (0, 6, 20)]
    assert sizes == sorted(sizes) and sizes[0] >= 299


def test_too_few_trusted_comparisons_are_refused() -> None:
    with pytest.raises(UsageError, match="trust more"):
        plan(Verdicts(300, 280, 6), SETTINGS)
    with pytest.raises(UsageError, match="trusted"):
        flips(PAIRS, labels(0), Second(), [], SETTINGS)


def test_only_confident_verdicts_count() -> None:
    assert compared([0.99, 0.99, 0.6, 0.01], [0.98, 0.02, 0.01, 0.3], 0.4) == Verdicts(4, 1, 1)


def test_a_judge_that_leaves_verdicts_out_is_an_error() -> None:
    with pytest.raises(UsageError, match="3 verdicts on 4"):
        compared([0.5] * 4, [0.5] * 3, 0.4)
