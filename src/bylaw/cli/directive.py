"""``bylaw directive``: new, check, sign, impact, enact, rescind, list, diff."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw import storage
from bylaw.cli.office import add_office, command, commands, lab_of, now, office_of
from bylaw.errors import UsageError

if TYPE_CHECKING:
    from bylaw.access.office.impact import Impact, Row

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

SHOWN = 12
"""Rows of a table that are printed; ``--json`` has all."""


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "who may use a model, as law: write, check, try, enact and rescind directives"
    verbs = commands(subparsers, "directive", about)
    for add in (_add_new, _add_check, _add_sign, _add_impact, _add_enact, _add_rescind, _add_list, _add_diff):
        add(verbs)


def _add_new(verbs: "Subparsers") -> None:
    about = "begin a document from one that ships; without --from, list those"
    parser = command(verbs, "new", about, run_new)
    parser.add_argument("--from", metavar="NAME", dest="source", help="a document of the library")
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="where it goes (NAME.toml)")


def _add_check(verbs: "Subparsers") -> None:
    about = "find contradictions, gaps, bad dates and unknown names; exit code 1 if there are errors"
    parser = command(verbs, "check", about, run_check)
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+", help="documents, beside what is in force")
    parser.add_argument("--alone", action="store_true", help="without what is in force")
    add_office(parser)


def _add_sign(verbs: "Subparsers") -> None:
    about = "approve a document: two people of approvers.toml must"
    parser = command(verbs, "sign", about, run_sign)
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--key", metavar="PEM", type=Path, required=True, help="the approver's private key")
    add_office(parser)


def _add_impact(verbs: "Subparsers") -> None:
    about = "decide about everybody with and without a document, and compare; nothing changes"
    parser = command(verbs, "impact", about, run_impact)
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+")
    parser.add_argument("--model", metavar="M", action="append", help="only these (all of access.toml)")
    parser.add_argument("--at", metavar="T", help="as of an instant (when the documents take effect, or now)")
    parser.add_argument("--days", metavar="N", type=_days, default=7, help="recorded requests of so many days (7)")
    parser.add_argument("--json", action="store_true", help="everything, with every loss, as one JSON object")
    add_office(parser)


def _add_enact(verbs: "Subparsers") -> None:
    about = "bring a document with two approvals into force, and enter it in the ledger"
    parser = command(verbs, "enact", about, run_enact)
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--despite-errors", action="store_true", help="though a check finds errors; they are kept")
    add_office(parser)


def _add_rescind(verbs: "Subparsers") -> None:
    about = "begin the document that ends one in force; sign and enact it"
    parser = command(verbs, "rescind", about, run_rescind)
    parser.add_argument("id", metavar="ID", help="the document in force")
    parser.add_argument("--citation", metavar="TEXT", required=True, help="the order that ends it")
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="where it goes (rescind-ID.toml)")
    add_office(parser)


def _add_list(verbs: "Subparsers") -> None:
    about = "what was enacted, what ended, and what is in force"
    parser = command(verbs, "list", about, run_list)
    parser.add_argument("--as-of", metavar="T", help="at an instant (now)")
    add_office(parser)


def _add_diff(verbs: "Subparsers") -> None:
    about = "what two documents say differently"
    parser = command(verbs, "diff", about, run_diff)
    parser.add_argument("old", metavar="OLD", type=Path)
    parser.add_argument("new", metavar="NEW", type=Path)


def run_new(args: argparse.Namespace) -> int:
    """A copy to edit, or the list of what ships."""
    from bylaw.access.rules.library import library

    shelf = library()
    if args.source is None:
        for name, each in sorted(shelf.items()):
            print(f"{name:<36} {each.document.title}")
        return 0
    if args.source not in shelf:
        raise UsageError(f"the library has no {args.source!r}; it has {', '.join(sorted(shelf))}")
    out = args.out or Path(f"{args.source}.toml")
    _require_absent(out)
    storage.write_text(out, shelf[args.source].text)
    print(f"{out}: edit it, then bylaw directive check {out}")
    return 0


def run_check(args: argparse.Namespace) -> int:
    """Complaints, worst first."""
    from bylaw.access.office.enact import complaints
    from bylaw.access.rules.document import read

    office = office_of(args)
    at = office.clock(now())
    beside = () if args.alone else office.rules(at)
    found = complaints(office, (*beside, *map(read, args.files)), at)
    for each in found:
        print(each)
    errors = sum(each.severity == "error" for each in found)
    said = f"{errors} errors, {len(found) - errors} warnings"
    print(f"{len(args.files)} documents beside {len(beside)} enacted: {said}")
    return 1 if errors else 0


def run_sign(args: argparse.Namespace) -> int:
    """One approval more."""
    from bylaw.access.rules.approval import approved, sign
    from bylaw.errors import VerificationError
    from bylaw.signing import LocalSigner

    approvers, signer = office_of(args).approvers(), LocalSigner.load(args.key)
    names = [each.name for each, key in approvers.known if key.id == signer.public.id]
    if not names:
        raise UsageError(f"{args.key} is the key of nobody in approvers.toml")
    print(f"{names[0]} signed: {sign(args.file, signer)}")
    try:
        approved(args.file, approvers, now())
        print("it can be enacted")
    except VerificationError as error:
        print(error.message)
    return 0


def run_impact(args: argparse.Namespace) -> int:
    """Whom it would hit."""
    import msgspec

    from bylaw.access.office.impact import foresee
    from bylaw.access.office.place import instant
    from bylaw.access.rules.document import read

    office, documents = office_of(args), tuple(map(read, args.files))
    at = instant(args.at) if args.at else None
    found = foresee(office, documents, now(), at=at, models=args.model or (), days=args.days)
    if args.json:
        print(json.dumps({**msgspec.to_builtins(found), "over_blocking": found.over_blocking}))
    else:
        _print_impact(found)
    return 0


def run_enact(args: argparse.Namespace) -> int:
    """In force."""
    from bylaw.access.office.enact import enact
    from bylaw.access.office.place import stamp

    office = office_of(args)
    act = enact(office, args.file, lab_of(args), now(), despite_errors=args.despite_errors)
    ends = f"; it ends {', '.join(act.ends)}" if act.ends else ""
    print(f"{act.document} is enacted, effective {stamp(act.effective)}{ends}")
    print(f"entered in the ledger as {', '.join(map(str, act.entries))}")
    for each in act.despite:
        print(f"DESPITE an error: {each}", file=sys.stderr)
    return 0


def run_rescind(args: argparse.Namespace) -> int:
    """A draft that ends a document."""
    from bylaw.access.office.enact import rescission

    out = args.out or Path(f"rescind-{args.id.partition('@')[0]}.toml")
    _require_absent(out)
    storage.write_text(out, rescission(office_of(args), args.id, args.citation, now()))
    print(f"{out}: two approvers sign it (bylaw directive sign), then bylaw directive enact {out}")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Every act, and whether it counts."""
    from bylaw.access.office.place import instant, stamp
    from bylaw.access.office.status import statuses

    office = office_of(args)
    for each in statuses(office, instant(args.as_of) if args.as_of else office.clock(now())):
        act, by_whom = each.act, f", {each.state} by {each.by}" if each.by else ""
        print(f"{act.document:<40} {each.state:<13} enacted {stamp(act.at)}, effective {stamp(act.effective)}{by_whom}")
    return 0


def run_diff(args: argparse.Namespace) -> int:
    """Field by field."""
    from bylaw.access.rules.diff import diff
    from bylaw.access.rules.document import read

    for line in diff([read(args.old)], [read(args.new)]):
        print(line)
    return 0


def _print_impact(found: "Impact") -> None:
    print(f"{found.subjects:,} subjects, as of {found.at}: allowed / held / refused, before → after")
    for heading, rows in (
        ("by kind", found.totals),
        ("by country", found.countries),
        ("by organisation", found.organizations),
        ("recorded requests", found.traffic),
    ):
        if rows:
            print(f"\n{heading}")
            print("\n".join(map(_row, rows[:SHOWN])))
            if len(rows) > SHOWN:
                print(f"  … and {len(rows) - SHOWN} more (--json)")
    if not found.subjects:
        print("nobody is known here, so nothing is said of whom it would hit: bylaw access import", file=sys.stderr)
    whom = len({loss.subject for loss in found.losses})
    lost = f"{len(found.losses):,} lose access, counted by subject and model ({whom:,} subjects)"
    print(f"\n{lost}: {found.settled:,} by what is known, {found.unsettled:,} for want of a fact")
    print(f"over-blocking, at the most: {found.over_blocking:.1%} of those losses")
    for name, count in found.needs.items():
        print(f"  {count:,} of those held would need: {name.replace('_', ' ')}")
    for rule, count in found.unsafe.items():
        print(f"UNSAFE  {rule} lets {count:,} through though a fact is unknown", file=sys.stderr)


def _row(row: "Row") -> str:
    def outcomes(counts: dict[str, int]) -> str:
        return " / ".join(f"{counts[each]:>7,}" for each in ("allow", "hold", "refuse"))

    return f"  {row.model:<12} {row.group[:28]:<28} {outcomes(row.before)}  →  {outcomes(row.after)}"


def _days(text: str) -> int:
    """A number of days that a calendar has."""
    if not text.isascii() or not text.isdecimal() or len(text) > 5:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return int(text)


def _require_absent(path: Path) -> None:
    if path.exists():
        raise UsageError(f"{path} is there already; name another file with -o")
