"""``bylaw reproduce``: make part of a run again and compare."""

import argparse
import json
import secrets
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bylaw.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from bylaw.models.local import LocalModel
    from bylaw.recipe import Recipe
    from bylaw.run import Run

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

NO_BUNDLE = "no bundle was given: what was filed is taken from the run's own manifest"
NO_KEY = "the bundle's signature was not checked: no --key was given"
SIGNED = "the bundle and its statements are signed by the key that was given"


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "label random whole chunks of a run again, with the same judge and seeds; exit code 4 if they differ"
    parser = subparsers.add_parser("reproduce", help=about, description=about)
    add = parser.add_argument
    add("path", metavar="BUNDLE|RUN", type=Path, help="a run directory, or a bundle of one")
    add("--run", metavar="RUN", type=Path, dest="directory", help="the run directory of a bundle")
    add("--key", metavar="PEM", type=Path, action="append", default=[], help="the lab's public key: for the bundle")
    add("--judge", metavar="M", help="where the judge lies here, if not where the settings say")
    add("--stage", choices=["labels"], default="labels", help="what is made again")
    add("--chunks", metavar="N", type=int, default=1, help="how many chunks (default: 1)")
    add("--seed", metavar="N", type=int, help="which chunks; default: drawn now, and printed")
    add("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it again and say how far it agrees, and what that was held against."""
    from bylaw import recipe as recipes
    from bylaw.constitution import loads
    from bylaw.reproduce import TOLERANCE, reproduce_labels

    found, held_against = _run(args)
    recipe = recipes.read(found.settings_text)
    constitution = loads(found.constitution_text, str(found.path / "constitution.toml"))
    seed = secrets.randbits(32) if args.seed is None else args.seed
    judge = _judge(found, recipe, args.judge)
    verdict = reproduce_labels(found, recipe, judge, constitution, args.chunks, Random(seed))
    if args.json:
        said: dict[str, Any] = {"made_again": len(verdict.made), "labels": verdict.rows, "chunks": verdict.chunks}
        said |= {"largest_difference": verdict.largest, "bound": TOLERANCE, "seed": seed, "held_against": held_against}
        print(json.dumps(said | {"differ": [each._asdict() for each in verdict.differ]}))
    else:
        print(f"{verdict.text()}\n{held_against}\nthe same chunks again: --chunks {args.chunks} --seed {seed}")
    return VerificationError.exit_code if verdict.differ else 0


def _run(args: argparse.Namespace) -> "tuple[Run, str]":
    """The run, which must be one that the bundle is of; and what its labels are held against."""
    from bylaw.reproduce import require_bundled
    from bylaw.run import Run

    if args.path.is_dir() and (args.path / "run.toml").is_file():
        if args.key or args.directory:
            raise UsageError("--key and --run go with a bundle: name the bundle, and this run with --run")
        return Run.open(args.path), NO_BUNDLE
    if args.directory is None:
        raise UsageError("a bundle holds no training rows: name the run directory it was made of with --run")
    found = Run.open(args.directory)
    require_bundled(found, str(args.path), _bundled(args.path, args.key))
    return found, SIGNED if args.key else NO_KEY


def _bundled(path: Path, keys: list[Path]) -> dict[str, dict[str, str]]:
    """The digests of each run's files in a bundle that holds, as far as it can be checked with these keys."""
    import msgspec

    from bylaw.evidence.reading import checked
    from bylaw.signing import PublicKey

    bundle, _ = checked(path, [PublicKey.load(key) for key in keys])
    listed = {each["name"]: each["digest"]["sha256"] for each in msgspec.json.decode(bundle.payload)["subject"]}
    starts = {name: f"runs/{name}/" for name in bundle.predicate.runs}
    return {
        name: {path.removeprefix(start): digest for path, digest in listed.items() if path.startswith(start)}
        for name, start in starts.items()
    }


def _judge(found: "Run", recipe: "Recipe", named: str | None) -> "LocalModel":
    """The judge that labelled the run, opened as the run opened it."""
    from bylaw.cli.names import given
    from bylaw.models.local import LocalSettings, open_model
    from bylaw.reproduce import require_judge

    if recipe.models.judge.backend:
        raise UsageError("the labels came from a server: its model is nobody's here, so they cannot be made again")
    name = named or recipe.judge or recipe.policy
    looked_at = given((name,), recipe.trusted_keys)[name]
    require_judge(found, looked_at.digest)
    return open_model(looked_at.path, LocalSettings(rows=recipe.rows))
