"""``bylaw lab``: the keys that sign, and the ledger that statements are entered in."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "the keys that sign what is made, and the ledger it is entered in"
    verbs = subparsers.add_parser("lab", help=about, description=about).add_subparsers(required=True, metavar="COMMAND")
    for name, what, run in (
        ("show", "print the public keys and where the ledger is; makes them at first use", run_show),
        ("rotate", "replace the key that signs statements; the old one signs the new one, and stays valid", run_rotate),
    ):
        parser = verbs.add_parser(name, help=what, description=what)
        parser.add_argument("--home", metavar="DIR", type=Path, help="default: $BYLAW_HOME, or ~/.bylaw")
        parser.set_defaults(run=run)


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
    print(f"The new key is {lab.signer.public.id[:16]}…, entry {index} of {lab.ledger}; {path} says so, signed by the")
    print("old one. What the old key signed stays valid: auditors need both.")
    return 0
