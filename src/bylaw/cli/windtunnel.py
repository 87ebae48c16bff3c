"""``bylaw windtunnel``: build the seed model and examine it, run the bench, reproduce the paper's findings in vitro."""

import argparse
import sys
from pathlib import Path
from typing import Any

from bylaw.errors import UsageError


def register(verbs: Any) -> None:
    """Add the verb and what it can do."""
    parser = verbs.add_parser(
        "windtunnel",
        help="the embedded world: build its seed model, run the bench, reproduce the paper's findings",
        description="The small world in which the method can be measured against the truth.",
    )
    parts = parser.add_subparsers(title="what to do", metavar="WHAT", required=True)
    build = parts.add_parser("build", help="train the seed model from nothing (an hour or more on two cores)")
    build.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="where the model goes")
    build.add_argument("--share", type=float, metavar="X", help="train on this share of the usual tokens")
    build.add_argument("--workers", type=int, metavar="N", help="processes of one thread each (2)")
    build.add_argument("--seed", type=int, default=0, help="seed of initialisation and corpus")
    build.set_defaults(run=_build)
    exam = parts.add_parser("exam", help="print what a seed model can do, skill by skill")
    exam.add_argument("--model", type=Path, metavar="DIR", help="a seed model other than the shipped one")
    exam.add_argument("--count", type=int, default=200, metavar="N", help="cases a skill (200)")
    exam.set_defaults(run=_exam)
    bench = parts.add_parser(
        "bench", help="print every figure with its bound, reached or short; exit 1 if any is short"
    )
    bench.add_argument("--only", action="append", metavar="GROUP", help="only this group of figures (repeatable)")
    bench.add_argument("--json", action="store_true", help="one JSON line a figure")
    _common(bench, 1000)
    bench.set_defaults(run=_bench)
    paper = parts.add_parser("paper", help="reproduce the findings of arXiv 2212.08073 in vitro, with plots")
    paper.add_argument("--only", action="append", metavar="FINDING", help="only this finding (repeatable)")
    _common(paper, 400)
    paper.set_defaults(run=_paper)


def _common(parser: argparse.ArgumentParser, prompts: int) -> None:
    parser.add_argument("--dir", type=Path, metavar="DIR", help="where runs are kept; continued if it exists")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a seed model other than the shipped one")
    parser.add_argument("--prompts", type=int, default=prompts, help=f"held-out prompts each way ({prompts})")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="override a setting of all runs",
    )


def _build(args: argparse.Namespace) -> int:
    from msgspec.structs import replace

    from bylaw.windtunnel.schooling.lessons import WEIGHTS
    from bylaw.windtunnel.schooling.seed import SeedSettings, build_seed

    args.go_on = f"bylaw windtunnel build -o {args.out}"
    settings = SeedSettings(seed=args.seed)
    if args.share:
        stages = tuple(
            replace(stage, tokens=int(stage.tokens * args.share), own=int(stage.own * args.share))
            for stage in settings.stages
        )
        settings = replace(settings, stages=stages)
    if args.workers:
        settings = replace(settings, workers=args.workers)

    def log(figures: dict[str, float]) -> None:
        if figures["step"] % 20 == 0:
            losses = "  ".join(f"{kind} {figures[kind]:.3f}" for kind in WEIGHTS if kind in figures)
            place = f"{int(figures['step']):>6}/{int(figures['steps'])}"
            print(f"{place}  {losses}  {figures['left'] / 60:.0f} min left", file=sys.stderr, flush=True)

    build_seed(args.out, settings, log)
    print(args.out)
    return 0


def _exam(args: argparse.Namespace) -> int:
    from bylaw.windtunnel import WEIGHTS
    from bylaw.windtunnel.bench.exam import exam

    for skill in exam(args.model or WEIGHTS, args.count):
        print(f"{skill.name:<44} {skill.value:7.3f}", flush=True)
    return 0


def _tunnel(args: argparse.Namespace, kind: str) -> Any:
    from bylaw.windtunnel import WEIGHTS
    from bylaw.windtunnel.bench import Tunnel

    folder = args.dir or Path("runs") / kind
    args.go_on = f"bylaw windtunnel {kind} --dir {folder}"
    return Tunnel(
        folder,
        args.model or WEIGHTS,
        args.prompts,
        args.overrides,
        lambda text: print(text, file=sys.stderr, flush=True),
    )


def _bench(args: argparse.Namespace) -> int:
    import msgspec

    from bylaw.windtunnel.bench import FIGURES

    groups = _chosen(args.only, FIGURES)
    tunnel = _tunnel(args, "bench")
    reached = True
    for group in groups:
        for figure in FIGURES[group]:
            outcome = figure.outcome(tunnel)
            reached &= outcome.reached
            if args.json:
                row = {**msgspec.to_builtins(outcome), "group": group, "reached": outcome.reached}
                print(msgspec.json.encode(row).decode(), flush=True)
            else:
                print(_line(outcome), flush=True)
    return 0 if reached else 1


def _line(outcome: Any) -> str:
    def figure(number: float) -> str:
        return f"{number:7.1%}" if outcome.unit == "share" else f"{number:7.3f}"

    bound = f"{'≤' if outcome.at_most else '≥'} {figure(outcome.bound).strip()}"
    verdict = "reached" if outcome.reached else "short"
    return (
        f"{outcome.name:<48} mean {figure(outcome.mean)}  worst {figure(outcome.worst)}  {bound:<9} {verdict:<8}"
        f" ({outcome.where})"
    )


def _paper(args: argparse.Namespace) -> int:
    from bylaw.windtunnel.paper import FINDINGS, write_page

    found = []
    tunnel = _tunnel(args, "paper")
    for name in _chosen(args.only, FINDINGS):
        finding = FINDINGS[name](tunnel)
        found.append(finding)
        print(finding.text(), flush=True)
    print(write_page(tunnel.folder / "index.html", found))
    return 0


def _chosen(only: list[str] | None, known: Any) -> list[str]:
    for name in only or ():
        if name not in known:
            raise UsageError(f"there is no {name!r}; there are {', '.join(known)}")
    return list(only or known)
