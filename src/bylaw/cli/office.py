"""What the verbs of access share: which office, which time, which lab."""

import argparse
import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bylaw.access.office.place import Office
    from bylaw.lineage.lab import Lab

HOME = "BYLAW_HOME"


def add_office(parser: argparse.ArgumentParser) -> None:
    """``--office`` and ``--home``."""
    parser.add_argument("--office", metavar="DIR", type=Path, help="the office: $BYLAW_HOME/access, or ~/.bylaw/access")
    parser.add_argument("--home", metavar="DIR", type=Path, help="the lab's directory: $BYLAW_HOME, or ~/.bylaw")


def home_of(args: argparse.Namespace) -> Path:
    """The lab's directory."""
    return args.home or Path(os.environ.get(HOME) or Path.home() / ".bylaw")


def folder_of(args: argparse.Namespace) -> Path:
    """The office's directory."""
    return args.office or home_of(args) / "access"


def office_of(args: argparse.Namespace) -> "Office":
    """The office. Raises ``UsageError`` if there is none."""
    from bylaw.access.office.place import Office

    return Office.open(folder_of(args))


def lab_of(args: argparse.Namespace) -> "Lab":
    """The lab whose ledger it is entered in."""
    from bylaw.lineage.lab import Lab

    return Lab.open(home_of(args))


def now() -> datetime:
    """The time in whole seconds, as decisions and the ledger write it."""
    return datetime.now(UTC).replace(microsecond=0)


def by() -> str:
    """Who sits here, for the logs."""
    return getpass.getuser()
