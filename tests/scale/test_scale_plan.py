"""A plan counts what is there, says what it rests on, and refuses what it cannot know."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bylaw import recipe as recipes
from bylaw.cli import main
from bylaw.errors import ModelError, RecordError
from bylaw.scale import memory
from bylaw.scale.plan import Lengths, graded, judged, plan
from bylaw.scale.rates import Rate, chosen, peak_of, projected, read_rates
from bylaw.scale.shapes import SIZES, shape_of
from bylaw.train.settings import LoraSettings, TrainSettings

EIGHT = SIZES["8b"]
PAPER = """
preset = "paper"
policy = "models/8b"
[prompts]
harmful_file = "red-team.jsonl"
helpful_file = "helpful.jsonl"
harmful = 182831
helpful = 135296
"""


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "paper.toml"
    path.write_text(PAPER)
    return path


@pytest.mark.parametrize("size", ["toy", "1b", "8b"])
def test_parameters_are_those_of_transformers(size: str) -> None:
    torch = pytest.importorskip("torch")
    from bylaw.scale.throughput import random_model

    class Padded:
        pad_token_id = 0

    model = random_model(SIZES[size], Padded(), torch.device("meta"))
    assert sum(one.numel() for one in model.parameters()) == SIZES[size].parameters


def test_a_shape_is_read_from_a_config(tmp_path: Path) -> None:
    said = {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
    (tmp_path / "config.json").write_text(json.dumps({**said, "intermediate_size": 128, "vocab_size": 512}))
    assert shape_of(tmp_path) == msgspec.structs.replace(SIZES["toy"], tied=False)
    (tmp_path / "config.json").write_text(json.dumps(said))
    with pytest.raises(ModelError, match=r"config\.json does not say.*intermediate_size"):
        shape_of(tmp_path)


def test_what_makes_memory_smaller() -> None:
    def need(gpus: int = 1, **settings: Any) -> float:
        return memory.training(EIGHT, TrainSettings(**settings), gpus).bytes / memory.GIB

    full = need()
    assert 110 < full < 200  # 16 bytes a parameter are 120 GB
    assert need(recompute=True) < full and need(precision="bfloat16") < 0.6 * full
    assert need(8, precision="mixed", recompute=True) < 30
    assert need(lora=LoraSettings(rank=16), recompute=True) < 50
    said = memory.training(EIGHT, TrainSettings(), 1).said(80 * memory.GIB)
    assert "you have 80: IT DOES NOT FIT" in said and "moments 59.8" in said


def test_the_papers_run(paper: Path) -> None:
    recipe, rates = recipes.read(paper), chosen([], EIGHT)
    one, eight = (plan(recipe, EIGHT, rates, gpus, Lengths()) for gpus in (1, 8))
    rows = {step.stage: step.rows for step in one.steps}
    assert rows["respond"] == 182831 + 2 * 135296
    assert rows["revise"] == 8 * 182831 and rows["label"] == 182831 + 135296
    assert one.hours / 8 < eight.hours < one.hours / 2  # GRPO samples on one GPU, however many there are
    assert [step.gpus for step in eight.steps if "sampling" in step.stage] == [1, 1]


def test_sixteen_principles_cost_what_they_share(paper: Path) -> None:
    ensemble = ["label.scheme='ensemble'", "label.both_orders=true"]
    last, first = (
        judged(recipes.read(paper, [*ensemble, f"label.template='{name}'"]), Lengths(answer=44))
        for name in ("principle_last", "paper")
    )
    # 1,768 against 5,048 tokens a pair by hand, with 811 tokens of worked examples kept aside by both
    assert 2 < first / last < 4


def test_measured_rates_come_first_and_others_are_called_projected(tmp_path: Path) -> None:
    measured = Rate(work="train", tokens=100.0, parameters=EIGHT.parameters, source="bench", measured=True)
    path = tmp_path / "rates.jsonl"
    path.write_bytes(msgspec.json.encode(measured) + b"\n")
    found = chosen(read_rates(path, EIGHT), EIGHT)
    assert found["train"] == measured and not found["label"].measured
    (smaller,) = read_rates(path, SIZES["1b"])
    assert smaller.tokens > 600 and not smaller.measured and "8" in smaller.source
    path.write_text("{}\n")
    with pytest.raises(RecordError, match=r"rates\.jsonl.*bylaw bench --json"):
        read_rates(path, EIGHT)
    assert peak_of("NVIDIA H100 80GB HBM3") == 989e12 and peak_of("CPU, 2 threads") is None
    assert all(not rate.measured and rate.source for rate in projected(EIGHT))


def test_the_verb_prints_measured_and_projected_apart(paper: Path, capsys: Any) -> None:
    assert main(["plan", str(paper), "--size", "8b", "--gpus", "1", "64", "--gpu-memory", "80"]) == 0
    said = capsys.readouterr().out
    assert "64 GPUs" in said and "projected, one GPU" in said and "IT DOES NOT FIT" in said
    assert "train     projected: roofline" in said


def test_the_verb_says_what_it_lacks(paper: Path, capsys: Any) -> None:
    assert main(["plan", str(paper)]) == 2
    assert "name --size" in capsys.readouterr().err
    assert main(["plan", str(paper), "--size", "8b", "--set", "prompts.harmful=0"]) == 2
    assert "red-team.jsonl, which is not there: set prompts.harmful" in capsys.readouterr().err


@pytest.mark.long
def test_the_bench_measures_a_toy_on_a_cpu(tmp_path: Path, capsys: Any) -> None:
    kept = tmp_path / "rates.jsonl"
    assert main(["bench", "--device", "cpu", "--size", "toy", "-o", str(kept)]) == 0
    said = capsys.readouterr()
    assert "generation needs" in said.err and "peak of this device not known" in said.out
    rates = read_rates(kept, SIZES["toy"])
    assert [rate.work for rate in rates] == ["generate", "label", "train"]
    assert all(rate.measured and rate.tokens > 0 for rate in rates)


def test_what_does_not_fit_is_refused_before_it_is_made(monkeypatch: Any, capsys: Any) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr("bylaw.scale.throughput.memory_of", lambda device: 4.0 * memory.GIB)
    assert main(["bench", "--device", "cpu", "--size", "8b"]) == 1
    assert "you have 4: IT DOES NOT FIT" in capsys.readouterr().err


def test_grades_are_counted_by_the_propositions_of_the_file(paper: Path, tmp_path: Path) -> None:
    rules = ["optimise.method=grpo", "optimise.reward=rules", f"optimise.reward_file={tmp_path / 'reward.toml'}"]
    size = Lengths()
    each = size.principle + size.overhead
    assert graded(recipes.read(paper, rules), size) == size.prompt + size.answer + 10 * each
    (tmp_path / "reward.toml").write_text('[[proposition]]\nid = "kind"\nquestion = "Is it kind?"\n')
    recipe = recipes.read(paper, rules)
    assert graded(recipe, size) == size.prompt + size.answer + each
    steps = plan(recipe, EIGHT, chosen([], EIGHT), 1, size).steps
    (step,) = (one for one in steps if one.stage.startswith("optimise (rewards)"))
    assert step.tokens == step.rows * graded(recipe, size)
