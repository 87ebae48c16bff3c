"""What proving costs a run: the share of ``make demo`` spent in hashing, signing, entering, proving and checking.

Every function of ``bylaw.lineage``, of a run's statements, and of the building of its evidence is timed from its
outermost call to its return; what they call, the ledger among it, is inside. The hashes of the rows are made while
rows are written, so they are timed by making them once more at the end. The product's code knows nothing of this.
The clock is this process's time, all threads together; the share of the time on the wall, which waits for the disk
are part of, is given beside it.

    python bench/prove_share.py            # the demo, some minutes
    python bench/prove_share.py --quick    # a small run on files: its share is larger, for there is less to train
"""

import argparse
import importlib
import inspect
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from bylaw.cli import main as bylaw
from bylaw.lineage import rows
from bylaw.lineage.lab import HOME
from reporting import note, report

BOUND = 0.03
PACKAGES = ("bylaw.lineage",)
MODULES = ("bylaw.run.statements", "bylaw.run.handout", "bylaw.evidence.build")
Seconds = tuple[float, float]
"""Of this process, and on the wall."""
spent: dict[str, list[Seconds]] = defaultdict(list)
depth = [0]


def clocks() -> Seconds:
    return time.process_time(), time.perf_counter()


def since(start: Seconds) -> Seconds:
    own, wall = clocks()
    return own - start[0], wall - start[1]


def total(parts: Iterable[Seconds]) -> Seconds:
    owns, walls = zip(*parts, strict=True)
    return sum(owns), sum(walls)


def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its time added to ``spent`` unless it was called from another that is timed."""

    def call(*args: Any, **named: Any) -> Any:
        if depth[0]:
            return function(*args, **named)
        depth[0], start = 1, clocks()
        try:
            return function(*args, **named)
        finally:
            depth[0] = 0
            spent[name].append(since(start))

    return call


def watched() -> list[ModuleType]:
    """The modules whose functions are timed, imported."""
    names = list(MODULES)
    for package in PACKAGES:
        folder = Path(str(importlib.import_module(package).__file__)).parent
        names += [f"{package}.{file.stem}" for file in sorted(folder.glob("*.py")) if file.stem != "__init__"]
    return [importlib.import_module(name) for name in names]


def watch(modules: list[ModuleType]) -> None:
    """Put timers around functions and methods, wherever they were imported to."""
    for module in modules:
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not _yields(value):
                replaced(value, timed(f"{module.__name__.removeprefix('bylaw.')}.{name}", value))
            elif inspect.isclass(value) and value.__module__ == module.__name__:
                watch_class(value, f"{module.__name__.removeprefix('bylaw.')}.{name}")


def watch_class(kind: type, name: str) -> None:
    for method, value in list(vars(kind).items()):
        if inspect.isfunction(value) and not method.startswith("__") and not _yields(value):
            setattr(kind, method, timed(f"{name}.{method}", value))


def _yields(function: Callable[..., Any]) -> bool:
    """Its time is its caller's too."""
    return inspect.isgeneratorfunction(inspect.unwrap(function))


def replaced(function: object, by: object) -> None:
    for module in [each for name, each in sys.modules.items() if name.startswith("bylaw")]:
        for name in [name for name, value in vars(module).items() if value is function]:
            setattr(module, name, by)


def hash_rows(run: Path) -> None:
    """Hash all rows of a run once more."""
    for path in [*(run / "records").glob("*.jsonl"), run / "measurements.jsonl"]:
        rows.read(path, 0, path.stat().st_size)


def line(folder: Path, quick: bool) -> list[str]:
    """The words after ``bylaw``."""
    if not quick:
        return ["train", "--out", str(folder / "run")]
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from tiny import run_file, save_model, words

    return list(words(run_file(folder, save_model(folder / "model")), folder / "run"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small run on files")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of bylaw train")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[HOME] = str(folder / "lab")
        words = line(folder, args.quick)
        watch(watched())
        start = clocks()
        code = bylaw(words + [word for one in args.set for word in ("--set", one)])
        whole, start = since(start), clocks()
        hash_rows(folder / "run")
        spent["rows, hashed once more"].append(since(start))
    for what, (own, wall) in sorted(
        ((name, total(each)) for name, each in spent.items()), key=lambda each: -each[1][0]
    ):
        note(f"{own:8.3f} s of this process, {wall:8.3f} s on the wall  {what}")
    proving = total(seconds for each in spent.values() for seconds in each)
    more = {"seconds": round(whole[0], 1), "proving": round(proving[0], 3), "exit_code": code}
    more |= {"share_of_wall": round(proving[1] / whole[1], 4), "wall": round(whole[1], 1)}
    name = "share of a run's time spent on proving"
    return 0 if report(name, proving[0] / whole[0], BOUND, higher=False, **more) and not code else 1


if __name__ == "__main__":
    raise SystemExit(main())
