"""``bylaw decisions``: make, explain, list, prove, replay and report decisions."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from bylaw.cli.office import add_office, by, command, commands, lab_of, now, office_of

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its subcommands."""
    about = "decide, explain a decision, make old ones again, report what is owed"
    verbs = commands(subparsers, "decisions", about)
    for add in (_add_make, _add_explain, _add_list, _add_commit, _add_proof, _add_replay, _add_report, _add_retire):
        add(verbs)


def _add_make(verbs: "Subparsers") -> None:
    about = "decide about one subject now, keep the decision, explain it; exit code 1 unless it is allowed"
    parser = command(verbs, "make", about, run_make)
    parser.add_argument("subject", metavar="SUBJECT")
    parser.add_argument("--model", metavar="M", required=True)
    parser.add_argument("--surface", metavar="S", default="api", help="api, batch, weights, fine-tune, employee-tools")
    parser.add_argument("--location", metavar="CC", default="", help="the country the request comes from")
    parser.add_argument("--channel", metavar="ID", default="", help="the channel it comes through")
    add_office(parser)


def _add_explain(verbs: "Subparsers") -> None:
    about = "what was decided, by which rule, on which facts, and what would settle it"
    parser = command(verbs, "explain", about, run_explain)
    parser.add_argument("id", metavar="ID", help="a decision, the beginning of its id, or a caller's receipt")
    add_office(parser)


def _add_list(verbs: "Subparsers") -> None:
    about = "the decisions of a time"
    parser = command(verbs, "list", about, run_list)
    _add_times(parser)
    parser.add_argument("--outcome", choices=("allow", "hold", "refuse"), default="")
    add_office(parser)


def _add_commit(verbs: "Subparsers") -> None:
    about = "enter the decisions since the last batch in the ledger, as salted commitments under one root"
    parser = command(verbs, "commit", about, run_commit)
    add_office(parser)


def _add_proof(verbs: "Subparsers") -> None:
    about = "what shows one decision to somebody else: salt, path and the batch's entry in the ledger"
    parser = command(verbs, "proof", about, run_proof)
    parser.add_argument("id", metavar="ID", help="a decision, the beginning of its id, or a caller's receipt")
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="where it goes (stdout)")
    add_office(parser)


def _add_replay(verbs: "Subparsers") -> None:
    about = "make decisions again from what was known then; exit code 4 if one comes out otherwise"
    parser = command(verbs, "replay", about, run_replay)
    parser.add_argument("ids", metavar="ID", nargs="*", help="these (all of the time)")
    _add_times(parser)
    parser.add_argument("--as-of", metavar="T", help="those made for this instant, or on this day")
    add_office(parser)


def _add_report(verbs: "Subparsers") -> None:
    about = "counts, over-blocking, and drafts of the reports that are owed, with their clocks"
    parser = command(verbs, "report", about, run_report)
    _add_times(parser)
    parser.add_argument("--filer", metavar="TEXT", default="", help="name and address of the one who files")
    parser.add_argument("--contact", metavar="TEXT", default="", help="whom the authority may ask")
    add_office(parser)


def _add_retire(verbs: "Subparsers") -> None:
    about = (
        "forget decisions that need not be kept any longer, with their salts; legal holds and preservation come first"
    )
    parser = command(verbs, "retire", about, run_retire)
    parser.add_argument("--why", metavar="TEXT", required=True)
    parser.add_argument("--dry-run", action="store_true", help="say which, and forget none")
    add_office(parser)


def _add_times(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="T", default="0001-01-01", help="from this instant (the beginning)")
    parser.add_argument("--until", metavar="T", default="9999-01-01", help="to before this one (the end)")


def run_make(args: argparse.Namespace) -> int:
    """One decision."""
    from bylaw.access.countries import country_of
    from bylaw.access.decision import Request, Surface
    from bylaw.access.office.made import Made
    from bylaw.access.office.words import explain
    from bylaw.access.roster.rows import near
    from bylaw.errors import UsageError

    if args.surface not in get_args(Surface):
        raise UsageError(f"there is no surface {args.surface!r}; {near(args.surface, get_args(Surface))}")
    location = country_of(args.location).code if args.location else ""
    request = Request(model=args.model, surface=args.surface, location=location, channel=args.channel)
    office = office_of(args)
    at = office.clock(now())
    policy, basis = office.present(at)
    with office.subjects(at, basis.facts) as register:
        decision = policy.decide(register, args.subject, request)
    made = Made(decision=decision, basis=basis)
    office.archive.keep([made])
    print(explain(decision, made.id, made.basis.at))
    return 0 if decision.outcome == "allow" else 1


def run_explain(args: argparse.Namespace) -> int:
    """In words."""
    from bylaw.access.office.words import explain

    made = office_of(args).archive.find(args.id)
    print(explain(made.decision, made.id, made.basis.at))
    return 0


def run_list(args: argparse.Namespace) -> int:
    """A line each."""
    for made in office_of(args).archive.between(*_times(args), args.outcome):
        said = made.decision
        print(f"{made.id[:25]}  {made.basis.at}  {said.outcome:<6}  {said.request.model:<12} {said.subject}")
    return 0


def run_commit(args: argparse.Namespace) -> int:
    """A batch."""
    from bylaw.access.office.commit import commit
    from bylaw.access.office.place import stamp

    office, lab = office_of(args), lab_of(args)
    count = commit(office, lab)
    print(f"{count} decisions entered in {lab.ledger} at {stamp(now())}")
    return 0


def run_proof(args: argparse.Namespace) -> int:
    """One decision, opened."""
    from bylaw import storage

    content = storage.pretty(office_of(args).archive.opened(args.id))
    if args.out:
        storage.write_bytes(args.out, content)
    else:
        sys.stdout.write(content.decode())
    return 0


def run_replay(args: argparse.Namespace) -> int:
    """The same, or why not."""
    from bylaw.access.office.remake import replay
    from bylaw.errors import UsageError

    office = office_of(args)
    if args.ids:
        chosen = [office.archive.find(id) for id in args.ids]
    else:
        chosen = list(office.archive.between(*_times(args)))
    if args.as_of is not None:
        start, end = _span(args.as_of)
        chosen = [made for made in chosen if start <= made.basis.at <= end]
        if not chosen:
            raise UsageError(f"no decision here was made for {args.as_of}; bylaw decisions list says when some were")
    found = list(replay(office, chosen))
    for each in found:
        if not each.same:
            print(f"{each.id}: {each.why}")
    print(f"{sum(each.same for each in found)} of {len(found)} decisions come out the same, to the byte")
    return 0 if all(each.same for each in found) else 4


def run_report(args: argparse.Namespace) -> int:
    """What is owed."""
    from bylaw.access.filings.calendar import day_of
    from bylaw.access.office.filing import filings
    from bylaw.access.office.property import holdings
    from bylaw.access.office.reports import period

    office, filer = office_of(args), {"filer": args.filer, "contact": args.contact}
    found = period(office.archive.numbered(*_times(args)), filer, office.outside.read)
    held, filed, today = holdings(office), filings(office).standing, day_of(now())
    print("decisions   " + ", ".join(f"{count:,} {name}" for name, count in sorted(found.outcomes.items())))
    for rule, count in found.rules.items():
        print(f"  by {rule:<40} {count:,}")
    said = f"{found.unsettled:,} for want of a fact or list"
    print(f"over-blocking, at the most: {found.over_blocking:.1%} ({said})")
    if found.unsafe:
        print(f"UNSAFE      {found.unsafe:,} decisions let an unknown pass")
    for id in sorted({*found.blocked} - held.owners):
        print(f"BLOCKED     {id}: whatever of it is held here is blocked property, to be reported in ten business days")
        print(f"            look, then: bylaw property block {id} --what TEXT, or bylaw property nothing {id}")
    owed = [each for each in (*found.drafts, *held.owed(today, filer)) if each.report not in filed]
    for each in owed:
        print(f"\n{each.text(today)}")
    print(f"\n{len(owed)} reports owed, {len(filed)} filed; drafted by {by()}")
    if owed:
        print("when one is filed: bylaw property filed REPORT --reference TEXT")
    return 0


def run_retire(args: argparse.Namespace) -> int:
    """What goes, and what stays though its time is over."""
    from bylaw.access.office.retire import retire, retirement

    office = office_of(args)
    found = retirement(office, now()) if args.dry_run else retire(office, now(), by(), args.why)
    for id in found.due if args.dry_run else ():
        print(id)
    for id, why in found.kept.items():
        print(f"{id} is kept: {why}")
    done = "could be forgotten; nothing was" if args.dry_run else "forgotten, with their salts"
    print(f"{len(found.due)} decisions {done}; {len(found.kept)} are kept though their time is over")
    return 0


def _span(text: str) -> tuple[str, str]:
    """The first and the last second of a day, or an instant twice."""
    from datetime import timedelta

    from bylaw.access.office.place import instant, stamp

    start = instant(text)
    is_day = len(text) == len("2026-06-12")
    return stamp(start), stamp(start + timedelta(days=1, seconds=-1)) if is_day else stamp(start)


def _times(args: argparse.Namespace) -> tuple[str, str]:
    from bylaw.access.office.place import instant, stamp
    from bylaw.errors import UsageError

    since, until = instant(args.since), instant(args.until)
    if until < since:
        raise UsageError(f"--until {args.until} is before --since {args.since}: nothing lies between")
    return stamp(since), stamp(until)
