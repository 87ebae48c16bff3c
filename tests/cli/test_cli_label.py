"""``bylaw label`` on a tiny random Llama: loaded for real, resumed, measured, held to a minimum."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bylaw.cli import main
from bylaw.lineage.oms import sign_directory
from bylaw.records import Label
from bylaw.signing import P256, LocalSigner
from bylaw.storage import read_records
from inputs import real
from tiny import CONSTITUTION

pytest.importorskip("torch")

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A directory with a random Llama of bytes, and no opinion worth having."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", chat_template=TEMPLATE)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=2500,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    path = tmp_path_factory.mktemp("judge") / "tiny"
    LlamaForCausalLM(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """(constitution, comparisons): ten pairs with gold."""
    (tmp_path / "c.toml").write_text(CONSTITUTION)
    rows = [{"prompt": f"{n}?", "chosen": f"yes, {n}", "rejected": "no"} for n in range(10)]
    (tmp_path / "pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(tmp_path / "c.toml"), str(tmp_path / "pairs.jsonl")


def words(files: tuple[str, str], judge: str, out: Path, *more: str) -> Sequence[str]:
    # A random model puts little probability on any letter, and is to be read all the same.
    return [
        "label", files[1], "--constitution", files[0], "--judge", judge, "-o", str(out),
        "--set", "min_mass=0", "--chunk", "4", *more,
    ]  # fmt: skip


def test_labels_and_figures(files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "labels.jsonl"
    assert main(words(files, judge, out, "--json")) == 0
    printed = capsys.readouterr()
    figures = json.loads(printed.out)
    labels = list(read_records(out, Label))
    assert len(labels) == len({label.comparison for label in labels}) == 10
    assert all(len(label.votes) == 4 and label.judge == "tiny" for label in labels)
    assert (figures["labels"], figures["with_gold"], figures["judge"]) == (10, 10, "tiny")
    assert 0 <= figures["accuracy"]["value"] <= 1
    assert figures["flips"]["n"] == 20
    assert set(figures["principles"]) == {"kind", "true"}
    assert "label 10/10" in printed.err


def test_a_signed_judge_is_checked_before_it_is_loaded(
    files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any
) -> None:
    key = LocalSigner.generate(P256)
    (tmp_path / "lab.pub").write_bytes(key.public.pem)
    signed, out = shutil.copytree(judge, tmp_path / "signed"), tmp_path / "labels.jsonl"
    trusting = ("--trusted-key", str(tmp_path / "lab.pub"))
    assert main(words(files, str(signed), out, *trusting)) == 4
    assert f"there is no {signed}/model.sig" in capsys.readouterr().err
    sign_directory(signed, "signed", key)
    assert main(words(files, str(signed), out, *trusting)) == 0
    assert "by whom" not in capsys.readouterr().err
    assert main(words(files, str(signed), out)) == 0
    assert f"{signed}: its files are those that were signed; by whom was not checked" in capsys.readouterr().err
    (signed / "generation_config.json").write_text("{}")
    assert main(words(files, str(signed), out)) == 4
    assert "generation_config.json: expected" in capsys.readouterr().err


def test_a_resumed_file_has_the_same_bytes(files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any) -> None:
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    assert main(words(files, judge, whole)) == 0
    lines = whole.read_bytes().splitlines(keepends=True)
    broken.write_bytes(b"".join(lines[:5]) + lines[5][:17])
    (tmp_path / "broken.jsonl.made.json").write_bytes((tmp_path / "whole.jsonl.made.json").read_bytes())
    assert main(words(files, judge, broken)) == 0
    assert broken.read_bytes() == whole.read_bytes()
    text = capsys.readouterr().out
    assert "agree with gold (accuracy)" in text
    assert "calibration error" in text
    assert "flip when the order is swapped" in text
    assert main(words(files, judge, whole, "--scheme", "one")) == 2
    assert "was begun with another settings" in capsys.readouterr().err


def test_schemes_and_templates(files: tuple[str, str], judge: str, tmp_path: Path) -> None:
    out = tmp_path / "one.jsonl"
    assert main(words(files, judge, out, "--scheme", "one", "--template", "paper")) == 0
    labels = list(read_records(out, Label))
    assert {(label.scheme, label.template, len(label.votes)) for label in labels} == {("one", "paper", 2)}
    assert {label.votes[0].principle for label in labels} == {"kind", "true"}


def test_self_preference_is_measured_where_the_file_says_who_wrote_what(
    files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any
) -> None:
    rows = [json.loads(line) for line in Path(files[1]).read_text().splitlines()]
    named = [{**row, "chosen_model": "tiny", "rejected_model": "other"} for row in rows]
    Path(files[1]).write_text("".join(f"{json.dumps(row)}\n" for row in named))
    out, decided = tmp_path / "labels.jsonl", ("--set", "both_orders=false", "--set", "tie_margin=0")
    assert main(words(files, judge, out, *decided, "--json")) == 0
    found = json.loads(capsys.readouterr().out)["self_preference"]
    assert found["n"] > 0 and found["low"] <= found["value"] <= found["high"]
    # Gold takes the judge's own answer every time, and the judge does not: it prefers the other's.
    assert found["value"] <= 0
    assert main(words(files, judge, out, *decided, "--own", "other", "--maximum-self-preference", "-0.5")) == 1
    printed = capsys.readouterr()
    assert "own preferred, less gold" in printed.out and "prefers its own response more than gold does" in printed.err
    assert main(words(files, judge, out, *decided, "--own", "nobody", "--maximum-self-preference", "0.1")) == 2
    assert "Name it as the file does with --own" in capsys.readouterr().err
    (tmp_path / "said.jsonl").write_text("".join(f'{{"text": "yes, {n}"}}\n' for n in range(10)))
    told = ["--own", "nobody", "--own-answers", str(tmp_path / "said.jsonl"), "--json"]
    assert main(words(files, judge, out, *decided, *told)) == 0
    assert json.loads(capsys.readouterr().out)["self_preference"] == found


def test_a_minimum_is_held(files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "labels.jsonl"
    assert main(words(files, judge, out, "--minimum-accuracy", "1.01")) == 1
    printed = capsys.readouterr()
    assert "agree with gold (accuracy)" in printed.out
    assert "below the 101.0% asked for; its labels should not be used" in printed.err
    assert main(words(files, judge, out, "--minimum-accuracy", "0")) == 0


def test_bad_requests(files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "labels.jsonl"
    row = {"messages": [{"role": "user", "content": "?"}], "first": "a", "second": "b"}
    (tmp_path / "plain.jsonl").write_text(json.dumps(row) + "\n")
    plain = (files[0], str(tmp_path / "plain.jsonl"))
    assert main(words(plain, judge, out, "--minimum-accuracy", "0.5")) == 2
    assert "needs gold verdicts" in capsys.readouterr().err
    assert main(words(files, str(tmp_path / "nowhere"), out)) == 1
    assert "there is no model directory" in capsys.readouterr().err
    assert main(words(files, judge, out, "--set", "pol=mean")) == 2
    assert "the nearest known one is 'pool'" in capsys.readouterr().err
    assert main(words(files, judge, out, "--chunk", "0")) == 2
    assert main(words((str(tmp_path / "no.toml"), files[1]), judge, out)) == 2
    assert not out.exists()
    assert main(words(plain, judge, out)) == 0
    assert "no gold verdicts: accuracy and calibration are not known" in capsys.readouterr().out


def test_few_shots_and_real_evaluations(files: tuple[str, str], judge: str, tmp_path: Path, capsys: Any) -> None:
    cai = real("cai")
    some = (cai / "evals" / "438HHHEvaluations.jsonl").read_text(encoding="utf-8").splitlines()[:4]
    (tmp_path / "hhh.jsonl").write_text("\n".join(some), encoding="utf-8")
    hhh = (files[0], str(tmp_path / "hhh.jsonl"))
    out = tmp_path / "hhh.labels.jsonl"
    more = ("--scheme", "one", "--set", "both_orders=false")
    shots = ("--few-shots", str(cai / "prompts"))
    assert main(words(hhh, judge, out, *more, *shots, "--json")) == 0  # too long for 2,500 bytes: counted
    assert json.loads(capsys.readouterr().out)["unreadable"]["value"] == 1.0
    assert main(words(hhh, judge, tmp_path / "other.jsonl", *more, "--json")) == 0
    assert json.loads(capsys.readouterr().out)["unreadable"]["value"] < 1.0


def test_help_answers_without_torch() -> None:
    code = (
        "import sys; from bylaw.cli import main\ntry: main(['label', '--help'])\nfinally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith("False")
