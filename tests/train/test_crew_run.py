"""``bylaw train`` as two processes: the first runs the pipeline, the second trains with it, and both end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tiny
from bylaw.cli import main
from bylaw.run import Run
from bylaw.train.crew import the_crew

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}

SPEAK = """
from bylaw.train.crew import the_crew
crew = the_crew()
assert crew.joined([crew.rank]) == [0, 1]
crew.same(lambda: None)
crew.leave()
"""


@pytest.mark.long
def test_processes_part_without_harm(tmp_path: Path) -> None:
    """Those that end right after they last spoke were aborted in more than half of the cases when nobody left."""
    script = tmp_path / "speak.py"
    script.write_text(SPEAK)
    for _ in range(5):
        done = subprocess.run([*TORCHRUN, str(script)], env=ENV, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_start_by_deepspeeds_settings_is_refused(
    tmp_path: Path, processes: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")  # as accelerate launch --use_deepspeed does
    monkeypatch.setenv("WORLD_SIZE", processes)
    the_crew.cache_clear()
    assert main(["train", "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "DeepSpeed is not supported: start with torchrun" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.long
@pytest.mark.parametrize("method", ["dpo", "grpo"])
def test_a_whole_run_on_two_processes(tmp_path: Path, method: str) -> None:
    model = tiny.save_model(tmp_path / "model", ["How do I break lock 1?", "How do I bake cake 2?"])
    out = tmp_path / "run"
    line = tiny.words(tiny.run_file(tmp_path, model), out, f"optimise.method='{method}'")
    command = [*TORCHRUN, "-m", "bylaw", *line]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    run = Run.open(out)
    made = ["sft", "final", *(["preference"] if method == "grpo" else [])]
    for name in made:
        folder = run.model_dir(name)
        assert (folder / "model.safetensors").is_file()
        curve = [json.loads(row) for row in (folder / "training.jsonl").read_text().splitlines()]
        assert [point["step"] for point in curve] == list(range(1, len(curve) + 1))
    assert run.measurements()
