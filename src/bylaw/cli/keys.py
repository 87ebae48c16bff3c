"""``bylaw keys``: API keys of a gateway: issued once, kept as hashes, revoked within a second."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.cli.office import command, commands, now

if TYPE_CHECKING:
    from bylaw.gateway.caller.keys import KeyFile

    Parser = argparse.ArgumentParser
    Subparsers = argparse._SubParsersAction[Parser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    verbs = commands(subparsers, "keys", "API keys of a gateway: issue, list, revoke")
    _add_issue(verbs)
    parser = command(verbs, "list", "the valid keys, by their ids", run_list)
    add_gateway(parser)
    parser = command(verbs, "revoke", "end a key: running gateways refuse it, and cut what it has running", run_revoke)
    parser.add_argument("key", metavar="KEY", help="its id, or the key itself")
    parser.add_argument("--why", metavar="TEXT", default="")
    add_gateway(parser)


def add_gateway(parser: "Parser") -> None:
    """``--gateway``."""
    parser.add_argument(
        "--gateway", metavar="GATEWAY.toml", type=Path, default=Path("gateway.toml"), help="settings (./gateway.toml)"
    )


def _add_issue(verbs: "Subparsers") -> None:
    parser = command(verbs, "issue", "make a key, and print it this once", run_issue)
    parser.add_argument("subject", metavar="SUBJECT", help="an id of the register; for an organisation, its service's")
    parser.add_argument("--channel", metavar="ID", default="", help="the channel its requests come through")
    parser.add_argument("--organization", metavar="ID", default="", help="may vouch for its end users")
    parser.add_argument("--surface", metavar="S", default="api", help="api, batch, fine-tune, employee-tools")
    parser.add_argument("--expires", metavar="T", help="counts for nothing from then on")
    add_gateway(parser)


def run_issue(args: argparse.Namespace) -> int:
    """A key."""
    import msgspec

    from bylaw.access.office.place import instant
    from bylaw.errors import UsageError
    from bylaw.gateway.caller.keys import Key

    expires: datetime | None = instant(args.expires) if args.expires else None
    said = {name: getattr(args, name) for name in ("subject", "channel", "organization", "surface")}
    try:
        key = msgspec.convert({**said, "expires": expires}, Key)
    except msgspec.ValidationError as error:
        raise UsageError(str(error)) from error
    print(_file(args).issue(key, now()))
    return 0


def run_list(args: argparse.Namespace) -> int:
    """A line each."""
    from bylaw.gateway.caller.keys import id_of

    for hash, key in _file(args).valid().items():
        until = f"  until {key.expires:%Y-%m-%d}" if key.expires else ""
        print(f"{id_of(hash)}  {key.subject:<24} {key.organization} {key.channel}{until}".rstrip())
    return 0


def run_revoke(args: argparse.Namespace) -> int:
    """No key any more."""
    print(f"{_file(args).revoke(args.key, args.why, now())} is revoked")
    return 0


def _file(args: argparse.Namespace) -> "KeyFile":
    from bylaw.errors import UsageError
    from bylaw.gateway.settings import Place
    from bylaw.gateway.state import State

    place = Place.read(args.gateway)
    if place.settings.cluster.is_replica:
        raise UsageError(f"{place.where} is a replica's; keys are issued and revoked where the publisher is")
    return State(place).keys
