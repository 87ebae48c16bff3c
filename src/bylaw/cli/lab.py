"""``bylaw lab``: the keys that sign, and the ledger that statements are entered in."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bylaw.run import Run

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "the keys that sign what is made, and the ledger it is entered in"
    verbs = subparsers.add_parser("lab", help=about, description=about).add_subparsers(required=True, metavar="COMMAND")
    for name, what, run in (
        ("show", "print the public keys and where the ledger is; makes them at first use", run_show),
        ("rotate", "replace the key that signs statements; what the old one signed until then stays valid", run_rotate),
    ):
        parser = verbs.add_parser(name, help=what, description=what)
        add_home(parser)
        parser.set_defaults(run=run)


def add_home(parser: argparse.ArgumentParser) -> None:
    """The option that names the lab."""
    parser.add_argument("--home", metavar="DIR", type=Path, help="the lab's directory: $BYLAW_HOME, or ~/.bylaw")


def open_run(path: Path, home: Path | None) -> "Run":
    """A run to look at: held to what its lab has signed, if it was signed; else it is said that it was not."""
    from bylaw.lineage.lab import Lab
    from bylaw.run import Run

    run = Run.open(path)
    if run.signed:
        return Run.open(path, lab=Lab.open(home))
    print(f"{path} is not signed, and neither is what is filed in it: no bundle will take that in", file=sys.stderr)
    return run


def run_show(args: argparse.Namespace) -> int:
    """What an auditor is given."""
    from bylaw.lineage.lab import Lab

    lab = Lab.open(args.home)
    print(f"Ledger         {lab.ledger}\nLedger's key   {lab.vkey}\nStatements' key, for bylaw verify --key:")
    print(lab.signer.public.pem.decode(), end="")
    return 0


def run_rotate(args: argparse.Namespace) -> int:
    """A new key, entered."""
    from bylaw.lineage.lab import Lab

    lab = Lab.open(args.home)
    path, index = lab.rotate()
    print(f"The new key is {lab.signer.public.id[:16]}…, entry {index} of {lab.ledger}; {path} says so, signed by both")
    print(
        "keys. What the old one signed before that stays valid, and auditors need both; what it signs now is refused."
    )
    return 0
