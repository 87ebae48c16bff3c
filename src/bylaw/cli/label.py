"""``bylaw label``: let a judge label a file of comparisons, and measure the judge where gold is known."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bylaw import settings
from bylaw.cli.judging import (
    add_chunk,
    add_cluster,
    add_dry_run,
    add_judge,
    dry_run,
    open_chunked,
    remote_of,
    require_chunk,
    require_server,
)
from bylaw.cli.names import constitution_of
from bylaw.cli.progress import Progress
from bylaw.constitution import Constitution
from bylaw.constitution.few_shots import few_shots
from bylaw.errors import UsageError
from bylaw.evaluate.calibration import BINS, JudgeFigures, Share, facts, joined, judge_figures
from bylaw.evaluate.own import Difference, Own
from bylaw.evaluate.trial import BOUNDS, demand
from bylaw.feedback.label import LabelSettings
from bylaw.feedback.labelling import Labelling, label_file, made_from
from bylaw.feedback.shots import shot_turns
from bylaw.feedback.sources import read_comparisons, rows
from bylaw.feedback.templates import TEMPLATES
from bylaw.records import Comparison, Label

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "label comparisons by a constitution, and measure the judge where gold verdicts are known"
    parser = subparsers.add_parser("label", help=about, description=about)
    add = parser.add_argument
    add(
        "comparisons",
        metavar="COMPARISONS",
        type=Path,
        help="a .jsonl, .jsonl.gz, .csv or .parquet file of our own comparisons, of chosen/rejected pairs, or of the "
        "paper's evaluations",
    )
    add(
        "--constitution",
        metavar="C",
        default="default",
        help="a constitution's file, or windtunnel (default: the shipped one for real models)",
    )
    add_judge(parser)
    add_cluster(parser)
    add_dry_run(parser)
    add(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="where the labels go, one JSON object a line (default: COMPARISONS with .labels.jsonl, "
        "here); given again, the same command goes on where it was",
    )
    add("--template", choices=tuple(TEMPLATES), help="where the principle stands in the question")
    add("--scheme", choices=("one", "ensemble"), help="one drawn principle, or all of them")
    add(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="another setting of labels: think=true",
    )
    add(
        "--few-shots",
        metavar="FOLDER",
        type=Path,
        help="put the published examples before every question, for judges never trained to judge: the "
        "folder of the published prompts",
    )
    add("--seed", type=int, default=0, help="seed of all draws (default: %(default)s)")
    add_chunk(parser)
    add(
        "--minimum-accuracy",
        metavar="X",
        type=float,
        help="exit with 1 if the labels agree with less than this share of gold verdicts",
    )
    for bound in BOUNDS[1:]:
        add(
            f"--{bound.setting.replace('_', '-')}",
            metavar="X",
            type=float,
            help=f"exit with 1 if the judge {bound.said}, by more than this share",
        )
    add(
        "--own",
        metavar="NAME",
        action="append",
        default=[],
        help="what COMPARISONS calls the judge where it says who wrote an answer (default: the judge's name)",
    )
    add("--own-answers", metavar="FILE", type=Path, help="answers of the judge, a JSON object with a text a line")
    add("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run_label)


def run_label(args: argparse.Namespace) -> int:
    """Label, print the figures, and hold the accuracy against its minimum."""
    require_chunk(args)
    remote = remote_of(args)
    require_server(args, remote)
    constitution = constitution_of(args.constitution)
    comparisons = _comparisons(args)
    output = args.output or Path(f"{args.comparisons.name.partition('.')[0]}.labels.jsonl")
    if args.dry_run:
        return dry_run(remote, comparisons, _how(args, constitution, 1))
    args.go_on = "the same command"
    with open_chunked(args, remote, output, "label") as judge:
        how = _how(args, constitution, judge.rows)
        made = made_from(judge.bound, constitution, comparisons, how, judge.engine)
        report = Progress("label", len(comparisons), "comparisons")
        labels = label_file(comparisons, judge.model, how, output, made, report)
    figures = judge_figures(joined(labels, facts(comparisons, _own(args, judge.name))))
    print(_json(output, labels, figures) if args.json else _text(output, labels, figures))
    if args.maximum_self_preference is not None and figures.self_preference is None:
        raise UsageError(
            f"--maximum-self-preference needs gold verdicts on answers of the judge, and {args.comparisons} has none "
            f"by {' or '.join(args.own or (judge.name,))}. Name it as the file does with --own, or give --own-answers"
        )
    demand(figures, judge.model.name, **{bound.setting: getattr(args, bound.setting) for bound in BOUNDS})
    return 0


def _comparisons(args: argparse.Namespace) -> list[Comparison]:
    left_out: Counter[str] = Counter()
    comparisons = read_comparisons(args.comparisons, left_out=left_out)
    for reason, count in left_out.most_common():
        print(f"left out {count} rows of {args.comparisons}: {reason}", file=sys.stderr)
    if args.minimum_accuracy is not None and not any(one.gold in ("first", "second") for one in comparisons):
        raise UsageError(f"--minimum-accuracy needs gold verdicts, and {args.comparisons} has none")
    return comparisons


def _own(args: argparse.Namespace, judge: str) -> Own:
    """Which answers are the judge's."""
    texts = [row.get("text") for _, row in rows(args.own_answers)] if args.own_answers else []
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{args.own_answers} has a row without a text")
    return Own(frozenset(args.own or (judge,)), frozenset(map(str, texts)))


def _how(args: argparse.Namespace, constitution: Constitution, chunk: int) -> Labelling:
    given = [f"{key}={value}" for key in ("template", "scheme") if (value := getattr(args, key))]
    chosen = settings.load(LabelSettings, "", [*given, *args.set])
    shots = (
        shot_turns(
            few_shots(args.few_shots),
            constitution.principles,
            chosen.template,
            think=chosen.think,
            seed=args.seed,
        )
        if args.few_shots
        else ()
    )
    return Labelling(
        principles=constitution.principles,
        settings=chosen,
        few_shots=shots,
        seed=args.seed,
        chunk=args.chunk or chunk,
    )


def _json(output: Path, labels: list[Label], figures: JudgeFigures) -> str:
    value = {"output": str(output), **_asked(labels[0]), **msgspec.to_builtins(figures)}
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _asked(label: Label) -> dict[str, str]:
    return {"judge": label.judge, "scheme": label.scheme, "template": label.template}


def _text(output: Path, labels: list[Label], figures: JudgeFigures) -> str:
    lines = [f"{figures.labels} labels in {output}, by " + ", ".join(f"{k} {v}" for k, v in _asked(labels[0]).items())]
    shares: list[tuple[str, Share | None]] = [
        ("unreadable", figures.unreadable),
        ("ties", figures.ties),
        ("prefer the longer response", figures.longer),
        ("flip when the order is swapped", figures.flips),
        ("prefer the judge's own response", figures.own),
        ("agree with gold (accuracy)", figures.accuracy),
        *((f"  on {name}", one) for name, one in figures.subsets.items()),
        *((f"  principle {name}", one) for name, one in figures.principles.items()),
    ]
    lines += [_row(name, one) for name, one in shares if one is not None]
    if figures.calibration_error is not None:
        lines.append(f"{'calibration error':<34} {figures.calibration_error:>7.3f}  {BINS} bins of confidence")
    less_gold: list[tuple[str, Difference | None]] = [
        ("longer preferred, less gold", figures.length_bias),
        ("own preferred, less gold", figures.self_preference),
    ]
    for name, less in less_gold:
        if less:
            lines.append(f"{name:<34} {less.value:>+7.1%}  {less.low:+.1%} … {less.high:+.1%}  of {less.n}")
    if not figures.with_gold:
        lines.append("no gold verdicts: accuracy and calibration are not known")
    return "\n".join(lines)


def _row(name: str, one: Share) -> str:
    return f"{name:<34} {one.value:>7.1%}  {one.low:.1%} … {one.high:.1%}  of {one.n}"
