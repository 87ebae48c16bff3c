"""``bylaw reward``: rule-based rewards: fit weights to rankings, hold grades against gold, show."""

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bylaw import storage
from bylaw.cli.judging import Judge, add_judge, open_judge, remote_of
from bylaw.errors import ModelError, UsageError
from bylaw.rewards.document import RuleReward, dumps, load, require_ranked

if TYPE_CHECKING:
    from bylaw.rewards.gold import Held

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its three subcommands."""
    about = "rule-based rewards: fit weights to rankings, hold a judge's grades against gold, show"
    verbs = subparsers.add_parser("reward", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    _add_fit(verbs)
    _add_validate(verbs)
    about = "print propositions, classes and weights; refuse a file that is wrong"
    parser = verbs.add_parser("show", help=about, description=about)
    parser.add_argument("file", metavar="FILE", type=Path, help="a rule-based reward, fitted or not")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(run=run_show)


def _add_fit(verbs: "Subparsers") -> None:
    about = "let a judge grade ranked answers, and fit the weights of its grades to their order (hinge loss)"
    parser = verbs.add_parser("fit", help=about, description=about)
    parser.add_argument("file", metavar="FILE", type=Path, help="propositions and rankings")
    add_judge(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="REWARD",
        type=Path,
        required=True,
        help="where the reward goes: propositions, weights",
    )
    parser.add_argument("--force", action="store_true", help="replace REWARD if it exists")
    parser.add_argument(
        "--minimum-ordered",
        metavar="X",
        type=float,
        help="exit with 1 if less than this share of pairs is in order by weights that they were left out of",
    )
    parser.set_defaults(run=run_fit)


def _add_validate(verbs: "Subparsers") -> None:
    about = "hold a judge's grades, and the rewards made of them, against gold grades"
    parser = verbs.add_parser("validate", help=about, description=about)
    parser.add_argument("file", metavar="REWARD", type=Path, help="a rule-based reward, fitted or not")
    parser.add_argument(
        "gold", metavar="GOLD", type=Path, help="answers with gold propositions, in OpenAI's form (.jsonl)"
    )
    add_judge(parser)
    parser.add_argument(
        "--minimum-agreement",
        metavar="X",
        type=float,
        help="exit with 1 if a proposition agrees with gold to less than this balanced accuracy",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run_validate)


def run_fit(args: argparse.Namespace) -> int:
    """Grade, fit, write the reward and print it; 1 if too few pairs are in order."""
    from bylaw.rewards.ranked import fitted, graded, unread

    reward = load(args.file)
    require_ranked(reward, args.file)
    if args.output.exists() and not args.force:
        raise UsageError(f"{args.output} exists; give --force to replace it")
    with _judge(args, args.output) as judge:
        rankings = graded(reward, judge.model)
    made = fitted(reward, rankings, judge.name, judge.digest)
    storage.write_text(args.output, dumps(made))
    print(_text(made))
    for name, count in unread(rankings, reward).items():
        print(f"{name}: the judge could not be read on {count} answers", file=sys.stderr)
    print(f"wrote {args.output}", file=sys.stderr)
    _demand_order(made, args.minimum_ordered)
    return 0


def run_validate(args: argparse.Namespace) -> int:
    """Grade gold answers and print how far grades and orders agree; 1 below the minimum."""
    from bylaw.rewards.gold import hold, read

    reward, gold = load(args.file), read(args.gold)
    with _judge(args, Path(args.file.name)) as judge:
        held = hold(reward, judge.model, gold)
    print(storage.pretty(held).decode() if args.json else _held(held, reward), end="" if args.json else "\n")
    if args.minimum_agreement is not None:
        faults = held.agreement.below(args.minimum_agreement, list(reward.questions))
        if faults:
            raise ModelError(f"judge {judge.name}: {'; '.join(faults)}; {args.minimum_agreement:.0%} was asked for")
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Print a reward."""
    reward = load(args.file)
    print(storage.pretty(msgspec.to_builtins(reward)).decode() if args.json else _text(reward))
    return 0


def _judge(args: argparse.Namespace, output: Path) -> AbstractContextManager[Judge]:
    return open_judge(args, remote_of(args), output, "reward")


def _text(reward: RuleReward) -> str:
    width = max(len(name) for name in reward.features)
    said = {one.id: one.question for one in reward.propositions}
    for one in reward.classes:
        said[one.id] = " and ".join([*one.holds, *(f"not {name}" for name in one.fails)])
    lines = [f"{'':<{width}}  {'  '.join(f'{aim:>8}' for aim in reward.weights)}".rstrip()] if reward.weights else []
    for name in reward.features:
        weights = "  ".join(f"{given[name]:>+8.3f}" for given in reward.weights.values())
        lines.append(f"{name:<{width}}  {weights}{'  ' if weights else ''}{said[name]}")
    if reward.fitted:
        lines.append(f"by grades of {reward.fitted.judge} ({reward.fitted.judge_digest[:12]})")
        lines += [line for aim in reward.weights if (line := _ordered(reward, aim))]
    if reward.rankings:
        pairs = sum(len(list(one.pairs())) for one in reward.rankings)
        lines.append(f"{len(reward.rankings)} rankings, {pairs} pairs")
    return "\n".join(lines)


def _ordered(reward: RuleReward, aim: str) -> str:
    found = getattr(reward.fitted, aim)
    if found is None:
        return ""
    out = f", {found.left_out:.1%} by weights they were left out of" if found.left_out is not None else ""
    return f"{aim}: {found.fitted:.1%} of {found.pairs} pairs in order{out}"


def _held(held: "Held", reward: RuleReward) -> str:
    lines = [held.agreement.table()]
    for one in held.orders:
        lines.append(
            f"{one.aim}: of {one.pairs} pairs of {one.answers} answers that gold's rewards tell apart, "
            f"{one.value:.1%} are in the same order by the judge's ({one.low:.1%} … {one.high:.1%})"
        )
    if held.unmatched:
        lines.append(f"gold says nothing of {', '.join(held.unmatched)}: orders were not compared")
    elif not reward.weights:
        lines.append("the reward has no weights yet: orders were not compared")
    return "\n".join(lines)


def _demand_order(reward: RuleReward, minimum: float | None) -> None:
    """Raise ``ModelError`` where weights order too few pairs that they were not fitted to, or that is not known."""
    if minimum is None:
        return
    for aim in reward.weights:
        found = getattr(reward.fitted, aim)
        if found.left_out is None:
            raise ModelError(f"{aim}: one ranking alone cannot be left out, so how it is ordered then is not known")
        if found.left_out < minimum:
            raise ModelError(
                f"{aim}: {found.left_out:.1%} of pairs in order by weights they were left out of, "
                f"below the {minimum:.1%} asked for"
            )
