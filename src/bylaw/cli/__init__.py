"""The command line: one file per verb, with ``register(verbs)`` and a function that returns the exit code.

Exit codes: 0 done · 1 it could not be done · 2 the request or a text is wrong · 3 a gate or a budget stopped it ·
4 something does not verify · 130 Ctrl-C.
A verb's file imports what is heavy only when it runs, so ``bylaw --help`` answers at once and without torch; what is
not installed then is told with the extra that brings it.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from bylaw import __version__
from bylaw.cli.extras import needed_by
from bylaw.errors import BylawError, ClusterLost, ObjectError, RemoteError

VERBS = (
    "bylaw.cli.train",
    "bylaw.cli.label",
    "bylaw.cli.rate",
    "bylaw.cli.report",
    "bylaw.cli.show",
    "bylaw.cli.export",
    "bylaw.cli.copy",
    "bylaw.cli.constitution",
    "bylaw.cli.reward",
    "bylaw.cli.audit",
    "bylaw.cli.leak",
    "bylaw.cli.stress",
    "bylaw.cli.evidence",
    "bylaw.cli.verify",
    "bylaw.cli.reproduce",
    "bylaw.cli.directive",
    "bylaw.cli.access",
    "bylaw.cli.decisions",
    "bylaw.cli.property",
    "bylaw.cli.lab",
    "bylaw.cli.ledger",
    "bylaw.cli.screen",
    "bylaw.cli.serve",
    "bylaw.cli.keys",
    "bylaw.cli.console",
    "bylaw.cli.coverage",
    "bylaw.cli.plan",
    "bylaw.cli.bench",
    "bylaw.cli.windtunnel",
)
"""The verbs, in the order of ``--help``: a new one is a file and a row here."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code. ``argv`` is what follows the program's name."""
    words = sys.argv[1:] if argv is None else list(argv)
    if odd := next((word for word in words if any("\ud800" <= one <= "\udfff" for one in word)), ""):
        print(f"bylaw: error: the command line has bytes that are not UTF-8: {odd!a}", file=sys.stderr)
        return 2
    verb = words[0] if words else ""
    args = parser(verb).parse_args(words)
    try:
        with needed_by(verb):
            code: int = args.run(args)
        sys.stdout.flush()
        return code
    except BylawError as error:
        print(f"bylaw: error: {error}", file=sys.stderr)
        if isinstance(error, RemoteError | ObjectError | ClusterLost) and (go_on := getattr(args, "go_on", None)):
            print(f"bylaw: nothing finished is lost. Go on with: {go_on}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        go_on = getattr(args, "go_on", None)
        kept = f"; nothing finished is lost. Go on with: {go_on}" if go_on else ""
        print(f"\nbylaw: stopped{kept}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def parser(verb: str = "") -> argparse.ArgumentParser:
    """The grammar of the command line; of one verb alone if there is such a verb: it starts in half the time.

    A verb sets ``run`` on its parser: a function from the parsed arguments to the exit code. One that can be
    continued sets ``go_on`` on the arguments to the command that does so.
    """
    top = argparse.ArgumentParser(
        prog="bylaw", description="From a written constitution to a trained, measured model, by AI feedback."
    )
    top.add_argument("--version", action="version", version=f"bylaw {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name in [each for each in VERBS if each.rpartition(".")[2] == verb] or VERBS:
        import_module(name).register(verbs)
    return top
