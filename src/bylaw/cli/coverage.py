"""``bylaw coverage``: which worker enforced which policy from when to when, as the workers attest."""

import argparse
import time
from typing import TYPE_CHECKING

from bylaw.cli.keys import add_gateway

if TYPE_CHECKING:
    from bylaw.gateway.record.coverage import Interval

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

HEAD = "Self-attested: what the workers say of themselves. It does not say that there was no other way to a model.\n"


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "which worker enforced which policy from when to when, as they attest; exit code 4 if there are gaps"
    parser = subparsers.add_parser("coverage", help=about, description=about)
    parser.add_argument("--since", metavar="T", default="0001-01-01", help="from this instant (the beginning)")
    parser.add_argument("--json", action="store_true", help="for a program")
    add_gateway(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The intervals, and what they add up to."""
    from bylaw.access.office.place import instant
    from bylaw.gateway.record.coverage import intervals, read
    from bylaw.gateway.settings import Place
    from bylaw.gateway.state import State
    from bylaw.storage import line_of

    folder = State(Place.read(args.gateway)).coverage
    since = instant(args.since).timestamp()
    found = [each for each in intervals(read(folder), time.time()) if each.end >= since]
    if args.json:
        for each in found:
            print(line_of(each).decode(), end="")
    else:
        _say(found)
    return 4 if any(each.gap for each in found) else 0


def _say(found: "list[Interval]") -> None:
    from bylaw.gateway.record.coverage import changes, stamp_of

    print(HEAD)
    for each in found:
        what = "GAP: nothing is attested" if each.gap else f"policy {each.policy[:16] or 'none: let nobody through'}"
        print(f"{each.worker}  {stamp_of(each.start)} … {stamp_of(each.end)}  {what}")
    print()
    for change in changes(found):
        print(
            f"policy {change.policy[:16]}: the first worker at {stamp_of(change.first)}, the last at "
            f"{stamp_of(change.last)}; {change.cut} running answers cut; after {stamp_of(change.swept)} no worker sent "
            "anything more to whom it refuses"
        )
    gaps = sum(each.gap for each in found)
    print(f"{len({each.worker for each in found})} workers, {gaps} gaps")
