from hypothesis import given
from hypothesis import strategies as st

from bylaw.report.diff import changed, words

TEXTS = st.text(alphabet="ab ,.\n", max_size=60)


@given(TEXTS, TEXTS)
def test_spans_give_both_texts_back(before: str, after: str) -> None:
    spans = words(before, after)
    assert "".join(text for kind, text in spans if kind != "del") == after
    old = "".join(text for kind, text in spans if kind != "ins")
    assert old.split() == before.split() or "".join(old.split()) == "".join(before.split())


def test_only_what_changed_is_marked() -> None:
    spans = words("I can open the old door for you.", "I can open the new door for you.")
    same = ("same", "I can open the ")
    assert spans == (same, ("del", "old "), ("ins", "new "), ("same", "door for you."))


def test_an_island_between_large_changes_is_not_kept() -> None:
    spans = words("one two three and four five six", "seven eight nine and ten eleven twelve")
    assert [kind for kind, _ in spans] == ["del", "ins"]


def test_white_space_alone_is_no_change() -> None:
    assert not changed("a  b\n", "a b")
    assert changed("a b", "a c")
