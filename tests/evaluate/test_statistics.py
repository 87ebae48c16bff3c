"""Shares, intervals and figures of texts, against values worked out by hand or published."""

import pytest

from bylaw.errors import UsageError
from bylaw.evaluate.statistics import boilerplate, distinct, share, text_figures, wilson


def test_wilson_against_published_values() -> None:
    # Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29
    for (hits, n), (low, high) in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0000, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }.items():
        assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_share_lies_inside_its_interval() -> None:
    for n in (1, 7, 1000):
        for hits in (0, 1, n):
            one = share("complies", "harmful", "seed", hits, n, 1.0)
            assert 0 <= one.low <= one.value == hits / n <= one.high <= 1
            assert (one.n, one.temperature, one.unit) == (n, 1.0, "share")
    with pytest.raises(UsageError, match="complies on harmful of seed cannot be measured"):
        share("complies", "harmful", "seed", 0, 0)


def test_distinct() -> None:
    assert distinct(["a b c", "a b"], 2) == 2 / 3
    assert distinct(["a", ""], 2) == 0.0
    assert distinct(["A b", "a B"], 1) == 0.5


def test_boilerplate_finds_the_phrase_that_comes_back() -> None:
    phrase = "you are valid and valued and cared for"
    texts = [f"{number} {phrase} {number}" for number in range(6)] + ["short", "x " * 50]
    assert boilerplate(texts) == (phrase, 6)
    assert boilerplate(["x " * 50, "y"])[1] == 1  # once per answer, however often it stands there
    assert boilerplate(["too short"]) == ("", 0)


def test_text_figures() -> None:
    found = {one.name: one for one in text_figures("helpful", "sft", ["one two", "", "one two three four"], 1.0)}
    assert list(found) == ["distinct_2", "length", "boilerplate", "empty"]
    assert found["length"].value == 2.0
    assert found["length"].low < 2.0 < found["length"].high
    assert found["length"].unit == "words"
    assert found["distinct_2"].value == 3 / 4
    assert found["empty"].value == 1 / 3
    assert all((one.model, one.subset, one.temperature) == ("sft", "helpful", 1.0) for one in found.values())
    with pytest.raises(UsageError, match="there are none"):
        text_figures("helpful", "sft", [])
