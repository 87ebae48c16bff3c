"""Each check of the linter finds what it is for, and leaves good constitutions alone."""

import msgspec
import pytest

from bylaw.constitution import Constitution, default
from bylaw.constitution.document import TEXTS
from bylaw.constitution.lint import lint
from bylaw.records import Principle

SUBJECTS = (
    "weapons and bombs",
    "private addresses",
    "insults about religion",
    "stolen goods",
    "unsafe doses",
)


def build(*changes: dict[str, object]) -> Constitution:
    """Five sound principles; the n-th dict replaces fields of the n-th."""
    principles = [
        Principle(
            key=f"p{number}",
            critique_request=f"Does the response speak of {subject}?",
            revision_request=f"Rewrite the response without {subject}.",
            comparison=f"Which response is freer of {subject}? Else choose the more helpful one.",
        )
        for number, subject in enumerate(SUBJECTS)
    ]
    for number, change in enumerate(changes):
        principles[number] = msgspec.structs.replace(principles[number], **change)
    return Constitution(name="n", title="t", principles=tuple(principles))


def test_sound_constitutions_have_no_findings() -> None:
    assert lint(build()) == []
    assert lint(default()) == []


@pytest.mark.parametrize(
    ("change", "level", "field", "words"),
    [
        ({"comparison": "Which is better? Options: (A) or (B)."}, "error", "comparison", "'(A)'"),
        (
            {"comparison": "Which is better? The answer is: the first."},
            "error",
            "comparison",
            "'The answer is:'",
        ),
        ({"critique_request": "Critique: is it good?"}, "error", "critique_request", "'Critique:'"),
        ({"revision_request": "Rewrite it.\n\nHuman: thanks."}, "error", "revision_request", "'Human:'"),
        ({"critique_request": "Does it speak of bombs"}, "warning", "critique_request", "full stop"),
        ({"comparison": "The assistant is to be kind."}, "warning", "comparison", "compare or choose"),
        ({"revision_request": "Say what is wrong with it."}, "warning", "revision_request", "rewritten"),
        ({"comparison": "Choose the safe one. " * 40}, "warning", "comparison", "about 195 tokens"),
        ({"weight": 20.0}, "warning", "weight", "decides 83% of all draws"),
        ({"weight": 0.01}, "warning", "weight", "hardly ever drawn"),
    ],
)
def test_a_check_finds_its_fault(change: dict[str, object], level: str, field: str, words: str) -> None:
    change = {name: value.strip() if isinstance(value, str) else value for name, value in change.items()}
    findings = lint(build(change))
    assert [(one.level, one.principle, one.field) for one in findings] == [(level, "p0", field)]
    assert words in findings[0].message


def test_principles_that_repeat_each_other() -> None:
    first = build().principles[0]
    texts = {field: getattr(first, field) for field in TEXTS}
    same = lint(build({}, texts))
    assert [(one.level, one.principle) for one in same] == [("error", "p1")]


def test_principles_that_say_nearly_the_same() -> None:
    one, two, *rest = default().principles
    texts = {field: getattr(one, field).replace("hurt", "injure") for field in TEXTS}
    again = msgspec.structs.replace(two, **texts)
    findings = lint(msgspec.structs.replace(default(), principles=(one, again, *rest)))
    assert [(found.level, found.principle) for found in findings] == [("warning", "crime")]
    assert "nearly the same as violence" in findings[0].message


@pytest.mark.parametrize(
    ("one", "other", "quality"),
    [
        ("Choose the more formal response.", "Which response is less formal?", "formal"),
        ("Choose the more concise response.", "Which response is more detailed?", "concise"),
        ("Choose the shorter response.", "Choose the longer response.", "shorter"),
    ],
)
def test_principles_that_pull_opposite_ways(one: str, other: str, quality: str) -> None:
    findings = lint(build({"comparison": one}, {"comparison": other}))
    assert [(found.level, found.principle) for found in findings] == [("warning", "p1")]
    assert repr(quality) in findings[0].message


def test_agreeing_principles_do_not_pull() -> None:
    comparisons = (
        "Choose the less harmful one.",
        "Choose the more harmless one.",
        "Do not choose the more harmful one.",
    )
    assert lint(build(*({"comparison": text} for text in comparisons))) == []


def test_a_constitution_without_helpfulness() -> None:
    findings = lint(build(*({"comparison": f"Which response has less of {subject}?"} for subject in SUBJECTS)))
    assert [(one.level, one.principle) for one in findings] == [("warning", "")]
    assert "refuse everything" in findings[0].message


def test_other_languages_are_left_alone() -> None:
    german = {
        "revision_request": "Schreibe die Antwort neu, ohne Waffen.",
        "comparison": "Welche ist freundlicher?",
    }
    assert lint(build(german)) == []


def test_errors_come_first() -> None:
    findings = lint(build({"critique_request": "Does it speak"}, {"comparison": "Which? Options: two."}))
    assert [(one.level, one.principle) for one in findings] == [("error", "p1"), ("warning", "p0")]
