"""``bylaw evidence``: build a bundle, a page for the public, a model card."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.cli.lab import add_home
from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.evidence.build import Wishes

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "what is handed out: a bundle that a stranger checks offline, and a page for the public"
    verbs = subparsers.add_parser("evidence", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    _add_build(verbs)
    _add_publish(verbs)
    _add_card(verbs)


def _add_build(verbs: "Subparsers") -> None:
    about = "make a bundle of finished runs: statements, proofs, measurements, drawn samples, and what was not run"
    parser = verbs.add_parser("build", help=about, description=about)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="directories or URLs of runs that came to their end")
    _add_output(parser, "DIR|ZIP", "a new directory or .zip file")
    parser.add_argument("--valid-until", metavar="TIME", help="after this time (UTC, YYYY-MM-DDTHH:MM:SSZ) it is stale")
    parser.add_argument("--supersedes", metavar="BUNDLE", type=Path, help="the bundle that this one replaces")
    parser.add_argument("--decision", metavar="TEXT", help="what was decided on this evidence")
    parser.add_argument("--by", metavar="NAME", action="append", default=[], help="who decided; may be given again")
    parser.add_argument("--limit", metavar="TEXT", action="append", default=[], help="a limit to state as well")
    parser.add_argument(
        "--redact", metavar="PATH=REASON", action="append", default=[], help="leave a file out; its digest stays"
    )
    about = "a tlog-policy; if its witnesses saw all, say so; default: the one lab.toml names"
    parser.add_argument("--policy", metavar="FILE", type=Path, help=about)
    add_home(parser)
    parser.set_defaults(run=run_build)


def _add_publish(verbs: "Subparsers") -> None:
    about = (
        "make a static page of a bundle: rules, figures, what was not measured; it checks itself in the browser. "
        "A bundle that bylaw verify finds anything wrong with is refused, with the name of the check"
    )
    parser = verbs.add_parser("publish", help=about, description=about)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a bundle's directory or .zip file")
    _add_output(parser, "DIR", "a new directory for a web server")
    add_home(parser)
    parser.set_defaults(run=run_publish)


def _add_card(verbs: "Subparsers") -> None:
    about = (
        "print a model card (Markdown) of a bundle that bylaw verify finds nothing wrong with; what it does not check, "
        "signatures and ledger, the card says"
    )
    parser = verbs.add_parser("card", help=about, description=about)
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a bundle's directory or .zip file")
    parser.set_defaults(run=run_card)


def _add_output(parser: argparse.ArgumentParser, what: str, about: str) -> None:
    parser.add_argument("-o", "--output", metavar=what, type=Path, required=True, help=about)


def run_build(args: argparse.Namespace) -> int:
    """Build, and say how it is checked."""
    from bylaw.cli.away import run_here
    from bylaw.evidence.build import build
    from bylaw.evidence.reading import Bundle
    from bylaw.lineage.lab import Lab

    path = build([run_here(run) for run in args.runs], args.output, Lab.open(args.home), _wishes(args))
    for each in Bundle(path).predicate.redactions:
        print(f"taken out: {each.path}: {each.reason}", file=sys.stderr)
    print(f"{path}\nChecked with: bylaw verify {path} --key LAB.pub --policy POLICY; key and policy travel another way")
    return 0


def run_publish(args: argparse.Namespace) -> int:
    """Write the page."""
    from bylaw.evidence.page import publish
    from bylaw.lineage.lab import Lab

    print(publish(args.bundle, args.output, *Lab.open(args.home).trusted))
    return 0


def run_card(args: argparse.Namespace) -> int:
    """Print the card."""
    from bylaw.evidence.card import card

    print(card(args.bundle), end="")
    return 0


def _wishes(args: argparse.Namespace) -> "Wishes":
    from bylaw.evidence.build import Wishes, is_time
    from bylaw.evidence.index import Decision
    from bylaw.ledger.entries import now

    if args.decision and not args.by:
        raise UsageError("--decision needs --by: a decision was taken by somebody")
    if args.valid_until and not is_time(args.valid_until):
        raise UsageError(f"--valid-until {args.valid_until}: write it as 2026-12-31T00:00:00Z")
    pairs = [each.partition("=") for each in args.redact]
    if bare := [path for path, _, reason in pairs if not reason]:
        raise UsageError(f"--redact {bare[0]}: say why, as PATH=REASON")
    return Wishes(
        valid_until=args.valid_until,
        supersedes=args.supersedes,
        policy=args.policy,
        decision=Decision(text=args.decision, by=tuple(args.by), at=now()) if args.decision else None,
        limits=tuple(args.limit),
        redact={path: reason for path, _, reason in pairs},
    )
