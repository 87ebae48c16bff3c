"""``bylaw train`` on wrong input: a clear sentence, the right exit code, and nothing lost."""

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bylaw import recipe as recipes
from bylaw.cli import main
from bylaw.constitution import dumps as constitution_text
from bylaw.constitution import load
from bylaw.lineage.oms import sign_directory
from bylaw.lineage.tree import tree_digest
from bylaw.records import Label, Prompt, Response
from bylaw.run import Run
from bylaw.settings import dumps
from bylaw.signing import P256, LocalSigner

pytest.importorskip("torch")

from tiny import CONSTITUTION, NO_GATES, run_file, save_model, words


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "tiny")


def copied(model: Path, into: Path, *without: str) -> Path:
    into.mkdir()
    for file in model.iterdir():
        if file.name not in without:
            (into / file.name).write_bytes(file.read_bytes())
    return into


@pytest.fixture
def fails(model: Path, tmp_path: Path, capsys: Any) -> Callable[..., str]:
    """Runs ``bylaw train`` with changed settings; it must fail with ``code`` and leave no run behind."""

    def train(code: int, *overrides: str, file: Path | None = None) -> str:
        capsys.readouterr()
        line = words(file or run_file(tmp_path, model), tmp_path / "run", *overrides)
        assert main(line) == code
        error: str = capsys.readouterr().err
        assert error.splitlines()[-1].startswith("bylaw: error: ") and "Traceback" not in error
        assert not (tmp_path / "run").exists()
        return error

    return train


CUT = CONSTITUTION.replace('comparison = "Which is kinder?"\n', "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "bad.toml"),
        ('title = "Nothing"\n', "principle"),
        (CUT, "bad.toml:3: "),
        (CONSTITUTION.replace("comparison", "comparisson", 1), "bad.toml:7: comparisson"),
        (CONSTITUTION.replace('"Is it unkind?"', '""'), "bad.toml:5: critique_request"),
        (CONSTITUTION.replace('"Is it unkind?"', '"Is it'), "bad.toml:5"),
        (CONSTITUTION.replace('id = "true"', 'id = "kind"'), "bad.toml:9: id"),
    ],
)
def test_a_wrong_constitution(fails: Callable[..., str], tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    assert said in fails(2, f"constitution={tmp_path}/bad.toml")


def test_a_constitution_that_only_judges(fails: Callable[..., str], tmp_path: Path) -> None:
    lines = [line for line in CONSTITUTION.splitlines() if "_request" not in line]
    (tmp_path / "judging.toml").write_text("\n".join(lines))
    assert "judging.toml: no principle has a critique_request" in fails(2, f"constitution={tmp_path}/judging.toml")
    assert "nowhere.toml: there is no such file" in fails(2, "constitution=nowhere.toml")


def test_unknown_settings_name_the_nearest(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    error = fails(2, file=run_file(tmp_path, model, **{"optimise.metod": "dpo"}))
    lines = (tmp_path / "run.toml").read_text().splitlines()
    place = next(number for number, line in enumerate(lines, 1) if "metod" in line)
    assert f"run.toml:{place}: unknown key 'optimise.metod'; the nearest known one is 'method'" in error
    assert "--set sft.lerning_rate=1: unknown key" in (error := fails(2, "sft.lerning_rate=1"))
    assert "'learning_rate'" in error
    assert "--set optimise.method=ppo" in fails(2, "optimise.method=ppo")
    assert "there is no gate 'garbles'" in fails(2, "gates.off=['garbles']")
    assert "epochs must be at least 1" in fails(2, "sft.epochs=0")
    assert "absent.toml: cannot be read" in fails(2, file=tmp_path / "absent.toml")


def test_a_model_that_cannot_be_used(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    mute = copied(model, tmp_path / "mute", "chat_template.jinja")
    config = json.loads((mute / "tokenizer_config.json").read_text())
    (mute / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "chat_template"}))
    assert "mute has no chat template; add chat_template.jinja" in fails(1, f"policy={mute}")
    pickled = copied(model, tmp_path / "pickled", "model.safetensors")
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    assert "pickled weights only (pytorch_model.bin)" in fails(1, f"policy={pickled}")
    assert "holds no weights" in fails(1, f"policy={copied(model, tmp_path / 'light', 'model.safetensors')}")
    assert "is a file; name the directory" in fails(1, f"policy={model}/config.json")
    assert "there is no model directory" in fails(1, f"policy={tmp_path}/nowhere")
    broken = copied(model, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:1000])
    assert "broken cannot be loaded as a causal language model" in fails(1, f"policy={broken}")


def test_a_signed_model_is_checked_before_it_is_loaded(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    key, stranger = LocalSigner.generate(P256), LocalSigner.generate(P256)
    for name, one in (("lab.pub", key), ("stranger.pub", stranger)):
        (tmp_path / name).write_bytes(one.public.pem)
    signed = copied(model, tmp_path / "signed")
    sign_directory(signed, "signed", key)
    late = (f"policy={signed}", "evaluate.unsafe_unvalidated=false")  # stops when the models have been looked at
    said = fails(1, *late)
    assert f"{signed}: its files are those that were signed; by whom was not checked" in said
    assert "by whom" not in fails(1, *late, f"trusted_keys=['{tmp_path}/lab.pub']")
    assert "made by none of the 1 trusted keys" in fails(4, *late, f"trusted_keys=['{tmp_path}/stranger.pub']")
    assert f"there is no {model}/model.sig" in fails(4, f"trusted_keys=['{tmp_path}/lab.pub']")
    (signed / "config.json").write_bytes((signed / "config.json").read_bytes() + b" ")
    assert f"model files: {signed}/config.json: expected" in fails(4, *late)


def test_prompts_and_held_out_prompts(fails: Callable[..., str], tmp_path: Path) -> None:
    assert "nowhere.jsonl: cannot be read: No such file" in fails(2, "prompts.harmful_file=nowhere.jsonl")
    (tmp_path / "bad.jsonl").write_text('{"messages": [{"role": "user", "content": 3}]}\n')
    assert "bad.jsonl:1: messages[0].content" in fails(2, f"prompts.helpful_file={tmp_path}/bad.jsonl")
    same = f"evaluate.harmful_file={tmp_path}/harmful.jsonl"
    assert "harmful.jsonl are trained on; name others" in fails(2, same)
    blind = fails(2, "evaluate.lookalike_file=''", "gates.off=[]")
    assert "gates need held-out prompts: set evaluate.lookalike_file" in blind
    assert "gates.off = ['lookalike_refused']" in blind
    assert "was not validated" in fails(1, "evaluate.unsafe_unvalidated=false")


def test_a_mixture_of_wind_tunnel_and_files(fails: Callable[..., str], tmp_path: Path) -> None:
    error = fails(2, "prompts.helpful_file=windtunnel")
    assert "all from files, and prompts.helpful_file is the wind tunnel's" in error
    for setting in ("policy", "judge", "constitution", "evaluate.grader"):
        assert f"and {setting} is the wind tunnel's" in fails(2, f"{setting}=windtunnel")
    world = tmp_path / "world.toml"
    world.write_text("")
    assert "evaluate.helpful_file names a file" in fails(2, "evaluate.helpful_file=x.jsonl", file=world)


def test_a_constitution_that_speaks_of_things_outside_the_world(fails: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "foreign.toml").write_text(CONSTITUTION)
    (tmp_path / "world.toml").write_text(f'constitution = "{tmp_path}/foreign.toml"\n')
    assert "principle 'kind': " in fails(1, file=tmp_path / "world.toml")


def test_a_conversation_longer_than_the_context_is_counted(model: Path, tmp_path: Path, capsys: Any) -> None:
    file = run_file(tmp_path, model)
    with (tmp_path / "harmful.jsonl").open("a") as more:
        more.write(json.dumps({"messages": [{"role": "user", "content": "long " * 1000}]}) + "\n")
    assert main(words(file, tmp_path / "run", "revise.rounds=1")) == 0
    said = "conversations left no room for an answer in the model's context"
    printed = capsys.readouterr().out
    assert f"respond: 1 {said}" in printed and f"compare: 1 {said}" in printed
    run = Run.open(tmp_path / "run")
    long = next(prompt for prompt in run.read(Prompt) if len(prompt.messages[0].content) == 5000)
    assert long.id not in {response.prompt for response in run.read(Response)}


def test_a_judge_that_cannot_be_read(model: Path, tmp_path: Path, capsys: Any) -> None:
    line = words(run_file(tmp_path, model), tmp_path / "run", "label.min_mass=0.9", "revise.rounds=1")
    assert main(line) == 1
    assert "none of the 11 labels could be read: the judge names neither answer" in capsys.readouterr().err
    assert {label.verdict for label in Run.open(tmp_path / "run").read(Label)} == {"unreadable"}


def test_another_process_works_in_the_directory(model: Path, tmp_path: Path, capsys: Any) -> None:
    file, out = run_file(tmp_path, model), tmp_path / "run"
    texts = dumps(recipes.read(file, [NO_GATES])), constitution_text(load(tmp_path / "constitution.toml"))
    with Run.create(out, *texts).lock():
        assert main(words(file, out)) == 1
        assert f"process {os.getpid()} is working in {out}; wait or stop it" in capsys.readouterr().err
    assert main(words(file, out, "seed=1")) == 1
    assert "holds a different run: its run.toml is not the one given now" in capsys.readouterr().err
    assert main(words(file, file)) == 1
    assert "run.toml" in capsys.readouterr().err


def child(line: Sequence[str], prepare: Callable[[], object]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bylaw", *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=prepare,  # noqa: PLW1509 (one line, before any thread)
    )


def made(out: Path) -> dict[str, str]:
    return {name: tree_digest(out / name) for name in ("records", "models")}


@pytest.fixture(scope="module")
def whole(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Settings of a run, and what it makes when nothing disturbs it."""
    folder = tmp_path_factory.mktemp("whole")
    file = run_file(folder, model)
    assert main(words(file, folder / "run")) == 0
    return file, made(folder / "run")


def test_ctrl_c_keeps_the_state_and_prints_how_to_go_on(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, out = whole[0], tmp_path / "run with a space"
    process = child(words(file, out), lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    manifest = out / "manifest.jsonl"
    while process.poll() is None and not (manifest.exists() and b'"respond"' in manifest.read_bytes()):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    error = process.communicate()[1]
    assert process.returncode == 130, error
    assert "bylaw: stopped; nothing finished is lost. Go on with: bylaw train" in error and "Traceback" not in error
    stages = list(Run.open(out).manifest.finished())
    assert "evaluate-seed" in stages and "evaluate-final" not in stages
    command = error.strip().rpartition("Go on with: bylaw ")[2]
    assert main(shlex.split(command)) == 0
    assert list(Run.open(out).manifest.finished())[: len(stages)] == stages
    assert made(out) == whole[1]


def test_a_full_disk_loses_nothing(whole: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    file, out = whole[0], tmp_path / "run"
    full = child(words(file, out), lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))
    error = full.communicate()[1]
    assert full.returncode == 1 and "Traceback" not in error, error
    assert f"no space left while writing {out}/models/sft" in error and "give the same command again" in error
    run = Run.open(out)
    assert run.finished("revise") and not run.finished("sft") and not (out / "models/sft").exists()
    assert main(words(file, out)) == 0
    assert made(out) == whole[1]
