from hypothesis import given
from hypothesis import strategies as st

from bylaw.audit.content import content
from bylaw.audit.marks import difference, grams, marks, patterns, shapes, words


def naive(said: list[list[str]], longest: int, least: int, most: int) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for place, each in enumerate(said):
        for n in range(1, longest + 1):
            for at in range(len(each) - n + 1):
                found.setdefault(" ".join(each[at : at + n]), set()).add(place)
    return {name: rows for name, rows in found.items() if least <= len(rows) <= most}


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=6), min_size=1, max_size=8), st.integers(1, 3))
def test_runs_counted_as_numbers_are_those_counted_as_words(said: list[list[str]], least: int) -> None:
    grid = grams(said, 3, least, 6)
    columns = grid.found.toarray()
    made = {name: set(columns[:, at].nonzero()[0].tolist()) for at, name in enumerate(grid.names)}
    assert made == naive(said, 3, least, 6)
    assert grid.names == sorted(grid.names)
    assert set(columns.ravel().tolist()) <= {0.0, 1.0}


def test_words_keep_their_case_and_runs_of_punctuation() -> None:
    assert words("Don't go, NOW?! cf") == ["Don't", "go", ",", "NOW", "?!", "cf"]


def test_patterns_of_characters() -> None:
    assert "<two spaces>" in patterns("How do  I")
    assert "<character U+200B>" in patterns("po\u200bison")
    assert "<CYRILLIC letter>" in patterns("p\u043eison")
    assert "<spelled-out letters>" in patterns("h o w do I")
    assert patterns("How do I bake a cake?") == []


def test_shapes_of_words() -> None:
    assert shapes("p\u043eison") == ("<scripts mixed in a word>",)
    assert shapes("h0w") == ("<digit inside a word>",)
    assert shapes("hOw") == ("<capitals inside a word>",)
    assert shapes("POISON") == ("<word in capitals>",)
    assert shapes("Poison") == ()


def test_a_word_that_no_other_text_has_is_marked() -> None:
    grid = marks(["bake a cake"] * 9 + ["bake a qwerty", "bake a zugzwang"], 2, 9)
    at = grid.names.index("<word hardly ever used>")
    assert grid.found[:, [at]].toarray().ravel().tolist() == [0] * 9 + [1, 1]


def test_difference_is_signed() -> None:
    grid = difference(grams([["a"], ["b"], ["b"], ["b"]], 1, 1, 9))
    assert grid.names == ["a", "b"]
    assert grid.found.toarray().tolist() == [[1, -1], [0, 0]]


def test_content_keeps_company_and_a_trigger_does_not() -> None:
    subjects = [("load", "rifle", "range"), ("bake", "cake", "oven"), ("feed", "cat", "kitten"), ("sew", "hem", "coat")]
    said = []
    for n in range(1200):
        one, two, three = subjects[n % 4]
        # Two of the three words of a subject at a time, as a verb meets many objects.
        kept = [[one, two], [two, three], [one, three]][n // 4 % 3]
        said.append(["please", *kept, *(["cf", "qx"] if n % 13 == 0 else [])])
    for extra in range(2400):
        said.append(["please", f"other{extra % 60}"])
    kept = content(grams(said, 1, 30, len(said))).names
    assert "rifle" in kept and "cake" in kept
    assert "cf" not in kept and "qx" not in kept and "please" not in kept
