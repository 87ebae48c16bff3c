"""``bylaw train``: from a constitution to a trained, measured model."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from bylaw.errors import UsageError


def register(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "train",
        help="train a model to a constitution, by AI feedback, and measure it",
        description="Train a model to a constitution. Without a file: the default constitution in the wind tunnel.",
    )
    parser.add_argument("recipe", nargs="?", type=Path, metavar="RUN.toml", help="settings of the run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run directory; one that exists is continued")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="override a setting"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the settings with every default, and stop")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Assemble the parts, run the pipeline, print the table and the report's path."""
    from bylaw import recipe as recipes
    from bylaw.settings import dumps

    recipe = recipes.read(args.recipe or "", args.overrides)
    if args.dry_run:
        print(dumps(recipe), end="")
        return 0
    return _train(args, recipe)


def _train(args: argparse.Namespace, recipe: Any) -> int:
    from bylaw.cli.assemble import assemble
    from bylaw.constitution.document import dumps as constitution_text
    from bylaw.errors import GateStopped
    from bylaw.pipeline import train
    from bylaw.report.table import table
    from bylaw.run import Run
    from bylaw.settings import dumps

    constitution, parts = assemble(recipe)
    out = args.out or _fresh(Path("runs"), recipe.preset)
    run = Run.create(out, dumps(recipe), constitution_text(constitution), report=Meter())
    args.go_on = f"bylaw train {args.recipe or ''} --out {out}".replace("  ", " ") + "".join(
        f" --set {override}" for override in args.overrides
    )
    try:
        train(run, recipe, constitution, parts)
    except GateStopped as stop:
        _report(run, str(stop))
        print(table(run.measurements()))
        raise
    path = _report(run)
    print(table(run.measurements()))
    if recipe.policy == "windtunnel":
        print("\nThe wind tunnel validates the method and the code, not the moral judgement of a large model.")
    print(f"\nModel   {run.model_dir('final')}\nReport  {path}")
    return 0


def _report(run: Any, stopped: str = "") -> Path:
    from bylaw.report.collect import collect
    from bylaw.report.render import render

    path: Path = run.write_report(render(collect(run, stopped=stopped)))
    return path


def _fresh(folder: Path, name: str) -> Path:
    for number in range(1, 1000):
        path = folder / f"{date.today()}-{name}-{number}"
        if not path.exists():
            return path
    raise UsageError(f"there are a thousand runs of today in {folder}; name one with --out")


class Meter:
    """Prints a stage's progress: one line that is rewritten on a terminal, one line a stage elsewhere."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._tty = sys.stderr.isatty()

    def __call__(self, progress: Any) -> None:
        """Show how far a stage is, how fast, and how long it will take."""
        finished = progress.done >= progress.total
        if not (self._tty or finished):
            return
        speed = f"{progress.tokens / progress.seconds:,.0f} tokens/s" if progress.tokens and progress.seconds else ""
        left = f"{progress.seconds_left:.0f} s left" if progress.seconds_left and not finished else ""
        line = f"{progress.stage:<16} {progress.done:>6}/{progress.total:<6} {speed:>18} {left}"
        print(f"\r{line:<72}" if self._tty else line, end="\n" if finished else "", file=sys.stderr, flush=True)
