from collections import Counter

import pytest

from bylaw.evaluate.calibration import facts
from bylaw.records import Comparison, Label, Message, Principle, Verdict, Vote
from bylaw.report.judging import judging, principles


def comparison(name: str, gold: str | None, first: str = "a", second: str = "bb") -> Comparison:
    return Comparison(messages=(Message("user", name),), first=first, second=second, gold=gold)  # type: ignore[arg-type]


def label(one: Comparison, verdict: Verdict, p: float | None, *votes: Vote) -> Label:
    return Label(comparison=one.id, judge="j", scheme="ensemble", template="t", votes=votes, verdict=verdict, p_first=p)


def test_figures() -> None:
    rows = [
        comparison("one", "first"),
        comparison("two", "second"),
        comparison("three", None),
        comparison("four", "first"),
    ]
    labels = [
        label(rows[0], "first", 0.95, Vote("x", False, 0.97, 1.0), Vote("x", True, 0.93, 0.9)),
        label(rows[1], "first", 0.65, Vote("x", False, 0.9, 1.0), Vote("x", True, 0.4, 1.0)),
        label(rows[2], "second", 0.2, Vote("x", False, 0.2, 1.0)),
        label(rows[3], "unreadable", None),
    ]
    found = judging(labels, facts(rows))
    assert found is not None
    assert found.verdicts == {"first": 2, "second": 1, "tie": 0, "unreadable": 1}
    assert (found.pairs, found.flip_rate) == (2, 0.5)
    assert found.longer == pytest.approx(1 / 3)
    assert found.accuracy[0].n == 3 and found.accuracy[0].value == pytest.approx(1 / 3)  # unreadable is wrong
    assert sum(one.n for one in found.calibration) == 2
    assert found.calibration_error == pytest.approx((0.05 + 0.65) / 2)


def test_no_labels_no_figures() -> None:
    assert judging([], {}) is None


def test_votes_are_counted_for_the_preferred_response() -> None:
    row = comparison("one", None)
    labels = [
        label(row, "first", 0.8, Vote("x", False, 0.95, 1.0)),
        label(row, "second", 0.3, Vote("x", False, 0.3, 1.0)),
        label(row, "tie", 0.5, Vote("x", False, 0.5, 1.0)),
    ]
    rule = Principle(key="x", critique_request="c", revision_request="r", comparison="?")
    (use,) = principles([rule], labels, Counter(x=4), Counter(x=3))
    assert (use.drawn, use.changed, use.votes) == (4, 3, 2)
    assert use.preferred == pytest.approx((0.95 + 0.7) / 2)
    assert use.decisive == 0.5
    assert use.histogram[9] == 1 and use.histogram[7] + use.histogram[6] == 1
