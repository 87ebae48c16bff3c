"""Two processes train as one does: the same losses, the same weights, and each goes on with what the other left."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import together
from safetensors.torch import load_file

import tiny


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``one/``, ``two/``, ``one-on-two/`` and ``two-on-one/``, a training of each method in each."""
    folder = tmp_path_factory.mktemp("crew")
    model = tiny.save_model(folder / "model", ["How do I bake a cake?"])
    for name in together.METHODS:
        together.train(name, model, folder / "one" / name)
        shutil.copytree(folder / "one" / name / "half", folder / "one-on-two" / name / "work")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    paths = os.pathsep.join([str(Path(tiny.__file__).parent), *sys.path])
    done = subprocess.run(
        [*command, together.__file__, str(model), str(folder)],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    for name in together.METHODS:
        shutil.copytree(folder / "two" / name / "half", folder / "two-on-one" / name / "work")
        together.train(name, model, folder / "two-on-one" / name)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("which", ["two", "one-on-two", "two-on-one"])
@pytest.mark.parametrize("name", together.METHODS)
def test_any_number_of_processes_learns_the_same(trained: Path, name: str, which: str) -> None:
    ours, theirs = (json.loads((trained / way / name / "losses.json").read_text()) for way in ("one", which))
    assert len(ours) == len(theirs) == together.UPDATES
    assert theirs == pytest.approx(ours, abs=1e-3)
    assert abs(ours[-1] - ours[0]) > 0.02, "nothing was learned, so nothing is shown"
    weights, others = (load_file(trained / way / name / "model" / "model.safetensors") for way in ("one", which))
    assert weights.keys() == others.keys()
    assert max((weights[key] - others[key]).abs().max().item() for key in weights) < 1e-3


@pytest.mark.long
def test_checkpoints_are_written_in_parts_without_pickles(trained: Path) -> None:
    files = list((trained / "two" / "sft" / "half" / f"checkpoint-{together.HALF:08d}").iterdir())
    assert sum(file.suffix == ".safetensors" for file in files) == 2
    assert {file.suffix for file in files} == {".safetensors", ".json"}
