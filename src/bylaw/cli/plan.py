"""``bylaw plan``: how long a run would take on N GPUs, and what it needs of each."""

import argparse
from pathlib import Path
from typing import Any

from bylaw.errors import UsageError
from bylaw.scale.shapes import SIZES


def register(verbs: Any) -> None:
    """Add the verb."""
    about = "how long a run would take on N GPUs, stage by stage, and what it needs of each"
    parser = verbs.add_parser("plan", help=about, description=f"Plan {about}. Nothing is loaded.")
    parser.add_argument("recipe", type=Path, metavar="RUN.toml", help="settings of the run")
    parser.add_argument("--gpus", type=int, nargs="+", default=[1], metavar="N", help="one table each (default: 1)")
    parser.add_argument("--size", choices=tuple(SIZES), help="shape of the model (default: what policy's config says)")
    parser.add_argument("--rates", type=Path, metavar="FILE", help="rates that bylaw bench --json measured")
    parser.add_argument("--gpu-memory", type=float, metavar="GB", help="of one GPU: say whether it fits")
    parser.add_argument("--prompt-tokens", type=int, metavar="N", help="mean tokens of a prompt")
    parser.add_argument("--answer-tokens", type=int, metavar="N", help="mean tokens of an answer")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a table for each number of GPUs, what it rests on, and the memory."""
    from bylaw import recipe as recipes
    from bylaw.scale.memory import GIB
    from bylaw.scale.plan import EFFICIENCY, plan
    from bylaw.scale.rates import chosen, read_rates

    if min(args.gpus) < 1:
        raise UsageError("--gpus: at least 1")
    recipe = recipes.read(args.recipe, args.overrides)
    shape, lengths = _shape(args, recipe), _lengths(args)
    rates = chosen(read_rates(args.rates, shape) if args.rates else [], shape)
    have = args.gpu_memory * GIB if args.gpu_memory else None
    for gpus in args.gpus:
        made = plan(recipe, shape, rates, gpus, lengths)
        print(f"\n{gpus} GPU{'s' if gpus > 1 else ''}, {shape.parameters / 1e9:.3g} B parameters: {_span(made.hours)}")
        print(f"  {'stage':<30} {'rows':>10} {'tokens':>10} {'tokens/s a GPU':>15} {'time':>9}")
        for step in made.steps:
            mark = "measured" if step.rate.measured else "projected"
            figures = f"{step.rows:>10,} {step.tokens / 1e6:>8,.1f} M {step.rate.tokens:>15,.0f} {_span(step.hours):>9}"
            print(f"  {step.stage:<30} {figures}  {mark}{'' if step.gpus == gpus else ', one GPU'}")
        for need in made.needs:
            print(f"  {need.said(have)}")
    print("\nrates")
    for rate in rates.values():
        print(f"  {rate.work:<9} {'measured' if rate.measured else 'projected'}: {rate.source}")
    shares = ", ".join(f"{work} {share:.0%}" for work, share in EFFICIENCY.items())
    print(f"  assumed of N times as fast on N GPUs: {shares}; loading, checkpoints and evaluations are not counted")
    print(f"  texts: a prompt {lengths.prompt} tokens, an answer {lengths.answer}")
    return 0


def _shape(args: argparse.Namespace, recipe: Any) -> Any:
    from bylaw.scale.shapes import shape_of

    if args.size:
        return SIZES[args.size]
    if not Path(recipe.policy).is_dir():
        raise UsageError(f"policy {recipe.policy} is no directory here, so its size is not known: name --size")
    return shape_of(Path(recipe.policy))


def _lengths(args: argparse.Namespace) -> Any:
    from msgspec.structs import replace

    from bylaw.scale.plan import Lengths

    named = {"prompt": args.prompt_tokens, "answer": args.answer_tokens}
    return replace(Lengths(), **{key: value for key, value in named.items() if value})


def _span(hours: float) -> str:
    if hours < 1:
        return f"{60 * hours:.1f} min"
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} days"
