"""``bylaw stress``: how easily a run's safety comes off again."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from bylaw.cli.lab import add_home, open_run
from bylaw.errors import RunError

if TYPE_CHECKING:
    from bylaw.records import Response
    from bylaw.run import Run
    from bylaw.stress.attacks import Material

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "attack a run's final model: refusal directions ablated, fine-tuning of 10, 50 and 100 steps; worst case"
    parser = subparsers.add_parser("stress", help=about, description=about)
    parser.add_argument("path", metavar="RUN", help="the directory or URL of a finished run; trials are kept in it")
    parser.add_argument("--steps", metavar="N", type=int, nargs="+", help="updates of fine-tuning (default: 10 50 100)")
    parser.add_argument("--seeds", metavar="N", type=int, help="trials of each attack (default: 5)")
    parser.add_argument("--rates", metavar="RATE", type=float, nargs="+", help="learning rates that are tried")
    parser.add_argument("--directions", metavar="N", type=int, nargs="+", help="refusal directions that are ablated")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Attack, file the report, print it."""
    from bylaw import recipe as recipes
    from bylaw.canonical import digest
    from bylaw.cli.assemble import assemble
    from bylaw.cli.away import run_here, send_findings, the_final_model
    from bylaw.models.local import LocalSettings
    from bylaw.stress.protocol import StressSettings, Target, stress
    from bylaw.stress.text import text

    found = open_run(run_here(args.path, the_final_model), args.home)
    if not found.finished("evaluate-final"):
        raise RunError(f"{args.path} has no final model that was measured; let it come to its end first")
    args.go_on = "the same command"
    recipe = recipes.read(found.settings_text)
    said = {key: value for key in ("seeds",) if (value := getattr(args, key))}
    said |= {key: tuple(value) for key in ("steps", "rates", "directions") if (value := getattr(args, key))}
    target = Target(
        model=found.verified_model("final"),
        material=_material(found),
        evaluator=assemble(recipe)[1].evaluator,
        evaluation=digest(recipe.evaluate),
        loading=LocalSettings(rows=recipe.rows),
    )
    report = stress(target, StressSettings(seed=recipe.seed, **said), found.working_folder("stress"), _say)
    found.file_finding("stress", report)
    print(text(report))
    send_findings(args.path, found)
    return 0


def _material(found: "Run") -> "Material":
    """What an attacker has: the helpful-only seed's own answers, harmful ones and harmless ones."""
    from bylaw.records import Prompt, Response
    from bylaw.stress.attacks import Material

    prompts = {prompt.id: prompt for prompt in found.read(Prompt)}
    answers = list(found.read(Response, stage="respond"))
    by_aim = {aim: [one for one in answers if prompts[one.prompt].aim == aim] for aim in ("harmful", "helpful")}
    return Material(_examples(by_aim["harmful"], prompts), _examples(by_aim["helpful"], prompts))


def _examples(answers: "list[Response]", prompts: dict[str, Any]) -> tuple[Any, ...]:
    from bylaw.train.examples import SFTExample

    return tuple(SFTExample(prompts[one.prompt].messages, one.text) for one in answers)


def _say(said: str) -> None:
    print(said, file=sys.stderr, flush=True)
