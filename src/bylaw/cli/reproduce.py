"""``bylaw reproduce``: make part of a run again and compare."""

import argparse
import json
import secrets
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from bylaw.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from bylaw.run import Run

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "label random whole chunks of a run again, with the same judge and seeds; exit code 4 if they differ"
    parser = subparsers.add_parser("reproduce", help=about, description=about)
    parser.add_argument("path", metavar="BUNDLE|RUN", type=Path, help="a run directory, or a bundle of one")
    parser.add_argument("--run", metavar="RUN", type=Path, dest="directory", help="the run directory of a bundle")
    parser.add_argument("--stage", choices=["labels"], default="labels", help="what is made again")
    parser.add_argument("--chunks", metavar="N", type=int, default=1, help="how many chunks (default: 1)")
    parser.add_argument("--seed", metavar="N", type=int, help="which chunks; default: drawn now, and printed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it again and say how far it agrees."""
    from bylaw import recipe as recipes
    from bylaw.cli.assemble import assemble
    from bylaw.constitution import loads
    from bylaw.parts import Models
    from bylaw.reproduce import reproduce_labels

    found = _run(args)
    recipe = recipes.read(found.settings_text)
    constitution = loads(found.constitution_text, str(found.path / "constitution.toml"))
    models = Models(found, recipe, assemble(recipe)[1])
    seed = secrets.randbits(32) if args.seed is None else args.seed
    made = reproduce_labels(found, recipe, models, constitution, args.chunks, Random(seed))
    wrong = [each for each in made if not each.agrees]
    if args.json:
        print(json.dumps({"labels": len(made), "differ": [each._asdict() for each in wrong], "seed": seed}))
    else:
        same = len(made) - len(wrong)
        print(f"{same} of {len(made)} labels came out as they were filed; chunks drawn with --seed {seed}")
        for each in wrong:
            print(f"✗ {each.comparison}: filed {each.filed}, now {each.now}")
    return VerificationError.exit_code if wrong else 0


def _run(args: argparse.Namespace) -> "Run":
    """The run, which must be the one that the bundle is of."""
    from bylaw.evidence.reading import Bundle
    from bylaw.run import Run

    if args.path.is_dir() and (args.path / "run.toml").is_file():
        return Run.open(args.path)
    if args.directory is None:
        raise UsageError("a bundle holds no training rows: name the run directory it was made of with --run")
    said = Bundle(args.path)
    ours = (args.directory / "statements" / "label.json").read_bytes()
    if ours not in [said.files.get(f"runs/{name}/statements/label.json") for name in said.predicate.runs]:
        raise VerificationError("statement", f"{args.path} is not a bundle of {args.directory}: other labels")
    return Run.open(args.directory)
