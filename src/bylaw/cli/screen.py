"""``bylaw screen``: names against lists; the lists themselves; and who was found not to be a listed party.

``bylaw screen NAME`` is short for ``bylaw screen who NAME``.
"""

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bylaw import storage
from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.lists import Change, Lists
    from bylaw.access.screening.match import Match
    from bylaw.access.screening.parties import Party, Query

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

COMMANDS = ("who", "lists", "clear")


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "who is on a sanctions list, and why that is believed"
    parser = subparsers.add_parser(
        "screen", help=about, description=f"{about}; bylaw screen NAME is short for who NAME"
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_who, _add_lists, _add_clear):
        add(verbs)
    # argparse knows no default subcommand; the instance's own name comes before the class's
    vars(parser)["parse_known_args"] = partial(_who_first, parser.parse_known_args)


def _who_first(parse: Callable[..., Any], args: Sequence[str], namespace: argparse.Namespace | None = None) -> Any:
    known = not args or args[0] in (*COMMANDS, "-h", "--help")
    return parse(list(args) if known else ["who", *args], namespace)


def _add_who(verbs: "Subparsers") -> None:
    about = "screen one name, or a file of them; prints each match with its reasons"
    parser = verbs.add_parser("who", help=about, description=about)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("name", metavar="NAME", nargs="?", help="a name in any script")
    what.add_argument("--batch", metavar="FILE", type=Path, help="a CSV file: name, and id, dob, country, type")
    what.add_argument("--pairs", metavar="FILE", type=Path, help="measure: name1, name2, schema, is_match in CSV")
    _add_particulars(parser)
    _add_store(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a match")
    parser.set_defaults(run=run_who)


def _add_particulars(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dob", metavar="DATE", default="", help="date of birth: 1961, 1961-11, 1961-11-23")
    parser.add_argument("--country", metavar="COUNTRY", action="append", default=[], help="code or name; repeatable")
    parser.add_argument(
        "--type", metavar="TYPE", default="entity", help="person, organization, vessel, aircraft, or entity: not known"
    )
    parser.add_argument("--id", metavar="ID", default="", help="the subject's id, by which clearances know it")


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lists", metavar="DIR", type=Path, default=Path("screening"), help="where the lists are kept (screening)"
    )


def _add_lists(verbs: "Subparsers") -> None:
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
        _add_store(parser)
        parser.set_defaults(run=run)
    _add_subjects(diff)


def _add_update(commands: "Subparsers") -> None:
    about = "put a new version of a list in force, whole or not at all; prints who came and went"
    parser = commands.add_parser("update", help=about, description=about)
    parser.add_argument("list", metavar="LIST", help="ofac-sdn, ofac-consolidated, un, us-csl, bis-dpl, ftm")
    parser.add_argument(
        "files", metavar="FILE", type=Path, nargs="+", help="the list; for OFAC's also alternates and addresses"
    )
    parser.add_argument("--as-of", metavar="DAY", required=True, help="the day it was published: 2026-11-24")
    seal = parser.add_mutually_exclusive_group()
    seal.add_argument("--sha256", metavar="HEX", default="", help="digest of the first file, from its publisher")
    seal.add_argument("--parties", metavar="N", type=int, help="how many parties it must hold")
    seal.add_argument("--unsealed", action="store_true", help="neither is known: a cut file may go unnoticed")
    parser.add_argument("--may-shrink", action="store_true", help="it may lose more than a tenth of its parties")
    _add_store(parser)
    _add_subjects(parser)
    parser.set_defaults(run=run_update)


def _add_subjects(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--subjects", metavar="FILE", type=Path, help="a file as for --batch; prints whom the change newly hits"
    )


def _add_clear(verbs: "Subparsers") -> None:
    about = "remember that a subject is not a listed party, until what is known of either changes"
    parser = verbs.add_parser("clear", help=about, description=about)
    parser.add_argument("subject", metavar="SUBJECT", help="the name screened, or an id in --subjects")
    parser.add_argument("party", metavar="PARTY", help="as printed: LIST:ID")
    parser.add_argument("--why", metavar="TEXT", required=True, help="how it was found out")
    parser.add_argument("--by", metavar="NAME", help="who found it out (the user of this machine)")
    parser.add_argument("--subjects", metavar="FILE", type=Path, help="a file as for --batch")
    _add_particulars(parser)
    _add_store(parser)
    parser.add_argument("--withdraw", action="store_true", help="it was wrong to clear it: the match is open again")
    parser.set_defaults(run=run_clear)


def run_who(args: argparse.Namespace) -> int:
    """Screen, or measure."""
    if args.pairs:
        return _measure(args.pairs)
    from bylaw.access.screening.clearances import Clearances

    index, cleared = _index(_lists(args.lists)), Clearances(args.lists)
    parties = {(party.list, party.id): party for party in index.parties}
    queries = _read(args.batch) if args.batch else [_query(args, args.name)]
    hit = 0
    for query in queries:
        matches = cleared.open(query, index.screen(query), parties)
        hit += bool(matches)
        _say(query, matches, parties, args.json)
    print(f"{hit} of {len(queries)} match; {len(index.parties)} listed parties", file=sys.stderr)
    return 0


def run_update(args: argparse.Namespace) -> int:
    """A new version in force."""
    from bylaw.access.screening.formats import files_of
    from bylaw.access.screening.parties import Seal

    today = datetime.now(UTC).date()
    if args.as_of > str(today):
        raise UsageError(f"--as-of {args.as_of} is still to come (today is {today}): no list was published then")
    lists = _lists(args.lists, empty=True)
    queries = _read(args.subjects) if args.subjects else []
    before = _index(lists) if queries and lists.current() else None
    seal = Seal(sha256=args.sha256, parties=args.parties, none=args.unsealed)
    change = lists.update(args.list, files_of(args.list, args.files), args.as_of, seal, shrink=args.may_shrink)
    _tell(lists, change)
    if queries:
        _newly(before, _index(lists), queries)
    return 0


def run_show(args: argparse.Namespace) -> int:
    """What is in force."""
    lists = _lists(args.lists)
    for name, version in lists.current().items():
        kept = len(lists.versions(name))
        print(f"{name:18} of {version.as_of}  {version.parties:7} parties  version {version.id[:12]}, {kept} kept")
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """Two versions of one list."""
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.lists import diff

    lists = _lists(args.lists)
    versions = lists.versions(args.list)
    if args.list not in lists.current():
        raise UsageError(f"no version of {args.list} is in force in {args.lists}")
    after = lists.named(args.list, args.after) if args.after else lists.current()[args.list]
    earlier = [each for each in versions if each.as_of <= after.as_of and each != after]
    before = lists.named(args.list, args.before) if args.before else (earlier[-1] if earlier else None)
    was, now = lists.parties_of(before) if before else (), lists.parties_of(after)
    _tell(lists, diff(was, now, args.list, before, after))
    if args.subjects:
        _newly(Index(was), Index(now), _read(args.subjects))
    return 0


def run_clear(args: argparse.Namespace) -> int:
    """Remember a false positive."""
    from bylaw.access.screening.clearances import Clearances

    index = _index(_lists(args.lists))
    parties = {f"{party.list}:{party.id}": party for party in index.parties}
    if args.party not in parties:
        raise UsageError(f"no party {args.party} on the lists in force; a match prints it as LIST:ID")
    party = parties[args.party]
    queries = _of_subject(args)
    hit = [query for query in queries if (party.list, party.id) in {(m.list, m.party) for m in index.screen(query)}]
    if not hit:
        raise UsageError(f"{args.subject} does not match {args.party}: there is nothing to clear")
    cleared = Clearances(args.lists)
    said = cleared.withdraw if args.withdraw else cleared.clear
    for query in hit:
        said(query, party, args.why, args.by or getpass.getuser(), date.today().isoformat())
    if args.withdraw:
        print(f"{args.subject} may be {args.party}, {party.names[0].text}, after all: the match is open again")
    else:
        print(f"{args.subject} is not {args.party}, {party.names[0].text}; until what is known of either changes")
    return 0


def _of_subject(args: argparse.Namespace) -> "list[Query]":
    if not args.subjects:
        return [_query(args, args.subject)]
    found = [query for query in _read(args.subjects) if query.subject == args.subject]
    if not found:
        raise UsageError(f"no subject {args.subject} in {args.subjects}")
    return found


def _measure(path: Path) -> int:
    from bylaw.access.screening.pairs import score_pairs
    from bylaw.access.screening.score import THRESHOLD

    scored = score_pairs(_bytes(path))
    print(f"pairs      {scored.pairs}\nthreshold  {THRESHOLD}\nprecision  {scored.precision:.4f}")
    print(f"recall     {scored.recall:.4f}\nF1         {scored.f1:.4f}")
    return 0


def _lists(root: Path, empty: bool = False) -> "Lists":
    from bylaw.access.screening.lists import Lists

    lists = Lists(root)
    if not empty and not lists.current():
        raise UsageError(f"no list is in force in {root}: bring one: bylaw screen lists update, or name --lists")
    return lists


def _index(lists: "Lists") -> "Index":
    from bylaw.access.screening.index import Index

    return Index(lists.parties())


def _query(args: argparse.Namespace, name: str) -> "Query":
    from bylaw.access.screening.queries import query_of

    return query_of(name, born=args.dob, countries=args.country, kind=args.type, id=args.id)


def _read(path: Path) -> "list[Query]":
    from bylaw.access.screening.queries import read_queries

    return read_queries(_bytes(path))


def _bytes(path: Path) -> bytes:
    from bylaw.access.screening.formats import read_file

    return read_file(path)


def _say(query: "Query", matches: "Iterable[Match]", parties: "dict[tuple[str, str], Party]", as_json: bool) -> None:
    from bylaw.access.roster.rows import printable

    for match in matches:
        if as_json:
            print(storage.line_of(match).decode(), end="")
            continue
        party = parties[match.list, match.party]
        head = f"{query.subject}  {match.score:.2f}  {match.list}:{match.party}  {match.name} ({party.kind})"
        about = [*match.why, f"listed under {', '.join(party.programs)}" if party.programs else ""]
        for line in (head, *(f"    {line}" for line in about if line)):
            print(printable(line))


def _tell(lists: "Lists", change: "Change") -> None:
    names: dict[str, str] = {}
    for key in filter(None, (change.before, change.after)):
        names |= {party.id: party.names[0].text for party in lists.parties_of(lists.version(change.list, key))}
    for word, ids in (("came", change.came), ("went", change.went), ("changed", change.changed)):
        for each in ids if change.before else ():
            print(f"{word:8} {change.list}:{each}  {names[each]}")
    counts = f"{len(change.came)} came, {len(change.went)} went, {len(change.changed)} changed"
    print(f"{change.list}: {counts}; version {change.after[:12]}", file=sys.stderr)


def _newly(before: "Index | None", after: "Index", queries: "list[Query]") -> None:
    from bylaw.access.screening.index import Index
    from bylaw.access.screening.screening import newly_hit

    new = newly_hit(before or Index([]), after, queries)
    for match in new:
        print(f"hit      {match.subject}  {match.score:.2f}  {match.list}:{match.party}  {match.name}")
    print(f"{len({match.subject for match in new})} subjects are newly hit", file=sys.stderr)
