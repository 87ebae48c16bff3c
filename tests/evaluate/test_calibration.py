"""Figures of a judge, on labels made by hand."""

import pytest

from bylaw.errors import ModelError, RecordError
from bylaw.evaluate.calibration import JudgeFigures, calibration_error, facts, joined, judge_figures
from bylaw.evaluate.trial import BOUNDS, TrialSettings, demand
from bylaw.records import Comparison, Label, Message, Verdict, Vote


def pair(number: int, gold: str | None = "first", longer: str = "first", aim: str = "harmful") -> Comparison:
    first, second = ("long answer", "short") if longer == "first" else ("short", "long answer")
    messages = (Message("user", f"{number}?"),)
    return Comparison(messages=messages, first=first, second=second, gold=gold, aim=aim)  # type: ignore[arg-type]


def labelled(comparison: Comparison, p: float | None, votes: tuple[Vote, ...] = ()) -> Label:
    verdict: Verdict = "unreadable" if p is None else "tie" if p == 0.5 else "first" if p > 0.5 else "second"
    return Label(
        comparison=comparison.id,
        judge="j",
        scheme="ensemble",
        template="paper",
        votes=votes,
        verdict=verdict,
        p_first=p,
    )


def figures(labels: list[Label], pairs: list[Comparison]) -> JudgeFigures:
    return judge_figures(joined(labels, facts(pairs)))


def test_accuracy_counts_every_row_with_gold() -> None:
    pairs = [pair(0), pair(1, "second", aim="helpful"), pair(2), pair(3), pair(4, "tie"), pair(5, None)]
    labels = [labelled(one, p) for one, p in zip(pairs, [0.9, 0.8, 0.5, None, 0.9, 0.1], strict=True)]
    found = figures(labels, pairs)
    assert (found.labels, found.with_gold) == (6, 4)
    assert found.accuracy and found.accuracy.value == 0.25
    assert {name: one.value for name, one in found.subsets.items()} == {"harmful": 1 / 3, "helpful": 0.0}
    assert found.unreadable and found.unreadable.value == 1 / 6
    assert found.ties and found.ties.value == 1 / 6


def test_calibration_error() -> None:
    pairs = [pair(number, "first" if number < 8 else "second") for number in range(10)]

    def error(*labels: Label, known: list[Comparison] = pairs) -> float | None:
        return calibration_error(joined(labels, facts(known)))

    assert error(*(labelled(one, 0.8) for one in pairs)) == pytest.approx(0.0)
    swapped = [one.swapped() for one in pairs]
    assert error(*(labelled(one, 0.2) for one in swapped), known=swapped) == pytest.approx(0.0)
    assert error(*(labelled(one, 1.0) for one in pairs)) == pytest.approx(0.2)
    # two bins: 5 sure and right (gap 0), 5 of 0.6 of which 3 are right by gold (gap 0)
    mixed = [labelled(one, 1.0) for one in pairs[:5]] + [labelled(one, 0.6) for one in pairs[5:]]
    assert error(*mixed) == pytest.approx(0.0)
    assert error(*(labelled(one, 0.5) for one in pairs)) == pytest.approx(0.0)
    assert error(labelled(pairs[0], None)) is None


def test_flips_and_principles() -> None:
    one = pair(0)
    votes = (
        Vote("kind", False, 0.9, 1.0),
        Vote("kind", True, 0.6, 1.0),
        Vote("true", False, 0.7, 1.0),
        Vote("true", True, 0.2, 1.0),
        Vote("once", False, 0.9, 1.0),
    )
    found = figures([labelled(one, 0.7, votes)], [one])
    assert found.flips and (found.flips.value, found.flips.n) == (0.5, 2)
    assert {name: share.value for name, share in found.principles.items()} == {
        "kind": 1,
        "true": 0,
        "once": 1,
    }


def test_length_bias_is_measured_against_gold() -> None:
    pairs = [pair(0, longer="first"), pair(1, longer="second"), pair(2, None, longer="first")]
    found = figures([labelled(one, 0.9) for one in pairs], pairs)
    assert found.longer and found.longer.value == 2 / 3
    assert found.length_bias == 0.0
    lover = [labelled(pairs[0], 0.9), labelled(pairs[1], 0.1)]
    assert figures(lover, pairs).length_bias == 0.5


def test_without_gold_there_are_no_figures() -> None:
    pairs = [pair(0, None)]
    found = figures([labelled(pairs[0], 0.9)], pairs)
    assert (found.accuracy, found.calibration_error, found.length_bias, found.flips) == (
        None,
        None,
        None,
        None,
    )
    with pytest.raises(ModelError, match="no comparison has a gold verdict"):
        demand(found, "j", minimum_accuracy=0.5)
    with pytest.raises(RecordError, match="not among the comparisons"):
        figures([labelled(pair(1), 0.9)], pairs)


def test_a_minimum_can_be_demanded() -> None:
    pairs = [pair(0), pair(1)]
    found = figures([labelled(pairs[0], 0.9), labelled(pairs[1], 0.1)], pairs)
    demand(found, "j", minimum_accuracy=0.5)
    said = r"judge j agrees with gold verdicts: 50\.0% of 2 with gold, below the 60\.0% asked"
    with pytest.raises(ModelError, match=said):
        demand(found, "j", minimum_accuracy=0.6)


def test_every_bound_holds_a_judge_and_all_that_is_passed_is_named() -> None:
    pairs = [pair(0), pair(1)]
    found = figures([labelled(pairs[0], 0.9), labelled(pairs[1], 0.1)], pairs)
    assert found.calibration_error is not None and found.calibration_error > 0.1
    with pytest.raises(ModelError, match=r"agrees with gold .*; has a calibration error: .* above the 10\.0%"):
        demand(found, "j", minimum_accuracy=0.9, maximum_calibration_error=0.1, maximum_flips=0.0)
    assert {bound.setting for bound in BOUNDS} == {*TrialSettings.__struct_fields__} - {"gold_file"}
