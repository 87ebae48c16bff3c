"""``bylaw leak``: what a training like a run's makes a model remember, and tell."""

import argparse
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bylaw.cli.lab import add_home, open_run
from bylaw.errors import RunError

if TYPE_CHECKING:
    from bylaw.leak.canaries import CanaryPlan
    from bylaw.leak.canary_run import Material
    from bylaw.lineage.lab import Lab
    from bylaw.run import Run

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

HELD_OUT = 4
"""Every fourth prompt's texts are not trained on: what the others are compared with."""


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "train as a run did, with canaries among its data: exposure, extraction, membership inference"
    parser = subparsers.add_parser("leak", help=about, description=about)
    parser.add_argument(
        "path", metavar="RUN", help="the directory or URL of a run that has labels; the report is filed in it"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="which canaries, and where they are planted")
    parser.add_argument("--each", metavar="N", type=int, default=16, help="canaries for each count (default: 16)")
    parser.add_argument("--held-out", metavar="N", type=int, default=256, help="canaries that are not planted (256)")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plan, enter, train, measure, file."""
    from msgspec.structs import replace

    from bylaw import recipe as recipes
    from bylaw.cli.assemble import assemble
    from bylaw.cli.away import run_here, send_findings, without_weights
    from bylaw.leak import findings
    from bylaw.leak.canary_run import Training, canary_run
    from bylaw.leak.report import lines
    from bylaw.lineage.lab import Lab
    from bylaw.parts import Models

    found, lab = open_run(run_here(args.path, without_weights), args.home), Lab.open(args.home)
    if not found.finished("label"):
        raise RunError(f"{args.path} has no labels yet; a leak test trains on what the run trained on")
    recipe = recipes.read(found.settings_text)
    args.go_on = "the same command"
    models = Models(found, recipe, assemble(recipe)[1])
    models.require_same()  # on another machine the name may stand for another model
    working = found.working_folder("leak")
    plan, secret = _plan(args, working, lab)
    training = Training(recipe.sft, recipe.sft.temperature, recipe.optimise, recipe.optimise.dpo)
    report = canary_run(models.weights("seed"), plan, secret, _material(found, recipe), training, working, _say)
    before = findings.read(found.findings().get(findings.NAME))
    found.file_finding(findings.NAME, replace(before, after=report))
    print("\n".join(lines(report)))
    send_findings(args.path, found)
    return 0


def _plan(args: argparse.Namespace, working: Path, lab: "Lab") -> "tuple[CanaryPlan, bytes]":
    """The plan and its secret, entered in the ledger before anything is trained; kept, so that a test can go on."""
    from bylaw import storage
    from bylaw.canonical import canonical, digest
    from bylaw.leak.canaries import CanarySettings, draw_plan, entry
    from bylaw.leak.formats import FORMATS, WORDS
    from bylaw.ledger.entries import encode, now

    how = CanarySettings(seed=args.seed, each=args.each, held_out=args.held_out)
    kept = lab.root / "canaries" / digest([str(working.resolve()), how])[:32]
    entered = kept.with_suffix(".entry")
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        storage.write_text(kept, secrets.token_hex(32))
    secret = bytes.fromhex(kept.read_text())
    plan = draw_plan(WORDS, FORMATS, how, secret)
    if not entered.exists():
        index = lab.enter([encode(entry(plan, now()))])[0]
        lab.checkpoint()
        storage.write_bytes(working / "plan.json", canonical(plan))
        storage.write_text(entered, f"{index}\n")
        _say(f"the canary plan is entry {index} of {lab.ledger}")
    return plan, secret


def _material(found: "Run", recipe: Any) -> "Material":
    """The run's own texts; those of every fourth prompt are held out."""
    from bylaw.leak.canary_run import Material
    from bylaw.records import Comparison, Label, Prompt, Response, Revision
    from bylaw.training import pair_examples, supervised_examples

    prompts = {prompt.id: prompt for prompt in found.read(Prompt)}
    out = {name for place, name in enumerate(prompts) if place % HELD_OUT == 0}
    revisions = list(found.read(Revision))
    helpful = [one for one in found.read(Response, stage="respond") if prompts[one.prompt].aim == "helpful"]

    def half(held: bool) -> list[Any]:
        """What is fine-tuned on, of the prompts that are held out or of the others."""
        ours = [one for one in revisions if (one.prompt in out) is held]
        samples = [one for one in helpful if (one.prompt in out) is held]
        return supervised_examples(recipe, prompts, ours, samples)

    pairs, labels = list(found.read(Comparison)), list(found.read(Label))
    by_id = {pair.id: pair.prompt in out for pair in pairs}
    labelled = {held: [one for one in labels if by_id[one.comparison] is held] for held in (False, True)}
    trained, others = (pair_examples(pairs, labelled[held], ()) for held in (False, True))
    return Material(half(False), half(True), trained, others)


def _say(said: str) -> None:
    print(said, file=sys.stderr, flush=True)
