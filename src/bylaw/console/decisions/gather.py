"""The archive into the summary: what came since the last turn, some thousands at a time."""

from collections.abc import Callable
from datetime import datetime

from bylaw.access.decide.profile import NONSENSE, request_country
from bylaw.access.decision import Decision
from bylaw.access.filings.calendar import day_of
from bylaw.access.office.archive import Made
from bylaw.access.office.listing import Listing
from bylaw.access.office.place import instant
from bylaw.access.office.reports import NO_BASE, REPORT
from bylaw.console.decisions.summary import Brief, Summary

BATCH = 2000


def gather(listing: Listing, summary: Summary, organization: Callable[[str], str], most: int = BATCH) -> int:
    """Enter the next decisions; returns how many there were, 0 once nothing is new."""
    read = summary.read()
    rows = listing.after(read, most)
    if not rows and listing.last() < read:  # another archive lies there now
        summary.remove()
        return gather(listing, summary, organization, most)
    if not rows:
        summary.forget(listing.erased())
        return 0
    briefs = [brief(row.number, made, organization) for row in rows if (made := row.made)]
    summary.add(briefs, rows[-1].number)
    return len(rows)


def brief(number: int, made: Made, organization: Callable[[str], str]) -> Brief:
    """A decision in brief."""
    said = made.decision
    at = instant(made.basis.at)
    return Brief(
        number=number,
        at=int(at.timestamp()),
        outcome=said.outcome,
        model=said.request.model,
        country=country_of_request(said),
        organization=organization(said.subject),
        rules=tuple(dict.fromkeys(finding.rule or NO_BASE for finding in said.deciding)),
        owed=owed_on(said, at),
        wanting=wanting(said),
    )


def country_of_request(said: Decision) -> str:
    """Where the request came from, ISO 3166 alpha-2; empty: unknown."""
    code = request_country(said.request.location) if said.request.location else ""
    return "" if code == NONSENSE else code


def owed_on(said: Decision, at: datetime) -> str:
    """The day from which a report on it is owed; empty: none is."""
    owed = said.outcome == "refuse" and any(duty == REPORT for duty, _ in said.duties)
    return str(day_of(at)) if owed else ""


def wanting(said: Decision) -> tuple[str, ...]:
    """The facts that would settle what holds it."""
    if said.outcome != "hold":
        return ()
    return tuple(dict.fromkeys(name for finding in said.deciding for name, _ in finding.settles))
