"""The archive into the summary: what came since the last turn, some thousands at a time.

Somebody who asks again is decided about alike until something changes, so most decisions differ from another one in
their instant and call alone: what follows from the rest is worked out once.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from bylaw.access.decide.profile import NONSENSE, request_country
from bylaw.access.decision import Decision
from bylaw.access.filings.calendar import day_of
from bylaw.access.office.listing import Listing
from bylaw.access.office.made import Basis, Made
from bylaw.access.office.place import instant
from bylaw.access.office.reports import NO_BASE, REPORT
from bylaw.console.decisions.summary import Brief, Summary

BATCH = 2000
KEPT = 1 << 12
"""Decisions whose reading is kept."""
_DECISION = b',"decision":'


class Read(NamedTuple):
    """What follows from a decision whenever it was made. ``owes``: a report on it is owed."""

    subject: str
    outcome: str
    model: str
    country: str
    rules: tuple[str, ...]
    wanting: tuple[str, ...]
    owes: bool


class _Head(msgspec.Struct, frozen=True):
    """What stands before the decision in the archive's bytes."""

    basis: Basis


def gather(listing: Listing, summary: Summary, organization: Callable[[str], str], most: int = BATCH) -> int:
    """Enter the next decisions; returns how many there were, 0 once nothing is new.

    Whether a decision is the one that its id says is looked at where it is shown, and by ``bylaw access verify``.
    """
    read = summary.read()
    rows = listing.after(read, most)
    if not rows and listing.last() < read:  # another archive lies there now
        summary.remove()
        return gather(listing, summary, organization, most)
    if not rows:
        summary.forget(listing.erased())
        return 0
    summary.add([_kept(row.number, row.body, organization) for row in rows if row.body], rows[-1].number)
    return len(rows)


def brief(number: int, made: Made, organization: Callable[[str], str]) -> Brief:
    """A decision in brief."""
    return _brief(number, made.basis.at, read_of(made.decision), organization)


def read_of(said: Decision) -> Read:
    """What follows from a decision."""
    deciding = said.deciding
    wanting = [name for finding in deciding for name, _ in finding.settles] if said.outcome == "hold" else []
    return Read(
        subject=said.subject,
        outcome=said.outcome,
        model=said.request.model,
        country=country_of_request(said),
        rules=tuple(dict.fromkeys(finding.rule or NO_BASE for finding in deciding)),
        wanting=tuple(dict.fromkeys(wanting)),
        owes=said.outcome == "refuse" and any(duty == REPORT for duty, _ in said.duties),
    )


def country_of_request(said: Decision) -> str:
    """Where the request came from, ISO 3166 alpha-2; empty: unknown."""
    code = request_country(said.request.location) if said.request.location else ""
    return "" if code == NONSENSE else code


def _kept(number: int, body: bytes, organization: Callable[[str], str]) -> Brief:
    """The same by the archive's bytes (RFC 8785: basis, call, decision)."""
    before, _, decision = body.partition(_DECISION)
    head = msgspec.json.decode(before + b"}", type=_Head)
    return _brief(number, head.basis.at, _read(decision[:-1]), organization)


@lru_cache(maxsize=KEPT)
def _read(decision: bytes) -> Read:
    return read_of(msgspec.json.decode(decision, type=Decision))


def _brief(number: int, at: str, read: Read, organization: Callable[[str], str]) -> Brief:
    when = instant(at)
    return Brief(
        number=number,
        at=int(when.timestamp()),
        outcome=read.outcome,
        model=read.model,
        country=read.country,
        organization=organization(read.subject),
        rules=read.rules,
        owed=_day(when.replace(minute=0, second=0)) if read.owes else "",
        wanting=read.wanting,
    )


@lru_cache(maxsize=KEPT)
def _day(hour: datetime) -> str:
    """Washington's day; it changes at a full hour of UTC."""
    return str(day_of(hour))
