"""Figures of a judge, on labels made by hand."""

from random import Random

import pytest
from msgspec.structs import replace

from bylaw.errors import ModelError, RecordError
from bylaw.evaluate.calibration import JudgeFigures, calibration_error, facts, joined, judge_figures
from bylaw.evaluate.own import Own, paired
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
    none = found.length_bias
    assert none and (none.value, none.n) == (0.0, 2) and none.low < 0 < none.high
    lover = [labelled(pairs[0], 0.9), labelled(pairs[1], 0.1)]
    bias = figures(lover, pairs).length_bias
    assert bias == paired([(True, True), (True, False)]) and bias.value == 0.5
    with pytest.raises(ModelError, match=r"longer response more, or less, than gold does: 50\.0% of"):
        demand(figures(lover, pairs), "j", maximum_length_bias=0.4)
    demand(figures(lover, pairs), "j", maximum_length_bias=0.5)


def by(number: int, writer: str, gold: str) -> Comparison:
    """A comparison whose first response ``writer`` wrote, and another the second."""
    return replace(pair(number, gold), first_by=writer, second_by="another")


def test_self_preference_is_how_much_more_often_its_own_is_preferred_than_gold_does() -> None:
    pairs = [by(0, "judge", "first"), by(1, "judge", "second"), by(2, "judge", "second").swapped()]
    pairs += [by(3, "third", "second"), replace(pair(4, "second"), first_by="judge", second_by="judge")]
    pairs += [by(5, "judge", "tie"), by(6, "judge", "first")]
    said = [0.9, 0.9, 0.1, 0.9, 0.9, 0.9, None]
    labels = [labelled(one, p) for one, p in zip(pairs, said, strict=True)]
    own = Own(frozenset({"judge"}))
    found = judge_figures(joined(labels, facts(pairs, own)))
    # 0, 1, 2 and 5 have one answer of the judge and a decided label; of those 0, 1 and 2 have gold that takes a side.
    assert found.own and (found.own.value, found.own.n) == (1.0, 4)
    bias = found.self_preference
    assert bias and (bias.value, bias.n) == (pytest.approx(2 / 3), 3) and bias.low < 0 < bias.value <= bias.high
    assert figures(labels, pairs).self_preference is None, "nothing says which answers are the judge's"
    told = Own(texts=frozenset({"long answer"}))
    assert judge_figures(joined(labels[:1], facts(pairs[:1], told))).self_preference == paired([(True, True)])
    with pytest.raises(ModelError, match=r"prefers its own response more than gold does: 66\.7% of"):
        demand(found, "j", maximum_self_preference=0.5)
    demand(found, "j", maximum_self_preference=0.7)


def test_the_interval_of_a_paired_difference_is_agresti_and_mins() -> None:
    """Half a pair is added to each of the four kinds; the value itself stays that of the pairs."""
    pairs = [(True, True)] * 27 + [(True, False)] * 14 + [(False, True)] * 4 + [(False, False)] * 9
    more, less, n = 14.5 / 56, 4.5 / 56, 56
    half = 1.959964 * ((more + less - (more - less) ** 2) / n) ** 0.5
    found = paired(pairs)
    assert found and found.value == pytest.approx(10 / 54)
    assert (found.low, found.high) == (pytest.approx(more - less - half), pytest.approx(more - less + half))
    assert paired([]) is None
    sure = paired([(True, False)] * 3)
    assert sure and sure.value == sure.high == 1.0 and 0 < sure.low < 0.8


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    """Of 2,000 draws of 30 pairs, at least 93 % of the intervals hold the difference they were drawn with."""
    rng, held = Random(0), 0
    for _ in range(2000):
        drawn = rng.choices([(True, True), (True, False), (False, True), (False, False)], (0.3, 0.3, 0.1, 0.3), k=30)
        found = paired(drawn)
        held += found is not None and found.low <= 0.2 <= found.high
    assert held / 2000 > 0.93


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
    assert {bound.setting for bound in BOUNDS} == {*TrialSettings.__struct_fields__} - {"gold_file", "own"}
