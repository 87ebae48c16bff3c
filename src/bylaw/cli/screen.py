"""``bylaw screen``: names against lists; the lists themselves; and who was found not to be a listed party.

``bylaw screen NAME`` is short for ``bylaw screen who NAME``.
"""

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bylaw import storage
from bylaw.cli.screen_lists import add_lists
from bylaw.cli.screen_store import add_store, changing, index_of, known_as, lists_of, office_here, read
from bylaw.errors import UsageError

if TYPE_CHECKING:
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
    for add in (_add_who, add_lists, _add_clear):
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
    add_store(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a match")
    parser.set_defaults(run=run_who)


def _add_particulars(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dob", metavar="DATE", default="", help="date of birth: 1961, 1961-11, 1961-11-23")
    parser.add_argument("--country", metavar="COUNTRY", action="append", default=[], help="code or name; repeatable")
    parser.add_argument(
        "--type", metavar="TYPE", default="entity", help="person, organization, vessel, aircraft, or entity: not known"
    )
    parser.add_argument("--id", metavar="ID", default="", help="the subject's id, by which clearances know it")


def _add_clear(verbs: "Subparsers") -> None:
    about = "remember that a subject is not a listed party, until what is known of either changes"
    parser = verbs.add_parser("clear", help=about, description=about)
    parser.add_argument("subject", metavar="SUBJECT", help="the name, or an id in --subjects or in the office")
    parser.add_argument("party", metavar="PARTY", help="as printed: LIST:ID")
    parser.add_argument("--why", metavar="TEXT", required=True, help="how it was found out")
    parser.add_argument("--by", metavar="NAME", help="who found it out (the user of this machine)")
    parser.add_argument("--subjects", metavar="FILE", type=Path, help="a file as for --batch")
    _add_particulars(parser)
    add_store(parser)
    parser.add_argument("--withdraw", action="store_true", help="it was wrong to clear it: the match is open again")
    parser.set_defaults(run=run_clear)


def run_who(args: argparse.Namespace) -> int:
    """Screen, or measure."""
    if args.pairs:
        return _measure(args.pairs)
    from bylaw.access.screening.clearances import Clearances

    lists = lists_of(args)
    index, cleared = index_of(lists), Clearances(lists.root)
    parties = {(party.list, party.id): party for party in index.parties}
    queries = read(args.batch) if args.batch else [_query(args, args.name)]
    hit = 0
    for query in queries:
        matches = cleared.open(query, index.screen(query), parties)
        hit += bool(matches)
        _say(query, matches, parties, args.json)
    print(f"{hit} of {len(queries)} match; {len(index.parties)} listed parties in {lists.root}", file=sys.stderr)
    return 0


def run_clear(args: argparse.Namespace) -> int:
    """Remember a false positive."""
    lists = lists_of(args)
    index = index_of(lists)
    parties = {f"{party.list}:{party.id}": party for party in index.parties}
    if args.party not in parties:
        raise UsageError(f"no party {args.party} on the lists in force; a match prints it as LIST:ID")
    party = parties[args.party]
    known = known_as(args, args.id or args.subject, f"to clear a match with {args.party}: {args.why}")
    queries = _of_subject(args, known)
    hit = [query for query in queries if (party.list, party.id) in {(m.list, m.party) for m in index.screen(query)}]
    if not hit:
        raise UsageError(f"{args.subject} does not match {args.party}: there is nothing to clear")
    _keep(args, lists.root, hit, party)
    word, until = ("may be", "after all: the match is open again") if args.withdraw else ("is not", _UNTIL)
    print(f"{args.subject} {word} {args.party}, {party.names[0].text}, {until}; kept in {lists.root}")
    if office_here(args) and not set(hit) & set(known):
        print(f"the office does not know {args.subject} by these particulars: its decisions stay", file=sys.stderr)
    return 0


_UNTIL = "until what is known of either changes"


def _keep(args: argparse.Namespace, root: Path, queries: "list[Query]", party: "Party") -> None:
    from bylaw.access.screening.clearances import Clearances

    with changing(args):
        cleared = Clearances(root)
        said = cleared.withdraw if args.withdraw else cleared.clear
        for query in queries:
            said(query, party, args.why, args.by or getpass.getuser(), date.today().isoformat())


def _of_subject(args: argparse.Namespace, known: "list[Query]") -> "list[Query]":
    """Who is meant: a row of the file, whom the office knows by this id, or a name with what is said beside it."""
    if not args.subjects:
        beside = args.id or args.dob or args.country
        return known if known and not beside else [_query(args, args.subject)]
    found = [query for query in read(args.subjects) if query.subject == args.subject]
    if not found:
        raise UsageError(f"no subject {args.subject} in {args.subjects}")
    return found


def _measure(path: Path) -> int:
    from bylaw.access.screening.formats import read_file
    from bylaw.access.screening.pairs import score_pairs
    from bylaw.access.screening.score import THRESHOLD

    scored = score_pairs(read_file(path), where=str(path))
    print(f"pairs      {scored.pairs}\nthreshold  {THRESHOLD}\nprecision  {scored.precision:.4f}")
    print(f"recall     {scored.recall:.4f}\nF1         {scored.f1:.4f}")
    return 0


def _query(args: argparse.Namespace, name: str) -> "Query":
    from bylaw.access.screening.queries import query_of

    return query_of(name, born=args.dob, countries=args.country, kind=args.type, id=args.id)


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
