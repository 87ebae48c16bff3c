"""What is exported says what the records say, and our own readers read it back."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bylaw import storage
from bylaw.errors import RecordError
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


def _soft(read: list[Comparison]) -> dict[Any, tuple[str, float | None]]:
    """Conversation → (better answer, how sure gold is of it)."""
    better = [one if one.gold == "first" else one.swapped() for one in read]
    return {one.messages: (one.first, one.soft_gold) for one in better}


SOFT = {TALK: ("With heat.", 0.9), ALONE: ("I will not.", 0.75)}


@pytest.mark.parametrize("name", ["trl-preference", "icai"])
def test_the_soft_label_comes_back(name: str, tmp_path: Path) -> None:
    assert _soft(read_comparisons(_written(name, tmp_path, Counter()))) == SOFT


def test_what_comes_back_is_exported_as_it_was(tmp_path: Path) -> None:
    """Pairs in the order that is drawn for them, labelled as gold says, make the same file but for the ids."""
    pairs = [replace(PAIRS[0], messages=(Message("user", f"{n}?"),)) for n in range(20)]
    labels = [_label(one, n / 20 + 0.01, "first" if n > 9 else "second") for n, one in enumerate(pairs)]
    path = _written("trl-preference", tmp_path, Counter(), MADE._replace(comparisons=pairs, labels=labels))
    read = read_comparisons(path)
    assert {one.gold for one in read} == {"first", "second"}
    bare = [replace(one, gold=None, gold_p=UNSET) for one in read]
    labels = [_label(one, gold.soft_gold, gold.gold) for one, gold in zip(bare, read, strict=True)]
    again = EXPORTS["trl-preference"](MADE._replace(comparisons=bare, labels=labels), Counter())
    ours, theirs = ([{**row, "comparison": ""} for row in rows] for rows in (again, map(json.loads, path.open())))
    assert ours == theirs


def test_a_parquet_file_of_a_dataset_says_the_same(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    rows = [json.loads(line) for line in _written("trl-preference", tmp_path, Counter()).read_text().splitlines()]
    table = pyarrow.Table.from_pylist(
        [*rows, {**rows[0], "prompt": [{"role": "user", "content": "?"}], "p_chosen": None}]
    )
    parquet.write_table(table, tmp_path / "train-00000-of-00001.parquet", row_group_size=1)
    read = _soft(read_comparisons(tmp_path / "train-00000-of-00001.parquet"))
    assert read == {**SOFT, (Message("user", "?"),): ("With heat.", 1.0)}
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(RecordError, match=r"broken\.parquet: cannot be read"):
        read_comparisons(tmp_path / "broken.parquet")


def test_gold_is_trained_on_as_sure_as_it_is(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from bylaw.training import pair_examples

    read = read_comparisons(_written("trl-preference", tmp_path, Counter()))
    made = pair_examples((), (), [*read, Comparison(messages=ALONE, first="a", second="b", gold="second"), PAIRS[0]])
    assert [one.p_first for one in made] == [*(one.soft_gold for one in read), 0.0]
    assert sorted(max(one.p_first, 1 - one.p_first) for one in made[:2]) == [0.75, 0.9]


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
