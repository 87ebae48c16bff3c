"""``bylaw copy``: a run from a URL to a directory here, or from a directory to a URL."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.errors import UsageError

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb."""
    about = "copy a run from a URL to a directory, or from a directory to a URL; given again, what is new"
    parser = subparsers.add_parser("copy", help=about, description=about)
    place = "a run's directory, or its URL: s3://bucket/run, gs://…, file://…"
    parser.add_argument("source", metavar="FROM", help=place)
    parser.add_argument("target", metavar="TO", help="the other of the two")
    parser.set_defaults(run=run_copy)


def run_copy(args: argparse.Namespace) -> int:
    """Bring or send; prints where the run is then."""
    from bylaw.cli.away import fetched, share
    from bylaw.objects import is_url
    from bylaw.run import Run
    from bylaw.run.mirror import Mirror

    away = [place for place in (args.source, args.target) if is_url(place)]
    if len(away) != 1:
        raise UsageError("copy goes between a directory here and a URL: name one of each")
    here = Path(args.source if away[0] == args.target else args.target)
    mirror = Mirror(away[0], here)
    if here == Path(args.source):
        run = Run.open(here, mirror=mirror)
        fetched(mirror)
        share(run)
    else:
        fetched(mirror)
        Run.open(here)
    print(args.target)
    return 0
