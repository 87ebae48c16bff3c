"""``bylaw audit``: was the data that trains the model tampered with."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bylaw.cli.lab import add_home, open_run
from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.audit.screen import Material
    from bylaw.lineage.statement import Thing
    from bylaw.run import Run

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FOUND = 4
"""Exit code where something was found."""


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "screen what a run trains on: backdoors, bursts, flipped labels, exchanged judges; exit code 4 on findings"
    parser = subparsers.add_parser("audit", help=about, description=about)
    parser.add_argument("path", metavar="RUN", help="the directory or URL of a run that has labels")
    parser.add_argument("--second-judge", metavar="MODEL", help="judge a random sample of the labels again: flips")
    parser.add_argument(
        "--trusted",
        metavar="RUN",
        help="a run labelled under watch by the same judge: how often two honest judges contradict each other",
    )
    parser.add_argument(
        "--trusted-key",
        metavar="PEM",
        action="append",
        default=[],
        help="a public key; the second judge's directory must be signed (model.sig) by one of those given "
        "(default: the keys that the run trusts)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Screen, file the report, print it."""
    import rensa  # noqa: F401  # used late: told before anything is looked through
    import scipy  # noqa: F401

    from bylaw.audit.screen import audit
    from bylaw.cli.away import run_here, send_findings, without_weights
    from bylaw.storage import pretty

    args.go_on = "the same command"
    found = open_run(run_here(args.path, without_weights), args.home)
    second = second_judge(found, args)
    report = audit(_material(found, second, args))
    found.file_finding("audit", report, besides(second))
    print(pretty(report).decode() if args.json else report.text(), end="")
    send_findings(args.path, found)
    return FOUND if report.findings else 0


def second_judge(found: "Run", args: argparse.Namespace) -> "_Second | None":
    """None where none is named."""
    if bool(args.second_judge) != bool(args.trusted):
        raise UsageError("a second judge needs --trusted, and --trusted is for a second judge: give both or neither")
    if not args.second_judge:
        return None
    from bylaw.cli.away import run_here, without_weights

    return _Second(found, args.second_judge, run_here(args.trusted, without_weights), args.trusted_key)


def _material(found: "Run", second: "_Second | None", args: argparse.Namespace) -> "Material":
    from msgspec.structs import replace

    from bylaw.audit.screen import material_of
    from bylaw.constitution import loads
    from bylaw.rewards.document import loads as reward_of

    rules = loads(found.constitution_text, str(found.path / "constitution.toml"))
    inputs = {name: line.inputs for name, line in found.manifest.finished().items()}
    ours = found.document_digest("constitution.toml")
    material = material_of(found, rules.principles, ours, inputs)
    if text := found.documents.reward:
        material = replace(material, rules=reward_of(text, str(found.path / "reward.toml")))
    return replace(material, second=second, trusted=_trusted(second.watched, args.home)) if second else material


def besides(second: "_Second | None") -> "list[Thing]":
    """What was looked at besides the run."""
    from bylaw.lineage.statement import Thing
    from bylaw.run import Run

    if second is None:
        return []
    watched = Thing(name="labels of a trusted run", digest={"sha256": Run.open(second.watched).digest("label")})
    return [Thing(name="second judge", digest={"dirHash": second.model.digest}), watched]


def _trusted(path: Path, home: Path | None) -> list[tuple[Any, float]]:
    from bylaw.records import Comparison, Label

    watched = open_run(path, home)
    pairs = {pair.id: pair for pair in watched.read(Comparison)}
    labels = list(watched.read(Label))
    return [(pairs[one.comparison], one.p_first) for one in labels if one.p_first is not None]


class _Second:
    """Another model that judges as the run's judge was asked to; held against its signature before it is loaded.

    ``watched`` is the run that was labelled under watch.
    """

    def __init__(self, found: "Run", name: str, watched: Path, trusted: Sequence[str]) -> None:
        from bylaw import recipe as recipes
        from bylaw.cli.names import given
        from bylaw.constitution import loads

        self.watched = watched
        self._recipe = recipes.read(found.settings_text)
        self._rules = loads(found.constitution_text).principles
        self.model = given((name,), trusted or self._recipe.trusted_keys)[name]

    def judge(self, comparisons: Any) -> list[float]:
        """The second judge's probability of each first response; one half where it cannot be read."""
        from bylaw.feedback.label import label
        from bylaw.models.local import LocalSettings, open_model

        print(f"judging {len(comparisons)} comparisons again", file=sys.stderr)
        judge = open_model(self.model.path, LocalSettings(rows=self._recipe.rows))
        asked = [label(pair, self._rules, "second", self._recipe.label, self._recipe.seed) for pair in comparisons]
        return [0.5 if one.p_first is None else one.p_first for one in judge.run(asked)]
