"""Two gloo processes against one: losses after 50 steps by each method, and going on from 2 on 1 and from 1 on 2.

    python bench/scale_train.py              # --quick: two of the methods
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from reporting import note, report

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "train")]

BOUND = 1e-3


def main(words: Sequence[str] | None = None) -> int:
    """Print a line for each method and way; 1 if any is short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args(words)
    import together

    names = ["sft", "dpo"] if args.quick else list(together.METHODS)
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all(rows(Path(folder), names)) else 1


def rows(folder: Path, names: Sequence[str]) -> list[bool]:
    """Whether each figure is reached; the largest difference of any step's loss is held against the bound."""
    import together

    import tiny

    model = tiny.save_model(folder / "model", ["How do I bake a cake?"])
    for name in names:
        note(f"one process: {name}")
        together.train(name, model, folder / "one" / name)
        shutil.copytree(folder / "one" / name / "half", folder / "one-on-two" / name / "work")
    note("two processes")
    both(model, folder, names)
    reached = []
    for name in names:
        note(f"two, then one: {name}")
        shutil.copytree(folder / "two" / name / "half", folder / "two-on-one" / name / "work")
        together.train(name, model, folder / "two-on-one" / name)
        one = losses(folder / "one" / name)
        for way in ("two", "one-on-two", "two-on-one"):
            worst = max(abs(a - b) for a, b in zip(one, losses(folder / way / name), strict=True))
            more = {"after_50_steps": abs(one[-1] - losses(folder / way / name)[-1]), "steps": len(one)}
            reached.append(report(f"{name}, {way.replace('-', ' ')}: loss", worst, BOUND, higher=False, **more))
    return reached


def both(model: Path, folder: Path, names: Sequence[str]) -> None:
    """Train as two processes, all methods in one start."""
    import together

    paths = os.pathsep.join([str(ROOT / "src"), *sys.path])
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", together.__file__]
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    subprocess.run([*start, str(model), str(folder), *names], env=environment, check=True)


def losses(folder: Path) -> list[float]:
    """The losses a training left."""
    found: list[float] = json.loads((folder / "losses.json").read_text())
    return found


if __name__ == "__main__":
    sys.exit(main())
