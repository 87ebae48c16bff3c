"""Near-duplicates: planted ones are found, in clusters that are exact, and nothing else is."""

import random

import pytest

from bylaw.errors import UsageError
from bylaw.leak.duplicates import clusters, jaccard, shingles


def words(seed: int, count: int = 120) -> list[str]:
    draw = random.Random(seed)
    return [f"w{draw.randrange(3000)}" for _ in range(count)]


def changed(text: list[str], places: int, seed: int = 0) -> str:
    draw = random.Random(seed)
    copy = list(text)
    for place in draw.sample(range(len(copy)), places):
        copy[place] = "other"
    return " ".join(copy)


def test_planted_copies_are_found_and_nothing_else() -> None:
    texts = [" ".join(words(seed)) for seed in range(60)]
    planted = [changed(words(seed), 2, seed) for seed in range(20)]
    assert clusters(texts + planted) == [[seed, 60 + seed] for seed in range(20)]


def test_the_decision_is_exact() -> None:
    one, other = " ".join(words(1)), changed(words(1), 4, 3)
    similarity = jaccard(shingles(one), shingles(other))
    assert clusters([one, other], at_least=similarity) == [[0, 1]]
    assert clusters([one, other], at_least=similarity + 1e-9) == []


def test_case_and_punctuation_do_not_count() -> None:
    assert clusters(["One, two three four FIVE six!", "one two three four five six", "something else"]) == [[0, 1]]


def test_texts_without_words_are_no_duplicates() -> None:
    assert clusters(["", "", "…", "a", "a"]) == [[3, 4]]


def test_many_copies_are_one_cluster_and_the_same_each_time() -> None:
    texts = [changed(words(seed % 3), seed % 2, seed) for seed in range(300)]
    assert clusters(texts) == clusters(texts)
    assert sorted(len(each) for each in clusters(texts)) == [100, 100, 100]


def test_a_bound_that_is_no_similarity_is_refused() -> None:
    with pytest.raises(UsageError, match="a similarity to look for"):
        clusters([], at_least=0.2)
