"""``bylaw verify``: the auditor's check. All of it is in ``bylaw.verify``, which also runs alone."""

import argparse
from typing import TYPE_CHECKING

from bylaw import verify

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "check a bundle, a run, a model directory or a proof, offline, with keys and a policy of your own"
    parser = subparsers.add_parser("verify", help=about, description=about)
    verify.add_arguments(parser)
    parser.set_defaults(run=run_verify)


def run_verify(args: argparse.Namespace) -> int:
    """Bring here what is behind a URL, and check it."""
    if ":" in args.path:  # nothing else is a URL, and to import what brings one takes as long as a small check
        from bylaw.cli.away import anything_here

        args.path = str(anything_here(args.path))
    return verify.run(args)
