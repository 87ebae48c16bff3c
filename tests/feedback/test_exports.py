"""What is exported says what the records say, and our own readers read it back."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bylaw import storage
from bylaw.feedback.exports import EXPORTS, Made
from bylaw.feedback.sources import read_comparisons
from bylaw.records import Comparison, Label, Message, Principle, Prompt, Response, Revision, Vote

TALK = (Message("user", "Hello."), Message("assistant", "Hi."), Message("user", "How do I bake?"))
ALONE = (Message("user", "How do I pick a lock?"),)
PAIRS = [
    Comparison(messages=TALK, first="With heat.", second="No."),
    Comparison(messages=ALONE, first="So.", second="I will not."),
    Comparison(messages=ALONE, first="One.", second="Two."),
    Comparison(messages=ALONE, first="Three.", second="Four."),
]
PRINCIPLES = [Principle(key="kind", comparison="Which is kinder?"), Principle(key="true", comparison="Which is truer?")]


def _label(pair: Comparison, p_first: float | None, verdict: Any, *votes: Vote) -> Label:
    said = {"judge": "j", "scheme": "ensemble", "template": "paper"}
    return Label(comparison=pair.id, votes=votes, verdict=verdict, p_first=p_first, **said)


VOTES = Vote("kind", False, 0.8, 1.0), Vote("kind", True, 0.6, 1.0), Vote("true", False, 0.1, 1.0)
MADE = Made(
    name="run",
    prompts=[Prompt(messages=TALK, aim="helpful"), Prompt(messages=ALONE)],
    comparisons=PAIRS,
    labels=[
        _label(PAIRS[0], 0.9, "first", *VOTES),
        _label(PAIRS[1], 0.25, "second"),
        _label(PAIRS[2], 0.5, "tie"),
        _label(PAIRS[3], None, "unreadable"),
    ],
    principles=PRINCIPLES,
)


def _written(name: str, folder: Path, left_out: Counter[str], made: Made = MADE) -> Path:
    path = folder / f"{name}.{'json' if name == 'icai' else 'jsonl'}"
    storage.write_records(path, list(EXPORTS[name](made, left_out)))
    return path


@pytest.mark.parametrize("name", ["trl-preference", "ultrafeedback", "icai"])
def test_pairs_are_read_back_with_their_verdicts(name: str, tmp_path: Path) -> None:
    left_out: Counter[str] = Counter()
    read = read_comparisons(_written(name, tmp_path, left_out))
    better = {one.messages: one.first if one.gold == "first" else one.second for one in read}
    assert better == {TALK: "With heat.", ALONE: "I will not."}
    assert sum(left_out.values()) == (0 if name == "icai" else 2)


def test_the_soft_label_stands_beside(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in _written("trl-preference", tmp_path, Counter()).read_text().splitlines()]
    assert [row["p_chosen"] for row in rows] == [0.9, 0.75]
    assert rows[0]["prompt"][0] == {"role": "user", "content": "Hello."}
    assert rows[0]["chosen"] == [{"role": "assistant", "content": "With heat."}]


def test_every_principle_annotates(tmp_path: Path) -> None:
    document = json.loads(_written("icai", tmp_path, Counter()).read_text())
    first = document["comparisons"][0]["annotations"]
    assert first["kind"] == {"pref": "a", "p_a": 0.7} and first["true"]["pref"] == "b"
    assert document["annotators"]["true"] == {"description": "Which is truer?", "type": "principle"}
    assert document["comparisons"][2]["annotations"]["label"]["pref"] is None
    assert document["comparisons"][3]["annotations"]["kind"] == {"pref": None, "no_pref_reason": "invalid"}


def test_what_is_fine_tuned_on(tmp_path: Path) -> None:
    harmful = MADE.prompts[1]
    answers = [Response(prompt=one.id, model="seed", text=f"{one.aim}.") for one in MADE.prompts]
    revised = Revision(prompt=harmful.id, of=answers[1].id, critique=None, principle="kind", round=1, text="Better.")
    made = MADE._replace(responses=answers, revisions=[revised])
    left_out: Counter[str] = Counter()
    rows = [json.loads(line) for line in _written("trl-sft", tmp_path, left_out, made).read_text().splitlines()]
    assert [row["completion"][0]["content"] for row in rows] == ["Better.", "helpful."]
    assert left_out == {"a first answer to a harmful prompt": 1}


def test_ratings_become_the_best_and_the_worst(tmp_path: Path) -> None:
    rated = [{"response": text, "overall_score": score} for text, score in (("Mid.", 5), ("Best.", 9), ("Worst.", 1))]
    path = tmp_path / "ultra.jsonl"
    path.write_text(json.dumps({"instruction": "How?", "completions": rated, "source": "x"}) + "\n")
    (pair,) = read_comparisons(path)
    assert (pair.first, pair.second)[pair.gold == "second"] == "Best."
    assert {pair.first, pair.second} == {"Best.", "Worst."}
