"""Overlap: n-grams and longest runs against a plain count of everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.errors import UsageError
from bylaw.leak.overlap import PLACES, EvaluationSets

ITEM = "the quick brown fox jumps over the lazy dog while nobody is looking at it today"


def longest_common(one: list[str], other: list[str]) -> int:
    best, row = 0, [0] * (len(other) + 1)
    for word in one:
        row = [0, *(row[at] + 1 if word == other[at] else 0 for at in range(len(other)))]
        best = max(best, *row)
    return best


def test_a_copied_run_is_measured_in_words() -> None:
    index = EvaluationSets({"exam": ["something short", ITEM]})
    (match,) = index.matches("He wrote: 'Brown fox jumps over the lazy dog, while NOBODY is looking' and left.")
    assert (match.set, match.longest, match.grams, match.items) == ("exam", 11, 4, frozenset({1}))
    assert index.short == {"exam": 1}


def test_seven_words_are_not_eight() -> None:
    index = EvaluationSets({"exam": [ITEM]})
    assert index.matches("brown fox jumps over the lazy dog") == []
    assert index.matches("brown fox jumps over the lazy dog while")[0].longest == 8


def test_a_run_does_not_go_on_in_the_next_item() -> None:
    index = EvaluationSets({"exam": ["a b c d e f g h", "b c d e f g h i"]})
    assert index.matches("a b c d e f g h i")[0].longest == 8


def test_sets_are_kept_apart() -> None:
    index = EvaluationSets({"one": [ITEM], "two": [ITEM, "x " + ITEM], "three": ["nothing of that"]})
    assert [(match.set, len(match.items)) for match in index.matches(ITEM)] == [("one", 1), ("two", 2)]


word_lists = st.lists(st.sampled_from("abc"), max_size=14)


@given(word_lists, st.lists(word_lists, max_size=3))
def test_longest_run_is_that_of_a_plain_count(text: list[str], items: list[list[str]]) -> None:
    matches = EvaluationSets({"exam": [" ".join(item) for item in items]}, n=2).matches(" ".join(text))
    expected = max((longest_common(text, item) for item in items), default=0)
    assert (matches[0].longest if matches else 0) == (expected if expected >= 2 else 0)


def test_a_text_that_repeats_itself_stays_cheap_and_found() -> None:
    index = EvaluationSets({"exam": ["a " * 10_000]})
    assert max(len(places) for each in index._places.values() for places in each.values()) == PLACES
    assert index.matches("a " * 10_000)[0].longest >= 8


def test_one_word_is_no_ngram() -> None:
    with pytest.raises(UsageError):
        EvaluationSets({}, n=1)
