"""``bylaw rate``: checkpoints as they were measured, models that are asked, files with and without a judge; resumed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bylaw.cli import main
from bylaw.constitution.document import loads
from bylaw.records import Label, Message, Sample
from bylaw.run import Run
from bylaw.storage import read_records
from tiny import CONSTITUTION, prompt_file, save_model

pytest.importorskip("torch")

READ = ("--set", "min_mass=0")
"""A random model puts little probability on any letter, and is to be read all the same."""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("rate") / "tiny")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, judge: Path) -> Path:
    """A run whose checkpoints were measured on six prompts; ``sft`` and ``final`` say the same to one of them."""
    path = tmp_path_factory.mktemp("rate") / "heron"
    made = Run.create(path, f'policy = "{judge}"\nseed = 0\n', CONSTITUTION)
    with made.lock():
        for name in ("seed", "sft", "final"):
            with made.stage(f"evaluate-{name}", {"model": "a" * 64}) as stage:
                stage.add(*(_sample(name, subset, n) for subset in ("harmful", "helpful") for n in range(6)))
    return path


def _sample(model: str, subset: str, number: int) -> Sample:
    text = "the same" if number == 0 and model != "seed" else f"{model} says {number}"
    asked = (Message("user", f"{subset} {number}?"),)
    return Sample(model=model, subset=subset, temperature=1.0, messages=asked, text=text, reading="")


def _rate(*words: object) -> Sequence[str]:
    return ["rate", *map(str, words), "--json"]


def test_checkpoints_of_a_run_are_rated_by_what_they_were_measured_on(
    run: Path, judge: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "ratings"
    words = _rate(run, "--judge", judge, "-o", out, "--chunk", "5", *READ)
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "ratings.json").read_text())
    assert list(printed["subsets"]) == ["harmful", "helpful"]
    harmful = printed["subsets"]["harmful"]
    assert (harmful["zero"], harmful["prompts"], harmful["results"]) == ("seed", 6, 18)
    rated = {one["model"]: one for one in harmful["ratings"]}
    assert rated["seed"]["elo"] == 0 and {one["n"] for one in rated.values()} == {12}
    assert rated["final"]["low"] <= rated["final"]["elo"] <= rated["final"]["high"]
    labels = list(read_records(out / "labels.jsonl", Label))
    assert len(labels) == 34  # of 36, two are of models that say the same
    assert all({vote.swapped for vote in label.votes} == {False, True} for label in labels)
    assert {vote.principle for label in labels for vote in label.votes} == {
        one.key for one in loads(CONSTITUTION).principles
    }
    assert printed["judged"]["flips"]["n"] == 68 and printed["judged"]["judge"] == "tiny"
    kept = (out / "labels.jsonl").read_bytes()
    (out / "labels.jsonl").write_bytes(kept[: len(kept) // 2])
    assert main(words) == 0
    assert (out / "labels.jsonl").read_bytes() == kept and json.loads(capsys.readouterr().out) == printed


def test_a_report_for_people(run: Path, judge: Path, tmp_path: Path, capsys: Any) -> None:
    words = _rate(run, "--judge", judge, "-o", tmp_path / "r", *READ, "--zero", "sft", "--limit", "3")[:-1]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "compared in both orders by tiny" in said and "flip when the order is swapped" in said
    assert "harmful: 9 results on 3 prompts" in said and "by definition" in said
    assert said.count(" over ") == 4 and "between them" in said


def test_models_are_asked_once(judge: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = save_model(tmp_path / "other", size=32)
    asked = prompt_file(tmp_path / "harmful.jsonl", (f"How do I break lock {n}?" for n in range(5)))
    out, short = tmp_path / "out", ("--max-tokens", "6", *READ)
    models = (f"old={other}", judge, "--harmful", asked, "--judge", judge, "-o", out)
    assert main(_rate(*models, *short, "--limit", "4")) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["judged"]["rates_itself"] == "tiny"
    found = printed["subsets"]["harmful"]
    assert (found["zero"], found["prompts"], found["results"]) == ("old", 4, 4)
    answers = sorted((out / "answers").glob("*.jsonl"))
    assert len(answers) == 2 and all(len(path.read_text().splitlines()) == 4 for path in answers)
    kept = answers[0].read_bytes()
    answers[0].write_bytes(kept[:-9])
    assert main(_rate(*models, *short, "--limit", "4")) == 0
    assert answers[0].read_bytes() == kept and json.loads(capsys.readouterr().out) == printed
    monkeypatch.setattr("bylaw.cli.rated.open_local", lambda path: pytest.fail("it has answered all"))
    assert main(_rate(*models, *short, "--limit", "4")) == 0
    assert json.loads(capsys.readouterr().out) == printed
    assert main(_rate(*models, *short)) == 2
    assert "begun with another prompts" in capsys.readouterr().err


def test_verdicts_in_a_file_are_rated_without_a_judge(tmp_path: Path, capsys: Any) -> None:
    wins = [("a", "b", "model_a"), ("a", "b", "model_b"), ("b", "c", "tie"), ("d", "a", "model_a"), ("e", "f", "tie")]
    rows = [{"model_a": a, "model_b": b, "winner": won} for a, b, won in wins]
    path = tmp_path / "votes.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert main(["rate", str(path)]) == 0
    said = capsys.readouterr().out
    assert "verdicts: 5 results on 5 prompts" in said
    assert "no Elo: it never lost, however indirectly, to a" in said
    assert said.count("no Elo: no results connect it with a; --zero names another") == 2
    assert "too few results to bound it" in said
    assert main(_rate(path, "--zero", "e")) == 0
    found = json.loads(capsys.readouterr().out)["subsets"]["verdicts"]
    assert [one["beyond"] for one in found["ratings"]] == [None, None, *["apart"] * 4]
    assert main(_rate(path, "--zero", "nobody")) == 2
    assert "between nobody and at least one other model; found ['a', 'b'" in capsys.readouterr().err


def test_a_files_answers_are_judged_where_a_judge_is_named(judge: Path, tmp_path: Path, capsys: Any) -> None:
    """Its verdicts are not: the same answers that people saw otherwise are asked about once."""
    pair = {"prompt": "Q?", "chosen": "Good.", "rejected": "Bad.", "chosen_model": "x", "rejected_model": "y"}
    rows = [pair, {**pair, "p_chosen": 0.8}, {**pair, "prompt": "R?"}]
    (tmp_path / "pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    file = tmp_path / "pairs.jsonl"
    assert main(_rate(file, "--judge", judge, "-o", tmp_path / "r", *READ)) == 0
    found = json.loads(capsys.readouterr().out)["subsets"]["comparisons"]
    assert (found["results"], {one["model"] for one in found["ratings"]}) == (2, {"x", "y"})
    file.write_text(json.dumps({"prompt": "Q?", "chosen": "Good.", "rejected": "Bad."}) + "\n")
    assert main(_rate(file, "--judge", judge, "-o", tmp_path / "r")) == 2
    assert "does not say of every response which model wrote it" in capsys.readouterr().err


def test_what_a_server_would_be_asked_is_counted_before_there_are_answers(
    judge: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "run.toml").write_text(
        '[models.judge]\nbackend = "openai_compatible"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\ncache = "off"\n'
    )
    asked = prompt_file(tmp_path / "helpful.jsonl", ["How do I bake?", "How do I boil?"])
    words = _rate(f"a={judge}", f"b={judge}", "--helpful", asked, "--models", tmp_path / "run.toml", "--dry-run")
    assert main(words) == 0
    assert "64 questions to m" in capsys.readouterr().out  # 2 pairs × 2 orders × 16 principles
    assert not (tmp_path / "a.ratings").exists()


def test_a_judge_behind_a_server_is_paid_once(run: Path, tmp_path: Path, capsys: Any) -> None:
    """What it cost stands beside its labels; given again, the command asks nothing."""
    from judge_server import Judge, serving

    server = Judge()
    with serving(server) as url:
        file, out = tmp_path / "run.toml", tmp_path / "out"
        table = f'backend = "openai_compatible"\nurl = "{url}"\nmodel = "mock"\ncache = "off"\n'
        file.write_text(f"[models.judge]\n{table}")
        asked = []
        for _ in range(2):
            assert main(_rate(run, "--models", file, "-o", out, "--limit", "2")) == 0
            printed = json.loads(capsys.readouterr().out)
            asked.append(sum(server.answered.values()))
        assert asked[0] == asked[1] > 0
        assert {one["results"] for one in printed["subsets"].values()} == {6}
        assert printed["judged"]["judge"].startswith("mock") and (out / "labels.jsonl.costs.db").exists()


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("{run}",), 2, "name the judge"),
        (("{run}", "--judge", "{judge}", "--set", "both_orders=false"), 2, "a rating asks in both orders"),
        (("{run}", "--judge", "{judge}", "--temperature", "0"), 1, "measured at the temperatures [1.0], not at 0.0"),
        (("{judge}", "--judge", "{judge}"), 2, "say what the models are to answer"),
        (("{judge}", "--helpful", "{asked}", "--judge", "{judge}"), 2, "name two models at least"),
        (("{judge}", "{judge}", "--helpful", "{asked}", "--judge", "{judge}"), 2, "give them names, as in new=tiny"),
        (("{run}", "--helpful", "{asked}", "--judge", "{judge}"), 1, "is not the model that"),
        (("{run}", "--judge", "{judge}", "--dry-run"), 2, "name one with --models"),
        (("{run}", "--judge", "{judge}", "--limit", "-1"), 2, "--limit is a number of prompts"),
        (("{asked}", "--judge", "{judge}", "--helpful", "{asked}"), 2, "has the answers already"),
        (("{run}", "--judge", "{judge}", "--chunk", "0"), 2, "--chunk must be at least 1"),
        (("{asked}", "--limit", "1"), 2, "of the verdicts in a file all count"),
        (("nowhere", "x", "--helpful", "{asked}", "--judge", "{judge}"), 1, "nowhere"),
    ],
)
def test_what_cannot_be_rated_is_said(
    run: Path,
    judge: Path,
    tmp_path: Path,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
    words: Any,
    code: int,
    why: str,
) -> None:
    from hub import offline

    offline(monkeypatch, tmp_path / "hub")
    asked = prompt_file(tmp_path / "asked.jsonl", ["How do I bake?"])
    said = [word.format(run=run, judge=judge, asked=asked) for word in words]
    assert main(_rate(*said, "-o", tmp_path / "out")) == code
    assert why in capsys.readouterr().err
    assert not (tmp_path / "out" / "labels.jsonl").exists()
