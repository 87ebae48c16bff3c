"""What the verbs of access share: which office, which time, which lab."""

import argparse
import getpass
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.cli.lab import add_home

if TYPE_CHECKING:
    from bylaw.access.office.place import Office
    from bylaw.lineage.lab import Lab

    Parser = argparse.ArgumentParser
    Subparsers = argparse._SubParsersAction[Parser]


def commands(subparsers: "Subparsers", verb: str, about: str) -> "Subparsers":
    """A verb that is followed by a command."""
    return subparsers.add_parser(verb, help=about, description=about).add_subparsers(required=True, metavar="COMMAND")


def command(verbs: "Subparsers", name: str, about: str, run: Callable[[argparse.Namespace], int]) -> "Parser":
    """One of a verb's commands, which ``run`` carries out."""
    parser = verbs.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def add_office(parser: argparse.ArgumentParser) -> None:
    """``--office`` and ``--home``."""
    parser.add_argument("--office", metavar="DIR", type=Path, help="the office: $BYLAW_HOME/access, or ~/.bylaw/access")
    add_home(parser)


def folder_of(args: argparse.Namespace) -> Path:
    """The office's directory."""
    from bylaw.lineage.lab import home_of

    return args.office or home_of(args.home) / "access"


def office_of(args: argparse.Namespace) -> "Office":
    """The office. Raises ``UsageError`` if there is none."""
    from bylaw.access.office.place import Office

    return Office.open(folder_of(args))


def lab_of(args: argparse.Namespace) -> "Lab":
    """The lab whose ledger it is entered in."""
    from bylaw.lineage.lab import Lab

    return Lab.open(args.home)


def day(text: str) -> date:
    """The day in an argument."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a day is given as 2026-06-12, not {text!r}") from None


def now() -> datetime:
    """The time in whole seconds, as decisions and the ledger write it."""
    return datetime.now(UTC).replace(microsecond=0)


def by() -> str:
    """Who sits here, for the logs."""
    return getpass.getuser()
