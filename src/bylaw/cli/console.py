"""``bylaw console``: local accounts of the gateway's console, made and ended at its own machine."""

import argparse
import time
from typing import TYPE_CHECKING

from bylaw.cli.keys import add_gateway
from bylaw.cli.office import command, commands

if TYPE_CHECKING:
    from bylaw.console.accounts.people import Enrolment
    from bylaw.console.desk import Desk

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    verbs = commands(subparsers, "console", "the operator's console on the admin listener: who may sign in")
    about = "local accounts: add, list, reset, remove"
    accounts = verbs.add_parser("account", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    _add(accounts)
    for name, what, run in (
        ("reset", "a new password for once and a new secret; its sessions end", run_reset),
        ("remove", "end an account and its sessions", run_remove),
    ):
        parser = command(accounts, name, what, run)
        parser.add_argument("name", metavar="NAME")
        add_gateway(parser)
    add_gateway(command(accounts, "list", "the accounts, with their roles", run_list))


def _add(accounts: "Subparsers") -> None:
    about = "make an account; its first password, and the secret for an authenticator, are printed this once"
    parser = command(accounts, "add", about, run_add)
    parser.add_argument("name", metavar="NAME", help="a to z, 0 to 9, . _ -")
    parser.add_argument("--role", required=True, metavar="ROLE", help="viewer, operator, counsel or admin")
    add_gateway(parser)


def run_add(args: argparse.Namespace) -> int:
    """An account."""
    desk = _desk(args)
    made = desk.people.add(args.name, args.role, time.time())
    desk.journal.write(time.time(), by(), "added an account", f"{args.name}, {args.role}")
    return _say(args.name, made)


def run_reset(args: argparse.Namespace) -> int:
    """As new."""
    desk = _desk(args)
    made = desk.people.reset(args.name, time.time())
    desk.lockout.reset(args.name)
    desk.journal.write(time.time(), by(), "reset an account", args.name)
    return _say(args.name, made)


def run_remove(args: argparse.Namespace) -> int:
    """No account any more."""
    desk = _desk(args)
    desk.people.remove(args.name)
    desk.journal.write(time.time(), by(), "removed an account", args.name)
    print(f"{args.name} is removed, and signed out everywhere")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """A line each."""
    for each in _desk(args).people.all():
        print(f"{each.name:<24} {each.role:<9}{' has not signed in yet' if each.first else ''}".rstrip())
    return 0


def by() -> str:
    """Who sits here; no account has a space in its name."""
    from bylaw.cli import office

    return f"{office.by()} at the machine"


def _say(name: str, made: "Enrolment") -> int:
    import segno

    print(f"{name} signs in with the password {made.password}, which has to be replaced then,")
    print(f"and with codes of an authenticator that has read this:\n{made.uri}")
    segno.make(made.uri).terminal(compact=True)
    return 0


def _desk(args: argparse.Namespace) -> "Desk":
    from bylaw.console.desk import Desk
    from bylaw.gateway.settings import Place

    return Desk(Place.read(args.gateway))
