"""What runs out: licenses that end, and reports that are owed."""

from datetime import date

from starlette.responses import Response

from bylaw.access.filings.calendar import day_of
from bylaw.access.filings.filed import Filed
from bylaw.access.office import filing
from bylaw.access.office.reports import REFUSAL
from bylaw.console.asked import day, number
from bylaw.console.sheet import sheet
from bylaw.console.views.filings import drafts, due, unfiled
from bylaw.console.views.licenses import licenses
from bylaw.console.visit import Visit
from bylaw.errors import UsageError

LICENSES = ("license", "title", "authority", "programme", "models", "from", "until", "standing")


def exceptions(visit: Visit) -> Response:
    """Licenses."""
    return visit.page("licenses.html", rows=licenses(visit.desk))


def exceptions_file(visit: Visit) -> Response:
    """Licenses, as a file."""
    rows = [
        (row.name, row.title, row.authority, row.programme, " ".join(row.models), row.since, row.until, row.standing)
        for row in licenses(visit.desk)
    ]
    return sheet("licenses", LICENSES, rows)


def reports(visit: Visit) -> Response:
    """Days about which reports are owed."""
    return visit.page("filings.html", due=due(visit.desk))


def reports_file(visit: Visit) -> Response:
    """The same, as a file."""
    rows = [(row.event, row.owed, row.filed, row.due, row.left) for row in due(visit.desk).rows]
    return sheet("reports-owed", ("refused on", "owed", "filed", "due", "business days left"), rows)


def about(visit: Visit) -> Response:
    """The drafts about one day."""
    return _about(visit, "")


def file(visit: Visit) -> Response:
    """Somebody says that some of them were filed, or that this was wrong."""
    event, desk = day(visit.word("day")), visit.desk
    try:
        count = _count(visit.form.get("count", ""))
        said = Filed(
            reports=_reports(visit, event, count),
            event=event,
            reference=visit.form.get("reference", "").strip()[:200],
            by=visit.me.name,
            on=day_of(desk.instant()),
            taken_back=count < 0,
        )
        filing.file(desk.office(), desk.lab(), said, desk.instant())
    except UsageError as error:
        return _about(visit, str(error), 422)
    visit.note("filed", f"{count} about {event}: {said.reference}")
    return visit.go("/filings", f"Kept: {count} reports about {event}, {said.reference}.")


def _reports(visit: Visit, event: date, count: int) -> tuple[str, ...]:
    """The first so many that are not filed; for less than nothing, the last so many that are."""
    if count < 0:
        named = [each for each in filing.filings(visit.desk.office()).of(event) if each.startswith(f"{REFUSAL}/")]
        found = named[count:]
    else:
        found = [f"{REFUSAL}/{number}" for number in unfiled(visit.desk, event, count)]
    if len(found) != abs(count) or not found:
        raise UsageError(f"{len(found)} reports about {event} can be said to be that, not {abs(count)}")
    return tuple(found)


def _about(visit: Visit, wrong: str, status: int = 200) -> Response:
    found = drafts(visit.desk, day(visit.word("day")), number(visit, "skip") or 0)
    if found is None:
        raise UsageError(f"no report is owed about {visit.word('day')}")
    return visit.page("filing.html", status, found=found, today=due(visit.desk).today, wrong=wrong)


def _count(text: str) -> int:
    if not text.removeprefix("-").isdigit() or len(text) > 9:
        raise UsageError(f"how many were filed is a whole number, not {text[:40]!r}")
    return int(text)
