"""``bylaw property``: what is held of blocked persons, and the reports on it."""

import argparse
from datetime import date
from typing import TYPE_CHECKING

from bylaw.cli.office import add_office, by, command, commands, day, lab_of, now, office_of

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

GROUNDS = (
    "error: it was blocked by mistake (31 CFR 501.806); what is written down wrongly is no release but a correction"
)


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "property of blocked persons that is held here: blocked, released, reported (31 CFR 501.603)"
    verbs = commands(subparsers, "property", about)
    for add in (_add_block, _add_nothing, _add_correct, _add_release, _add_filed, _add_list):
        add(verbs)


def _add_block(verbs: "Subparsers") -> None:
    about = "write down property of a subject that is held here and blocked: credit, deposits, files, weights"
    parser = command(verbs, "block", about, run_block)
    parser.add_argument("owner", metavar="SUBJECT")
    parser.add_argument("--what", metavar="TEXT", required=True, help="what it is, with its references")
    parser.add_argument("--where", metavar="TEXT", default="", help="where it is, in relation to you")
    parser.add_argument("--target", metavar="TEXT", default="", help="the sanctions target, if it is not the owner")
    parser.add_argument("--value", metavar="TEXT", default="", help="in US dollars, actual or estimated")
    parser.add_argument(
        "--authority", metavar="TEXT", default="", help="under which it is blocked: programme, citation"
    )
    parser.add_argument("--on", metavar="DAY", type=day, help="since when it is blocked (today)")
    add_office(parser)


def _add_nothing(verbs: "Subparsers") -> None:
    about = "write down that somebody looked, and nothing of a blocked subject's is held here"
    parser = command(verbs, "nothing", about, run_nothing)
    parser.add_argument("owner", metavar="SUBJECT")
    add_office(parser)


def _add_correct(verbs: "Subparsers") -> None:
    about = "what was written down of a property is wrong: say what is right; what was said stays, with why"
    parser = command(verbs, "correct", about, run_correct)
    parser.add_argument("number", metavar="N", type=int)
    parser.add_argument("--why", metavar="TEXT", required=True, help="how it came to be written down wrongly")
    parser.add_argument("--owner", metavar="SUBJECT")
    parser.add_argument("--what", metavar="TEXT", dest="property")
    parser.add_argument("--where", metavar="TEXT")
    parser.add_argument("--target", metavar="TEXT")
    parser.add_argument("--value", metavar="TEXT")
    parser.add_argument("--authority", metavar="TEXT")
    parser.add_argument("--on", metavar="DAY", type=day, help="since when it is blocked")
    parser.add_argument("--not-released", action="store_true", help="it was not released after all")
    parser.add_argument("--never", action="store_true", help="there never was such property")
    add_office(parser)


def _add_release(verbs: "Subparsers") -> None:
    about = "write down that property is no longer blocked, or was transferred"
    parser = command(verbs, "release", about, run_release)
    parser.add_argument("number", metavar="N", type=int)
    parser.add_argument("--ground", choices=("order", "license", "delisted", "error"), required=True, help=GROUNDS)
    parser.add_argument("--why", metavar="TEXT", required=True, help="the order, license or notice")
    parser.add_argument("--on", metavar="DAY", type=day, help="since when (today)")
    add_office(parser)


def _add_filed(verbs: "Subparsers") -> None:
    about = "write down that a report was filed, of property or of a refusal: from then on it is owed no longer"
    parser = command(verbs, "filed", about, run_filed)
    parser.add_argument("report", metavar="REPORT", help="as a draft names it: blocked-property/1")
    parser.add_argument("--reference", metavar="TEXT", required=True, help="what the authority calls it")
    parser.add_argument("--on", metavar="DAY", type=day, help="when (today)")
    parser.add_argument("--withdraw", action="store_true", help="it was not filed after all; --reference says why")
    add_office(parser)


def _add_list(verbs: "Subparsers") -> None:
    about = "what is held and blocked on a day, and what was released"
    parser = command(verbs, "list", about, run_list)
    parser.add_argument("--on", metavar="DAY", type=day, help="today")
    add_office(parser)


def run_block(args: argparse.Namespace) -> int:
    """A property more."""
    from bylaw.access.office.property import block

    on = _day(args)
    said = {"where": args.where, "target": args.target, "value": args.value, "authority": args.authority}
    made = block(office_of(args), args.owner, args.what, on, by(), **said)
    print(f"property {made.number} of {made.owner} is blocked since {on}; bylaw decisions report drafts what is owed")
    return 0


def run_nothing(args: argparse.Namespace) -> int:
    """Looked, and nothing there."""
    from bylaw.access.office.property import nothing

    made = nothing(office_of(args), args.owner, _today(), by())
    print(f"nothing of {made.owner} is held, as of {made.on}")
    return 0


def run_correct(args: argparse.Namespace) -> int:
    """A property as it is right, and whether what was filed is to be put right."""
    from bylaw.access.filings.property import CORRECTABLE
    from bylaw.access.office.filing import filings
    from bylaw.access.office.property import correct
    from bylaw.errors import UsageError

    _day(args)
    changes = {name: value for name in CORRECTABLE if (value := getattr(args, name)) is not None}
    if args.never and (changes or args.not_released):
        raise UsageError("--never says that there was no such property: nothing else can be right of it")
    office, said = office_of(args), None if args.never else changes
    standing = filings(office).standing
    done = correct(office, args.number, said, _today(), args.why, by(), standing, unreleased=args.not_released)
    print(f"property {args.number} is corrected: {'; '.join(done.changes)}")
    if done.entry.filed:
        filed = ", ".join(done.entry.filed)
        print(f"{filed} said otherwise when filed; bylaw decisions report drafts the correction")
    return 0


def run_release(args: argparse.Namespace) -> int:
    """A property less."""
    from bylaw.access.filings.property import UNREPORTED
    from bylaw.access.office.property import release

    made = release(office_of(args), args.number, _day(args), args.ground, args.why, by())
    print(f"property {made.number} is released since {made.on}, by {made.ground}: {made.why}")
    if made.ground in UNREPORTED:
        print("no report of it is owed, unless the license asks for one (31 CFR 501.603(b)(3)); check with counsel")
    return 0


def run_filed(args: argparse.Namespace) -> int:
    """A report less to write."""
    from bylaw.access.filings.filed import Filed
    from bylaw.access.office.filing import event_of, file

    office, on = office_of(args), _day(args)
    event = event_of(office, args.report, _today())
    said = Filed(
        reports=(args.report,), event=event, on=on, reference=args.reference, by=by(), taken_back=args.withdraw
    )
    file(office, lab_of(args), said, now())
    done = "is owed again" if said.taken_back else f"was filed on {on}, as {said.reference}"
    print(f"{args.report} {done}; entered in the ledger as a commitment")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Held, then released."""
    from bylaw.access.office.property import holdings
    from bylaw.access.roster.rows import printable

    found, on = holdings(office_of(args)), args.on or _today()
    for each in found.on(on):
        value = each.value or "value not known"
        print(printable(f"{each.number:<4} {each.owner}  {each.property}  {value}  blocked since {each.on}"))
    for number, released in found.released.items():
        if released.on <= on:
            print(f"{number:<4} {found.property[number].owner}  released {released.on}, by {released.ground}")
    for made in found.corrections:
        entry = made.entry
        said = f"{entry.number:<4} corrected on {entry.on} by {entry.by}: {'; '.join(made.changes)} ({entry.why})"
        print(printable(said))
    print(f"{len(found.on(on))} properties blocked on {on}")
    return 0


def _today() -> date:
    """Today in Washington, where the authority counts."""
    from bylaw.access.filings.calendar import day_of

    return day_of(now())


def _day(args: argparse.Namespace) -> date:
    from bylaw.errors import UsageError

    on: date = args.on or _today()
    if on > _today():
        raise UsageError(f"--on {on} is still to come; what is written down has happened")
    return on
