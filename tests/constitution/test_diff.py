"""What changed is named; what did not is not mentioned."""

import re

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bylaw.constitution import Constitution, default
from bylaw.constitution.diff import Change, diff, marked, render
from bylaw.records import Principle

BASE = default()


def edited(principles: list[Principle]) -> Constitution:
    return msgspec.structs.replace(BASE, principles=tuple(principles))


def kinds(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind, change.principle) for change in changes]


def test_no_change() -> None:
    assert diff(BASE, BASE) == []
    assert render([]) == ""


def test_added_removed_changed_renamed_and_moved() -> None:
    one, two, three, four, *rest = BASE.principles
    new = msgspec.structs.replace(one, key="new", comparison="Which is best?")
    changed = msgspec.structs.replace(two, weight=2.0, comparison=two.comparison.replace("lawful", "legal"))
    renamed = msgspec.structs.replace(four, key="hacking")
    changes = diff(BASE, edited([changed, renamed, *rest[1:], rest[0], new]))
    assert kinds(changes) == [
        ("changed", "crime"),
        ("changed", "hacking"),
        ("moved", "privacy"),
        ("added", "new"),
        ("removed", "violence"),
        ("removed", "weapons"),
    ]
    assert [field.field for field in changes[0].fields] == ["comparison", "weight"]
    assert [(field.field, field.old, field.new) for field in changes[1].fields] == [("id", "intrusion", "hacking")]
    text = render(changes)
    assert "shows a [-lawful-]{+legal+} way" in text
    assert "weight: [-1-]{+2+}" in text
    assert three.comparison in text


def test_the_head() -> None:
    changes = diff(BASE, msgspec.structs.replace(BASE, version="2"))
    assert kinds(changes) == [("changed", "")]
    assert render(changes) == "constitution: changed\n    version: [-1-]{+2+}"


@settings(deadline=None)
@given(st.permutations(range(16)))
def test_reordering_is_only_moves_and_the_fewest(order: list[int]) -> None:
    changes = diff(BASE, edited([BASE.principles[at] for at in order]))
    assert {change.kind for change in changes} <= {"moved"}
    assert len(changes) < 16
    moved = {change.principle for change in changes}
    kept = [at for at in order if BASE.principles[at].key not in moved]
    assert kept == sorted(kept)


def test_one_swap_is_one_move() -> None:
    one, two, *rest = BASE.principles
    assert len(diff(BASE, edited([two, one, *rest]))) == 1


WORDS = st.text(alphabet="ab \n", max_size=30)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_marks_hold_both_texts(old: str, new: str) -> None:
    both = marked(old, new)
    before = re.sub(r"\{\+.*?\+\}", "", both, flags=re.DOTALL)
    after = re.sub(r"\[-.*?-\]", "", both, flags=re.DOTALL)
    assert re.sub(r"\[-(.*?)-\]", r"\1", before, flags=re.DOTALL) == old
    assert re.sub(r"\{\+(.*?)\+\}", r"\1", after, flags=re.DOTALL) == new
