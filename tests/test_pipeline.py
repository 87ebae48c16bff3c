"""``bylaw train`` from files and a real model directory to a trained model: both presets, all weights and LoRA."""

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import inputs
from bylaw.audit.screen import material_of
from bylaw.cli import main
from bylaw.leak.findings import read
from bylaw.lineage.tree import tree_digest
from bylaw.records import Comparison, Critique, Label, Prompt, Record, Response, Revision, Reward
from bylaw.report.collect import collect
from bylaw.run import Run

pytest.importorskip("torch")

from tiny import NO_GATES, prompt_file, run_file, save_model, words

STAGES = ["prompts", "evaluate-seed", "respond", "revise", "sft", "evaluate-sft", "compare", "label"]
ENDS = {"modern": ["optimise", "evaluate-final"], "paper": ["preference", "optimise", "evaluate-final"]}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "tiny")


def everything(path: Path) -> dict[str, str]:
    """Digests of all that a run made."""
    names = ("records", "models", "measurements.jsonl", "manifest.jsonl", "run.toml", "constitution.toml")
    return {name: tree_digest(path / name) if (path / name).is_dir() else _bytes(path / name) for name in names}


def _bytes(path: Path) -> str:
    return path.read_bytes().decode()


def check_run(run: Run, preset: str) -> None:
    """The run directory is complete, and its parts fit together."""
    assert list(run.manifest.finished()) == STAGES + ENDS[preset]
    assert all(run.finished(stage) for stage in STAGES + ENDS[preset])
    assert not list((run.path / "chunks").iterdir())
    kinds: list[type[Record]] = [Prompt, Response, Critique, Revision, Comparison, Label]
    prompts, responses, critiques, revisions, comparisons, labels = ([*run.read(kind)] for kind in kinds)
    assert {response.prompt for response in responses} <= {prompt.id for prompt in prompts}
    made = {one.id for one in (*responses, *revisions)}
    assert all(one.of in made for one in (*critiques, *revisions))
    assert [label.comparison for label in labels] == [comparison.id for comparison in comparisons]
    assert {one.model for one in run.measurements()} == {"seed", "sft", "final"}
    check_model(run.model_dir("final"))
    assert run.model_dir("sft").is_dir() and (run.path / "models/preference").is_dir() == (preset == "paper")
    check_screenings(run)
    html = (run.path / "report/index.html").read_text()
    assert "<html" in html and run.path.name in html


def check_screenings(run: Run) -> None:
    """What was looked through before a training are the rows that their stages' statements commit to, all of them."""
    reports = read(run.findings()["leak"]).before
    looked = {(name, stage.stage, stage.kind): stage for name, report in reports.items() for stage in report.stages}
    assert {("sft", "revise", "revision"), ("sft", "respond", "response")} <= set(looked)
    for (_, stage, kind), screened in looked.items():
        if stage in run.manifest.finished():
            envelope = json.loads((run.path / f"statements/{stage}.json").read_bytes())
            made = json.loads(base64.b64decode(envelope["payload"]))["subject"]
            (thing,) = [each for each in made if each["name"] == f"records/{kind}s.jsonl"]
            assert thing["annotations"]["rows"] == {"count": screened.rows, "root": screened.root_in}
            assert screened.rows == screened.kept + screened.masked + sum(screened.dropped.values())


def check_model(path: Path) -> None:
    """A directory as any program expects it: loaded by transformers alone, it answers."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(path), AutoTokenizer.from_pretrained(path)
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hello?"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    said = model.generate(**inputs, max_new_tokens=4, do_sample=False)
    assert said.shape[1] > inputs["input_ids"].shape[1]
    names = {file.name for file in path.iterdir()}
    assert {"model.safetensors", "generation_config.json", "chat_template.jinja", "README.md"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    assert not [file for file in path.glob("*.json*") if str(path.parent.parent) in file.read_text()]


def test_modern_on_files(model: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "run"
    file = run_file(tmp_path, model)
    assert main(words(file, out)) == 0
    printed = capsys.readouterr()
    assert "Loading weights" not in printed.err and "shards" not in printed.err
    assert "tokens/s" in next(line for line in printed.err.splitlines() if line.startswith("sft "))
    assert "tokens/s" in next(line for line in printed.err.splitlines() if line.startswith("label "))
    assert f"Report    {out}/report/index.html" in printed.out
    run = Run.open(out)
    check_run(run, "modern")
    assert {len(label.votes) for label in run.read(Label)} == {4}
    assert [len(prompt.messages) for prompt in run.read(Prompt)] == [1, 1, 3] * 2 + [1, 1, 3, 1, 1]

    before = everything(out)
    assert main(words(file, out)) == 0
    assert everything(out) == before
    assert (out / "evidence.zip").is_file() and set(read(run.findings()["leak"]).before) == {"sft", "final"}


@pytest.mark.long
@pytest.mark.parametrize("reward", ["preference", "judge"])
def test_paper_on_files(model: Path, tmp_path: Path, reward: str) -> None:
    out = tmp_path / "run"
    assert main(words(run_file(tmp_path, model, preset="paper"), out, f"optimise.reward={reward}")) == 0
    run = Run.open(out)
    assert ("preference" in run.manifest.finished()) == (reward == "preference")
    check_screenings(run)
    reports = read(run.findings()["leak"]).before
    assert set(reports) == {"sft", "final", "final-samples"} | ({"preference"} if reward == "preference" else set())
    assert [stage.kind for stage in reports["final"].stages] == ["prompt"], "GRPO is trained on prompts, not on pairs"
    (sampled,) = reports["final-samples"].stages
    said = list(run.read(Response, "optimise"))
    assert sampled.rows == len(said) == len({one.id for one in said}) == 11 * 3, "three answers to each prompt"
    figures = run.manifest.finished()["optimise"].figures
    assert figures["taken"] == figures["made"] == 11 + 11 * 3
    rewards = list(run.read(Reward))
    assert [one.of for one in rewards] == [one.id for one in said] and {one.by for one in rewards} == {reward}
    assert all(one.learned == (one.value is not None) for one in rewards) and len(material_of(run).groups) == 11
    if reward == "preference":
        check_run(run, "paper")
    labels = list(run.read(Label))
    assert {(label.scheme, label.template, len(label.votes)) for label in labels} == {("one", "paper", 1)}
    helpful = {prompt.id for prompt in run.read(Prompt) if prompt.aim == "helpful"}
    first = [one for one in run.read(Response, "respond") if one.prompt in helpful]
    assert sorted(one.sample for one in first) == [0] * 5 + [1] * 5


def test_the_report_of_a_run_shows_its_gates(model: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "run"
    off = "gates.off=['distinct','shortest','longest','boilerplate','helpful_lost','lookalike_refused']"
    bounds = ("gates.garbled=1.0", "gates.harmful_garbled=1.0")
    assert main(words(run_file(tmp_path, model), out, off, *bounds, "revise.rounds=1")) == 0
    assert main(["report", str(out), "-o", str(tmp_path / "report.html")]) == 0
    gates = collect(Run.open(out)).gates
    assert [(gate.stage, gate.name, gate.bound) for gate in gates] == [
        (stage, name, 1.0) for stage in ("sft", "final") for name in ("garbled", "harmful_garbled")
    ]
    assert "harmful_garbled" in (tmp_path / "report.html").read_text()


def test_a_gate_stops_the_run_and_names_the_last_good_model(model: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "run"
    off = NO_GATES.replace("'shortest',", "")
    line = words(run_file(tmp_path, model), out, off, "gates.shortest=9.0")
    for _ in range(2):  # going on with it does not get past the gate
        assert main(line) == 3
        printed = capsys.readouterr()
        assert (
            f"The last good checkpoint is {model}" in printed.err
            and "gate shortest: length on helpful is" in printed.err
        )
    assert Run.open(out).finished("evaluate-sft") and not (out / "records/comparisons.jsonl").exists()
    assert "stopped after stage sft" in (out / "report/index.html").read_text()


def test_evaluation_prompts_that_are_trained_on_are_left_out(model: Path, tmp_path: Path, capsys: Any) -> None:
    file = run_file(tmp_path, model)
    both = prompt_file(tmp_path / "both.jsonl", (f"How do I break lock {n}?" for n in range(8)))
    out = tmp_path / "run"
    assert main(words(file, out, f"evaluate.harmful_file={both}", "evaluate.prompts=0")) == 0
    assert "both.jsonl: 6 rows left out: it is trained on" in capsys.readouterr().err
    assert {one.n for one in Run.open(out).measurements() if one.subset == "harmful" and one.name == "complies"} == {2}


@pytest.fixture(scope="module")
def data() -> Path:
    return inputs.real()


@pytest.fixture(scope="module")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Command lines of runs on real conversations, the published constitution, and a model of their vocabulary."""
    folder = tmp_path_factory.mktemp("real")
    talks = data / "hh-rlhf/harmless-base-test.jsonl.gz"
    with gzip.open(talks, "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["chosen"] for line, _ in zip(file, range(400), strict=False)]
    model = save_model(folder / "model", texts, context=300, vocabulary=1500)
    constitution = folder / "published.toml"
    assert main(["constitution", "import", str(data / "cai/prompts"), "-o", str(constitution)]) == 0
    rows = (data / "xstest/xstest-dev.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    safe = folder / "safe.csv"
    safe.write_text(rows[0] + "".join(row for row in rows[1:] if ",safe," in row), encoding="utf-8")
    settings = {
        "policy": model,
        "constitution": constitution,
        "prompts.harmful_file": talks,
        "prompts.harmful": 40,
        "prompts.helpful_file": safe,
        "prompts.helpful": 12,
        "evaluate.harmful_file": talks,
        "evaluate.helpful_file": safe,
        "evaluate.lookalike_file": safe,
        "chunk": 16,
    }

    def command(out: Path, *overrides: str) -> list[str]:
        return [*words(run_file(folder, model, **settings), out, *overrides)]

    return command


MANY_TURNS = 30
"""So many of the first 40 conversations have more than one turn of the user."""


def check_real(run: Run, votes: int) -> None:
    prompts = [prompt for prompt in run.read(Prompt) if prompt.aim == "harmful"]
    assert len(prompts) == 40 and sum(len(prompt.messages) > 2 for prompt in prompts) == MANY_TURNS
    assert all(prompt.messages[-1].role == "user" for prompt in prompts)
    whole = {prompt.id: prompt.messages for prompt in run.read(Prompt)}
    assert all(pair.messages == whole[pair.prompt] for pair in run.read(Comparison))
    labels = list(run.read(Label))
    assert {len(label.votes) + label.unreadable for label in labels} == {votes}
    asked = {vote.principle for label in labels for vote in label.votes}
    assert asked <= {f"harmful{n}" for n in range(16)}
    assert len(asked) == 16 or votes == 1, "an ensemble asks all; one drawn for a label may miss a few of them"
    figures = run.manifest.finished()["respond"].figures
    assert figures["too_long"] == len(whole) - len({one.prompt for one in run.read(Response, "respond")}) > 0


@pytest.mark.long
@pytest.mark.parametrize("rank", [0, 4])
def test_modern_on_real_conversations(real: Callable[..., list[str]], tmp_path: Path, rank: int, capsys: Any) -> None:
    out = tmp_path / "run"
    line = real(out, f"sft.lora.rank={rank}", f"optimise.lora.rank={rank}")
    assert main(line) == 0
    printed = capsys.readouterr()
    assert "safe.csv" in printed.err and "rows left out: it is trained on" in printed.err
    run = Run.open(out)
    check_run(run, "modern")
    check_real(run, votes=32)
    labels = list(run.read(Label))
    unreadable = sum(label.unreadable for label in labels)
    assert 0 < unreadable < 32 * len(labels)  # a question about a long conversation does not fit the context
    assert {label.verdict == "unreadable" for label in labels if not label.votes} <= {True}
    assert f"label: {unreadable} of {32 * len(labels)} votes were unreadable" in printed.out
    too_long = int(run.manifest.finished()["respond"].figures["too_long"])
    assert f"respond: {too_long} conversations left no room" in printed.out
    before = everything(out)
    assert main(line) == 0
    assert everything(out) == before


@pytest.mark.long
@pytest.mark.parametrize("rank", [0, 4])
def test_paper_on_real_conversations(real: Callable[..., list[str]], tmp_path: Path, rank: int) -> None:
    out = tmp_path / "run"
    lora = [f"{table}.lora.rank={rank}" for table in ("sft", "preference", "optimise")]
    assert main(real(out, "preset=paper", "optimise.batch_size=16", *lora)) == 0
    check_run(Run.open(out), "paper")
    check_real(Run.open(out), votes=1)


@pytest.mark.long
def test_the_grader_is_validated_on_real_gold(
    real: Callable[..., list[str]], data: Path, tmp_path: Path, capsys: Any
) -> None:
    gold = [
        f"evaluate.gold_answers={data}/rbr/gold-train.jsonl",
        f"evaluate.gold_requests={data}/xstest/xstest-dev.csv",
    ]
    out = tmp_path / "run"
    assert main(real(out, *gold, "evaluate.unsafe_unvalidated=false")) == 1
    printed = capsys.readouterr().err
    assert "agreement of grader model with gold" in printed and "does not reach the agreement of 70%" in printed
    assert not out.exists()
