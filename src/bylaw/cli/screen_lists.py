"""``bylaw screen lists``: put a new version in force, show what is, compare two versions."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.cli.screen_store import add_store, changing, index_of, lists_of, read
from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.lists import Change, Lists
    from bylaw.access.screening.parties import Query

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_lists(verbs: "Subparsers") -> None:
    """``lists`` and its commands."""
    about = "the lists in force: put a new version in force, show them, compare two versions"
    commands = verbs.add_parser("lists", help=about, description=about).add_subparsers(required=True, metavar="COMMAND")
    _add_update(commands)
    show = commands.add_parser("show", help="each list in force", description="each list in force")
    about = "who came, who went, whose entry changed, from one version of a list to another"
    diff = commands.add_parser("diff", help=about, description=about)
    diff.add_argument("list", metavar="LIST")
    diff.add_argument("before", metavar="OLD", nargs="?", help="how a version's id starts (the one before NEW)")
    diff.add_argument("after", metavar="NEW", nargs="?", help="how a version's id starts (the one in force)")
    for parser, run in ((show, run_show), (diff, run_diff)):
        add_store(parser)
        parser.set_defaults(run=run)
    _add_subjects(diff)


def _add_update(commands: "Subparsers") -> None:
    about = "put a new version of a list in force, whole or not at all; prints who came and went"
    parser = commands.add_parser("update", help=about, description=about)
    parser.add_argument("list", metavar="LIST", help="ofac-sdn, ofac-consolidated, un, us-csl, bis-dpl, ftm")
    parser.add_argument(
        "files", metavar="FILE", type=Path, nargs="+", help="the list; for OFAC's then alternates and addresses"
    )
    parser.add_argument("--as-of", metavar="DAY", required=True, help="the day it was published: 2026-11-24")
    seal = parser.add_mutually_exclusive_group()
    seal.add_argument(
        "--sha256", metavar="HEX", action="append", default=[], help="a file's digest, from its publisher; one a file"
    )
    seal.add_argument("--parties", metavar="N", type=int, help="how many parties it must hold")
    seal.add_argument("--unsealed", action="store_true", help="neither is known: a cut file may go unnoticed")
    parser.add_argument(
        "--without", metavar="FILE", choices=("alternates", "addresses"), action="append", default=[],
        help="of OFAC's files alternates or addresses: there is none, on purpose; repeatable",
    )  # fmt: skip
    about = "it may lose more than a tenth of its parties, names or addresses"
    parser.add_argument("--may-shrink", action="store_true", help=about)
    add_store(parser)
    _add_subjects(parser)
    parser.set_defaults(run=run_update)


def _add_subjects(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--subjects", metavar="FILE", type=Path, help="a file as for --batch; prints whom the change newly hits"
    )


def run_update(args: argparse.Namespace) -> int:
    """A new version in force."""
    from bylaw.access.screening.formats import by_role, naming, read_file
    from bylaw.access.screening.parties import Seal

    today = datetime.now(UTC).date()
    if args.as_of > str(today):
        raise UsageError(f"--as-of {args.as_of} is still to come (today is {today}): no list was published then")
    lists, paths = lists_of(args, empty=True), by_role(args.list, args.files, args.without)
    queries = read(args.subjects) if args.subjects else []
    before = index_of(lists) if queries and lists.current() else None
    seal = Seal(
        sha256=tuple(args.sha256), parties=args.parties, none=args.unsealed, absent=tuple(dict.fromkeys(args.without))
    )
    files = {role: read_file(path) for role, path in paths.items()}
    with naming(paths), changing(args):
        change = lists.update(args.list, files, args.as_of, seal, shrink=args.may_shrink)
    _tell(lists, change)
    if queries:
        _newly(before, index_of(lists), queries)
    return 0


def run_show(args: argparse.Namespace) -> int:
    """What is in force."""
    lists = lists_of(args)
    for name, version in lists.current().items():
        kept = len(lists.versions(name))
        print(f"{name:18} of {version.as_of}  {version.parties:7} parties  version {version.id[:12]}, {kept} kept")
    print(f"in {lists.root}", file=sys.stderr)
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """Two versions of one list."""
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.lists import diff

    lists = lists_of(args)
    versions = lists.versions(args.list)
    if args.list not in lists.current():
        raise UsageError(f"no version of {args.list} is in force in {lists.root}")
    after = lists.named(args.list, args.after) if args.after else lists.current()[args.list]
    earlier = [each for each in versions if each.as_of <= after.as_of and each != after]
    before = lists.named(args.list, args.before) if args.before else (earlier[-1] if earlier else None)
    was, now = lists.parties_of(before) if before else (), lists.parties_of(after)
    _tell(lists, diff(was, now, args.list, before, after))
    if args.subjects:
        _newly(Index(was), Index(now), read(args.subjects))
    return 0


def _tell(lists: "Lists", change: "Change") -> None:
    names: dict[str, str] = {}
    for key in filter(None, (change.before, change.after)):
        names |= {party.id: party.names[0].text for party in lists.parties_of(lists.version(change.list, key))}
    for word, ids in (("came", change.came), ("went", change.went), ("changed", change.changed)):
        for each in ids if change.before else ():
            print(f"{word:8} {change.list}:{each}  {names[each]}")
    counts = f"{len(change.came)} came, {len(change.went)} went, {len(change.changed)} changed"
    print(f"{change.list}: {counts}; version {change.after[:12]}, in {lists.root}", file=sys.stderr)


def _newly(before: "Index | None", after: "Index", queries: "list[Query]") -> None:
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.screening import newly_hit

    new = newly_hit(before or Index([]), after, queries)
    for match in new:
        print(f"hit      {match.subject}  {match.score:.2f}  {match.list}:{match.party}  {match.name}")
    print(f"{len({match.subject for match in new})} subjects are newly hit", file=sys.stderr)
