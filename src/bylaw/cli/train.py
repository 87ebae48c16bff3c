"""``bylaw train``: from a constitution to a trained, measured model."""

import argparse
import shlex
import sys
from contextlib import closing, nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.run.mirror import Mirror


def register(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "train",
        help="train a model to a constitution, by AI feedback, and measure it",
        description="Train a model to a constitution. Without a file: the default constitution in the wind tunnel.",
    )
    parser.add_argument("recipe", nargs="?", type=Path, metavar="RUN.toml", help="settings of the run")
    about = "run directory, or a URL as s3://bucket/run (docs/scale.md); one that exists is continued"
    parser.add_argument("--out", metavar="DIR|URL", help=about)
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
        if recipe.models.judge.backend:
            _estimate(recipe)
        return 0
    from bylaw.train import orders
    from bylaw.train.crew import the_crew

    crew = the_crew()
    if not crew.first:
        orders.follow(crew)
        return 0
    with orders.leading(crew):
        return _train(args, recipe)


def _train(args: argparse.Namespace, recipe: Any) -> int:
    from bylaw.cli.assemble import assemble
    from bylaw.cli.away import share
    from bylaw.constitution.document import dumps as constitution_text
    from bylaw.errors import GateStopped
    from bylaw.evidence.build import build
    from bylaw.lineage.lab import Lab
    from bylaw.pipeline import train
    from bylaw.recipe import kept
    from bylaw.rewards.document import dumps as reward_text
    from bylaw.run import Run
    from bylaw.settings import dumps

    place = args.out or str(_fresh(Path("runs"), recipe.preset))
    args.go_on = _command(args, place)
    out, mirror = _begun(place)
    constitution, parts = assemble(recipe, out)
    lab = Lab.open()
    texts = dumps(kept(recipe)), constitution_text(constitution)
    reward = reward_text(parts.reward) if parts.reward else ""
    run = Run.create(out, *texts, report=Meter(), lab=lab, reward_text=reward, mirror=mirror)
    try:
        with closing(parts.remote) if parts.remote else nullcontext():
            train(run, recipe, constitution, parts)
    except GateStopped as stop:
        _report(run, str(stop))
        share(run)
        _show(run)
        raise
    path = _report(run)
    _show(run)
    if recipe.policy == "windtunnel":
        print("\nThe wind tunnel validates the method and the code, not the moral judgement of a large model.")
    bundle = out / "evidence.zip"
    if not bundle.exists():
        build([out], bundle, lab)
    share(run)
    found = (str(each).replace(str(out), place, 1) for each in (run.model_dir("final"), path, bundle))
    print("\nModel     {}\nReport    {}\nEvidence  {}".format(*found))
    return 0


def _begun(place: str) -> tuple[Path, "Mirror | None"]:
    """The directory that a run is worked on in; of one behind a URL, with what is there already."""
    from bylaw.objects import is_url

    if not is_url(place):
        return Path(place), None
    from bylaw.cli.away import copy_of, fetched
    from bylaw.run.mirror import Mirror

    mirror = Mirror(place, copy_of(place))
    fetched(mirror)
    return mirror.root, mirror


def _estimate(recipe: Any) -> None:
    """What the judge behind the server would cost: the labels of all prompts, with answers as long as they may be."""
    from bylaw.cli.names import constitution_of
    from bylaw.feedback.label import label
    from bylaw.models.remote.estimate import Counting
    from bylaw.records import Comparison

    counting, principles = Counting(recipe.models.judge), constitution_of(recipe.constitution).principles
    longest = "x" * 4 * recipe.compare.max_tokens
    prompts = _prompts(recipe)
    for prompt in prompts:
        for pair in range(recipe.compare.pairs):
            made = Comparison(messages=prompt.messages, first=f"{longest}{pair}", second=longest)
            counting.run([label(made, principles, "judge", recipe.label, recipe.seed)])
    print(f"\n# labels of {len(prompts)} prompts, every answer as long as it may be; grading is not counted")
    print("# " + counting.estimate().text().replace("\n", "\n# "))


def _prompts(recipe: Any) -> list[Any]:
    from bylaw.cli.names import WORLD
    from bylaw.feedback.sources import read_prompts

    asked = recipe.prompts
    if WORLD in (asked.harmful_file, asked.helpful_file):
        from bylaw.cli.assemble import assemble

        quiet = _without_server(recipe)
        return assemble(quiet)[1].prompts
    named = ((asked.harmful_file, "harmful", asked.harmful), (asked.helpful_file, "helpful", asked.helpful))
    read = [(read_prompts(Path(file), aim), count) for file, aim, count in named if file]  # type: ignore[arg-type]
    return [prompt for prompts, count in read for prompt in (prompts[:count] if count else prompts)]


def _without_server(recipe: Any) -> Any:
    """The same run with the policy as its judge: to look at its prompts without asking anybody."""
    from msgspec.structs import replace

    from bylaw.models.remote.settings import RemoteSettings

    return replace(recipe, models=replace(recipe.models, judge=RemoteSettings()))


def _command(args: argparse.Namespace, out: str) -> str:
    """The command that goes on with this run."""
    words = ["bylaw", "train", *([str(args.recipe)] if args.recipe else []), "--out", out]
    return shlex.join(words + [word for override in args.overrides for word in ("--set", override)])


def _show(run: Any) -> None:
    """What was measured, and what was left out: nothing is cut to fit, and nothing goes missing unsaid."""
    from bylaw.lineage.left_out import LEFT_OUT
    from bylaw.records import Label
    from bylaw.report.table import table

    print(table(run.measurements()))
    for stage, line in run.manifest.finished().items():
        for name, what in LEFT_OUT.items():
            if line.figures.get(name):
                print(f"{stage}: {line.figures[name]:.0f} {what}")
    labels = list(run.read(Label))
    if unreadable := sum(label.unreadable for label in labels):
        votes = unreadable + sum(len(label.votes) for label in labels)
        print(f"label: {unreadable} of {votes} votes were unreadable, and were left out")


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
        self._tty = sys.stderr.isatty()

    def __call__(self, progress: Any) -> None:
        """Show how far a stage is, how fast, and how long it will take."""
        finished = progress.done >= progress.total
        if not (self._tty or finished):
            return
        speed = f"{progress.tokens / progress.seconds:,.0f} tokens/s" if progress.tokens and progress.seconds else ""
        left = f"{_span(progress.seconds_left)} left" if progress.seconds_left and not finished else ""
        line = f"{progress.stage:<16} {progress.done:>6}/{progress.total:<6} {speed:>18} {left}"
        print(f"\r{line:<72}" if self._tty else line, end="\n" if finished else "", file=sys.stderr, flush=True)


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
