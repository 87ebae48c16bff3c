"""``bylaw serve``: the gateway, in front of models."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bylaw.gateway.processes.supervisor import Supervisor

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "stand in front of models: who asks is decided, recorded, and only then answered"
    parser = subparsers.add_parser("serve", help=about, description=about)
    parser.add_argument("settings", nargs="?", type=Path, metavar="GATEWAY.toml", help="settings (./gateway.toml)")
    parser.add_argument("--check", action="store_true", help="say whether it would start, and stop")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check, then serve until a signal comes."""
    from bylaw.errors import MissingExtra
    from bylaw.gateway.settings import Place

    path = args.settings or Path("gateway.toml")
    place = Place.read(path)
    place.check()
    try:
        from bylaw.gateway.processes.supervisor import Supervisor
    except ImportError as error:
        raise MissingExtra(str(error.name), "gateway") from error
    if args.check:
        print(f"{path}: {len(place.settings.model)} models, {place.settings.workers} workers; nothing is wrong with it")
        return 0
    Supervisor(place, path.resolve(), {}).run(_say)
    return 0


def _say(supervisor: "Supervisor") -> None:
    from bylaw.gateway.processes.supervisor import address_of

    door, admin = address_of(supervisor.door), address_of(supervisor.admin)
    print(f"models {door}\nadmin  {admin}\nstop with Ctrl-C", flush=True)
