"""A labelled file: resumed after a kill with the same bytes, never mixed, never written twice at once."""

import fcntl
from pathlib import Path

import pytest

from bylaw.constitution.few_shots import FewShots, ReasonedShot
from bylaw.errors import RunLocked, UsageError
from bylaw.feedback.keeping import beside
from bylaw.feedback.label import LabelSettings
from bylaw.feedback.labelling import Labelling, Made, label_file
from bylaw.feedback.shots import shot_turns
from bylaw.models.base import Ask, Choose, Generate, Here
from bylaw.models.scripted import ScriptedModel
from bylaw.records import Comparison, Label, Message, Principle
from bylaw.storage import read_records

PRINCIPLES = tuple(
    Principle(key=key, critique_request="c", revision_request="r", comparison=f"Which is more {key}?")
    for key in ("kind", "true")
)
HOW = Labelling(principles=PRINCIPLES, chunk=3)
PAIRS = [Comparison(messages=(Message("user", f"{n}?"),), first=f"yes {n}", second=f"no {n}") for n in range(8)]
MADE = Made(judge="j", constitution="c", comparisons="d", few_shots="", settings=LabelSettings(), seed=0, chunk=3)


def prefers_yes(ask: Ask) -> tuple[float, ...]:
    assert isinstance(ask, Choose)
    yes_is_first = ask.conversations[0][-1].content.index("yes") < ask.conversations[0][-1].content.index("no ")
    return (-0.2, -2.0) if yes_is_first else (-2.0, -0.2)


def test_labels_are_in_order_and_kept(tmp_path: Path) -> None:
    out, seen = tmp_path / "sub" / "labels.jsonl", []
    judge = ScriptedModel(prefers_yes)
    labels = label_file(PAIRS, Here(judge), HOW, out, MADE, lambda done, resumed: seen.append((done, resumed)))
    assert [label.comparison for label in labels] == [pair.id for pair in PAIRS]
    assert {label.verdict for label in labels} == {"first"}
    assert seen == [(3, 0), (6, 0), (8, 0)]
    assert list(read_records(out, Label)) == labels
    asked = judge.usage.choices
    assert label_file(PAIRS, Here(judge), HOW, out, MADE) == labels
    assert judge.usage.choices == asked


@pytest.mark.parametrize("after", [0, 1, 4, 7])
def test_killed_and_started_again(tmp_path: Path, after: int) -> None:
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    label_file(PAIRS, Here(ScriptedModel(prefers_yes)), HOW, whole, MADE)
    lines = whole.read_bytes().splitlines(keepends=True)
    broken.write_bytes(b"".join(lines[:after]) + lines[after][:40])
    beside(broken).write_bytes(beside(whole).read_bytes())
    label_file(PAIRS, Here(ScriptedModel(prefers_yes)), HOW, broken, MADE)
    assert broken.read_bytes() == whole.read_bytes()


def test_other_labels_are_not_mixed_in(tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    label_file(PAIRS[:2], Here(ScriptedModel(prefers_yes)), HOW, out, MADE)
    other = Made(**{**{f: getattr(MADE, f) for f in Made.__struct_fields__}, "seed": 1, "judge": "k"})
    with pytest.raises(UsageError, match="begun with another judge, another seed"):
        label_file(PAIRS, Here(ScriptedModel(prefers_yes)), HOW, out, other)
    beside(out).unlink()
    with pytest.raises(UsageError, match="does not say what it was made from"):
        label_file(PAIRS, Here(ScriptedModel(prefers_yes)), HOW, out, MADE)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    label_file(PAIRS[:1], Here(ScriptedModel(prefers_yes)), HOW, out, MADE)
    with beside(out).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunLocked, match="another process is writing"):
            label_file(PAIRS, Here(ScriptedModel(prefers_yes)), HOW, out, MADE)


SHOTS = FewShots(
    revisions=(),
    comparisons=tuple(
        Comparison(messages=(Message("user", f"{n}?"),), first="good", second="bad", gold="first") for n in range(12)
    ),
    reasoned=(ReasonedShot(comparison=PAIRS[0].swapped(), thought="The second."),),
)


def test_plain_shots_have_drawn_orders_and_principles() -> None:
    turns = shot_turns(SHOTS, PRINCIPLES, "principle_last", think=False, seed=0)
    assert len(turns) == 24
    assert {turn.content for turn in turns[1::2]} == {"(A)", "(B)"}
    for question, verdict in zip(turns[::2], turns[1::2], strict=True):
        assert f"{verdict.content} good" in question.content
    assert len({"kind" in turn.content for turn in turns[::2]}) == 2


def test_reasoned_shots_and_a_judge_that_thinks(tmp_path: Path) -> None:
    shot = ReasonedShot(
        comparison=Comparison(messages=(Message("user", "?"),), first="a", second="b", gold="second"),
        thought="Hm.",
    )
    shots = FewShots(revisions=(), comparisons=(), reasoned=(shot,))
    turns = shot_turns(shots, PRINCIPLES, "paper", think=True, seed=0)
    assert [turn.role for turn in turns] == ["user", "assistant", "user", "assistant"]
    assert turns[1].content == "Let's think step by step: Hm."
    assert turns[3].content == "(B)"

    def reply(ask: Ask) -> str | tuple[float, ...]:
        return " the first" if isinstance(ask, Generate) else (-0.1, -3.0)

    how = Labelling(principles=PRINCIPLES, settings=LabelSettings(think=True, both_orders=False), few_shots=turns)
    (label,) = label_file(PAIRS[:1], Here(ScriptedModel(reply)), how, tmp_path / "l.jsonl", MADE)
    assert label.p_first == 0.6
    assert label.votes[0].raw == "Let's think step by step: the first"
