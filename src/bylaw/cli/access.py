"""``bylaw access``: an office, who is in it, and what is known of them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw.cli.office import add_office, by, command, commands, day, folder_of, lab_of, now, office_of

if TYPE_CHECKING:
    from bylaw.access.roster.report import Report

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "the office: rosters in, facts with their history, holds, what is on lists and who owns whom"
    verbs = commands(subparsers, "access", about)
    for add in (
        _add_init,
        _add_demo,
        _add_import,
        _add_refresh,
        _add_confirm,
        _add_facts,
        _add_hold,
        _add_erase,
        _add_reads,
        _add_verify,
    ):
        add(verbs)


def _add_init(verbs: "Subparsers") -> None:
    about = "make an office with nothing in force: every decision is *hold*"
    parser = command(verbs, "init", about, run_init)
    parser.add_argument("--model", metavar="M", action="append", required=True, help="a model it decides on")
    add_office(parser)


def _add_demo(verbs: "Subparsers") -> None:
    about = "make an office to practise in: a population, two approvers with their keys, ordinary access in force"
    parser = command(verbs, "demo", about, run_demo)
    parser.add_argument("--subjects", metavar="N", type=int, default=2000)
    parser.add_argument("--seed", metavar="N", type=int, default=1)
    add_office(parser)


def _add_import(verbs: "Subparsers") -> None:
    about = "bring a roster in: CSV, JSONL, SCIM 2.0 or a signed KYC result; all of it or nothing"
    parser = command(verbs, "import", about, run_import)
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+")
    parser.add_argument("--format", metavar="F", help="by the file's name, if not given")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    parser.add_argument("--skip-faulty", action="store_true", help="leave faulty rows out instead of refusing the file")
    parser.add_argument("--source", metavar="TEXT", default="", help="who says so, for rows that do not")
    parser.add_argument("--grade", choices=("declared", "attested", "document", "verified"))
    parser.add_argument("--as-of", metavar="DAY", type=day, help="when it was seen")
    parser.add_argument(
        "--provider", metavar="NAME=PEM", action="append", default=[], help="a trusted KYC provider's key"
    )
    parser.add_argument("--checked", metavar="SUBJECT", help="whom the provider was to check: nobody else's results")
    parser.add_argument(
        "--organization", metavar="NAME=ID", action="append", default=[], help="the id of one that SCIM names"
    )
    parser.add_argument(
        "--scim-id", choices=("userName", "externalId", "id"), default="userName", help="what is the subject's id"
    )
    add_office(parser)


def _add_refresh(verbs: "Subparsers") -> None:
    about = "screen everybody against the lists in force, and work out who is owned by whom"
    parser = command(verbs, "refresh", about, run_refresh)
    add_office(parser)


def _add_confirm(verbs: "Subparsers") -> None:
    about = "a subject is a listed party, somebody found: from the next refresh on it is a hit, under any name"
    parser = command(verbs, "confirm", about, run_confirm)
    parser.add_argument("subject", metavar="SUBJECT")
    parser.add_argument("--list", metavar="LIST", required=True)
    parser.add_argument(
        "--party", metavar="ID", required=True, help="the party's id on the list, as screening names it"
    )
    parser.add_argument("--why", metavar="TEXT", required=True)
    parser.add_argument("--withdraw", action="store_true", help="it was wrong: the subject is not that party")
    add_office(parser)


def _add_verify(verbs: "Subparsers") -> None:
    about = "whether journal, rules and decisions are those that the ledger has; exit code 4 if something differs"
    parser = command(verbs, "verify", about, run_verify)
    add_office(parser)


def _add_facts(verbs: "Subparsers") -> None:
    about = "what is known of a subject, with its history; that somebody looked, and why, is kept"
    parser = command(verbs, "facts", about, run_facts)
    parser.add_argument("subject", metavar="SUBJECT")
    parser.add_argument("--why", metavar="TEXT", required=True)
    add_office(parser)


def _add_hold(verbs: "Subparsers") -> None:
    about = "a legal hold: nothing of a subject is erased until it is lifted"
    parser = command(verbs, "hold", about, run_hold)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("subject", metavar="SUBJECT", nargs="?")
    what.add_argument("--everybody", action="store_true")
    what.add_argument("--lift", metavar="N", type=int, help="end the hold of this number")
    parser.add_argument("--why", metavar="TEXT", required=True)
    add_office(parser)


def _add_erase(verbs: "Subparsers") -> None:
    about = "forget a subject, or what need not be kept any longer; refused under a legal hold"
    parser = command(verbs, "erase", about, run_erase)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("subject", metavar="SUBJECT", nargs="?")
    what.add_argument("--expired", action="store_true", help="all whose time to be kept is over")
    parser.add_argument("--why", metavar="TEXT", required=True)
    add_office(parser)


def _add_reads(verbs: "Subparsers") -> None:
    about = "who looked at raw facts, when and why"
    parser = command(verbs, "reads", about, run_reads)
    parser.add_argument("subject", metavar="SUBJECT", nargs="?", help="only at this one")
    add_office(parser)


def run_init(args: argparse.Namespace) -> int:
    """An empty office."""
    from bylaw.access.office.place import Office, OfficeSettings

    office = Office.create(folder_of(args), OfficeSettings(models=tuple(args.model)))
    print(f"{office.root}: put two approvers into approvers.toml, then bylaw access import, and")
    print("bylaw directive new --from ordinary-access, to sign and enact: until then every decision is a hold")
    return 0


def run_demo(args: argparse.Namespace) -> int:
    """An office to practise in."""
    from bylaw.cli.practice import make

    return make(folder_of(args), lab_of(args), args.subjects, args.seed, now())


def run_import(args: argparse.Namespace) -> int:
    """Files, one after the other; stops at the first that is refused."""
    from bylaw.access.roster.bring import bring
    from bylaw.access.roster.options import Options
    from bylaw.signing import PublicKey

    options = Options(
        today=now().date(),
        source=args.source,
        grade=args.grade,
        as_of=args.as_of,
        skip_faulty=args.skip_faulty,
        providers={name: PublicKey.load(Path(path)) for name, path in _named(args.provider, "NAME=PEM").items()},
        checked=args.checked,
        organizations=_named(args.organization, "NAME=ID"),
        scim_id=args.scim_id,
    )
    with office_of(args).store() as store:
        for place, path in enumerate(args.files, 1):
            report: Report = bring(path, store, options, by=by(), format=args.format, dry=args.dry_run)
            print(report.text())
            if report.refused:
                for left in args.files[place:]:
                    print(f"{left}: not looked at, since {path} was refused")
                return 1
    return 0


def run_refresh(args: argparse.Namespace) -> int:
    """What decisions take from elsewhere, worked out anew."""
    from bylaw.access.office.refresh import refresh

    office, at = office_of(args), now()
    key = refresh(office, at, lambda text: print(text, flush=True))
    print(f"decisions are made with {key[:16]}… from now on")
    return 0


def run_confirm(args: argparse.Namespace) -> int:
    """One of a list, or not after all."""
    from bylaw.access.office.refresh import Confirmation, confirm

    said = Confirmation(
        subject=args.subject,
        list=args.list,
        party=args.party,
        why=args.why,
        by=by(),
        on=now().date(),
        withdrawn=args.withdraw,
    )
    confirm(office_of(args), said)
    word = "is not" if args.withdraw else "is"
    print(f"{args.subject} {word} {args.party} on {args.list}, from the next bylaw access refresh on")
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """What differs."""
    from bylaw.access.office.agreement import differences, others

    office, lab = office_of(args), lab_of(args)
    found = list(differences(office, lab, now()))
    for each in found:
        print(each)
    for name, count in others(office, lab).items():
        print(f"{count} entries are of another office, {name[:23]}…, and not looked at here")
    print(f"{len(found)} differences between {office.root} and {lab.ledger}")
    return 4 if found else 0


def run_facts(args: argparse.Namespace) -> int:
    """History, oldest first."""
    from bylaw.access.office.words import fact

    with office_of(args).store() as store:
        for entry in store.history(args.subject, by=by(), why=args.why):
            said = fact(entry.fact) if entry.fact else f"erased (erasure {entry.erasure})"
            print(f"import {entry.recorded_by:<4} {entry.name:<20} {said}")
    return 0


def run_hold(args: argparse.Namespace) -> int:
    """Place or lift."""
    with office_of(args).store() as store:
        if args.lift is not None:
            store.lift(args.lift, by=by(), why=args.why)
            print(f"hold {args.lift} is lifted")
        else:
            number = store.hold(args.subject, by=by(), why=args.why)
            whom = args.subject or "anybody"
            print(f"hold {number}: nothing of {whom} is erased until bylaw access hold --lift {number}")
    return 0


def run_erase(args: argparse.Namespace) -> int:
    """Forgotten."""
    from bylaw.access.office.property import owners_kept
    from bylaw.access.store.errors import UnderHold

    office = office_of(args)
    kept = owners_kept(office, now().date())
    with office.store() as store:
        if args.subject in kept:
            mine = [hold for hold in store.holds() if hold.lifted is None and hold.subject in (None, args.subject)]
            held = [f"hold {hold.id}, by {hold.by}: {hold.why}" for hold in mine]
            raise UnderHold(f"nothing was erased: {'; '.join((kept[args.subject], *held))}")
        if args.expired:
            retired = store.retire(now().date(), by=by(), why=args.why, kept=kept)
            print(f"erasure {retired.erasure.id}: {retired.erasure.facts} facts whose time to be kept is over")
            for id, hold in retired.held.items():
                print(f"{id} is kept: {hold}")
        else:
            done = store.erase(args.subject, by=by(), why=args.why)
            print(f"erasure {done.id}: {done.facts} facts of {args.subject}")
            if done.mentions:
                print(f"still named by facts of: {', '.join(done.mentions)}")
    return 0


def run_reads(args: argparse.Namespace) -> int:
    """The log."""
    from bylaw.access.roster.rows import printable

    with office_of(args).store() as store:
        for each in store.reads(args.subject):
            names = ", ".join(each.names) or "everything"
            line = (
                f"{each.at:%Y-%m-%d %H:%M:%S}  {each.by:<12} {each.subject or 'the register':<20} {names}: {each.why}"
            )
            print(printable(line))
    return 0


def _named(texts: list[str], form: str) -> dict[str, str]:
    """What each name is given. Raises ``UsageError`` for another form, and for a name that is given two things."""
    from bylaw.errors import UsageError

    named: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value:
            raise UsageError(f"give {form}, not {text!r}")
        if named.setdefault(name, value) != value:
            raise UsageError(f"{name!r} is given twice, as {named[name]} and as {value}")
    return named
