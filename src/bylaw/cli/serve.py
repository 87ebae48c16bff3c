"""``bylaw serve``: the gateway, in front of models; without an upstream, of the wind tunnel's trained model."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bylaw.gateway.processes.supervisor import Supervisor
    from bylaw.gateway.settings import Place

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FILE = Path("gateway.toml")


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "stand in front of models: who asks is decided, recorded, and only then answered"
    more = "Without an [upstream] the wind tunnel's trained model answers."
    parser = subparsers.add_parser("serve", help=about, description=f"{about}. {more}")
    parser.add_argument("settings", nargs="?", type=Path, metavar="GATEWAY.toml", help="settings (./gateway.toml)")
    parser.add_argument("--check", action="store_true", help="say whether it would start, and stop")
    parser.add_argument("--demo", action="store_true", help="make an office to practise in, with keys, and serve it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check, then serve until a signal comes."""
    import bylaw.console.app  # noqa: F401  # what the admin listener will need
    from bylaw.gateway.processes.supervisor import Supervisor

    place = _place(args)
    place.check()
    _open(place)
    if args.check:
        said = place.settings
        print(f"{place.where}: {len(said.model)} models, {said.workers} workers; nothing is wrong with it")
        return 0
    more: Mapping[str, Sequence[str]] = {}
    if not place.settings.upstream:
        from bylaw.cli.world import before_the_world

        place, more = before_the_world(place)
    Supervisor(place, place.folder / Path(place.where).name, more, admin="bylaw.console.processes.admin").run(_say)
    return 0


def _open(place: "Place") -> None:
    """Open once what the processes will, so that a file that is not what it should be stops the start with one line.

    Raises ``SettingsError``, ``UsageError``.
    """
    from bylaw.access.office.place import OfficeSettings
    from bylaw.gateway.caller.tokens import Tokens
    from bylaw.gateway.caller.whence import Locator
    from bylaw.gateway.state import State
    from bylaw.settings import load

    Tokens(place.settings.issuer, place.path)
    Locator(place.settings.caller, place.path)
    if place.settings.cluster.is_replica:
        return
    if place.settings.snapshot.key:
        State(place).signer()
    known = load(OfficeSettings, place.office / "access.toml").models
    for name in place.settings.model.keys() - set(known):
        why = f"the office does not know it, so nobody may use it ({place.office}/access.toml)"
        print(f"model.{name}: {why}", file=sys.stderr)


def _place(args: argparse.Namespace) -> "Place":
    from bylaw.errors import UsageError
    from bylaw.gateway.settings import GatewaySettings, Place

    if args.demo:
        from bylaw.cli.world import demo

        return demo(args.settings or Path("serve-demo") / FILE)
    path = args.settings or FILE
    if args.settings is None and not path.exists():
        place = Place(GatewaySettings(), Path.cwd(), str(FILE))
        if not (place.office / "access.toml").exists():
            raise UsageError(f"there is no {FILE} here, and no office in {place.office}; try: bylaw serve --demo")
        return place
    return Place.read(path)


def _say(supervisor: "Supervisor") -> bool:
    """Say where it listens, once a model that it has behind itself is loaded."""
    from bylaw.gateway.processes.supervisor import address_of

    behind = [each.url for each in supervisor.place.settings.upstream.values() if each.url.startswith("unix:")]
    if not all(Path(url.removeprefix("unix:")).exists() for url in behind):
        return False
    said = supervisor.place.settings
    door, admin = address_of(supervisor.door, said.listen), address_of(supervisor.admin, said.admin)
    print(f"models {door}\nadmin  {admin}\nstop with Ctrl-C", flush=True)
    return True
