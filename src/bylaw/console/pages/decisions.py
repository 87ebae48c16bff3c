"""Decisions as they are made: a list that follows, one explained, a file of them."""

import asyncio
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from bylaw.console.asked import number
from bylaw.console.decisions.search import FIELDS, Wanted
from bylaw.console.sheet import sheet
from bylaw.console.views.explained import explained
from bylaw.console.views.feed import Line, feed, filters, mark_of
from bylaw.console.visit import Visit

LOOK, STAY = 1.0, 55.0
"""Seconds between looks for something new, and after which a browser has to come again, with its session."""
SHEET = 10_000
"""Rows of a file at the most."""
HEAD = ("at (UTC)", "outcome", "model", "surface", "subject", "organization", "country", "rules", "decision")


def index(visit: Visit) -> Response:
    """The list."""
    before = number(visit, "before")
    found = feed(visit.desk, _wanted(visit), before)
    return visit.page("decisions.html", feed=found, choices=filters(visit.desk), before=before)


def rows(visit: Visit) -> Response:
    """The rows of its first page alone, for the script."""
    return visit.page("decisions_rows.html", feed=feed(visit.desk, _wanted(visit)))


def one(visit: Visit) -> Response:
    """One of them."""
    found = explained(visit.desk, visit.word("id"), visit.me.name, visit.may("operator"))
    return visit.page("decision.html", found=found)


def file(visit: Visit) -> Response:
    """The newest that are wanted, as a file."""
    found = feed(visit.desk, _wanted(visit), number(visit, "before"), SHEET)
    return sheet("decisions", HEAD, map(_row, found.lines))


async def events(visit: Visit) -> Response:
    """Says that something is new, and no more: what it is, the list says to who may see it."""
    return StreamingResponse(_events(visit), media_type="text/event-stream")


async def _events(visit: Visit) -> AsyncIterator[bytes]:
    seen, left = await run_in_threadpool(mark_of, visit.desk), STAY
    yield b"retry: 1000\n\n"
    while left > 0 and not await visit.request.is_disconnected():
        await asyncio.sleep(LOOK)
        left -= LOOK
        found = await run_in_threadpool(mark_of, visit.desk)
        yield b"data: new\n\n" if found != seen else b": still here\n\n"
        seen = found


def _wanted(visit: Visit) -> Wanted:
    return Wanted(**{field: visit.query(field).strip() for field in FIELDS})


def _row(line: Line) -> tuple[str, ...]:
    rules = " ".join(line.rules)
    who = (line.subject, line.organization, line.country)
    return (line.at, line.outcome, line.model, line.surface, *who, rules, line.fault or line.id)
