"""Whom a draft would hit, and why: asked for, waited for, and read; nothing changes by it."""

import csv
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

from starlette.responses import FileResponse, Response

from bylaw.access.office.impact import UNKNOWN, Row
from bylaw.access.rules.bring import texts
from bylaw.console.foresight import Sums
from bylaw.console.frame import country
from bylaw.console.visit import Visit
from bylaw.errors import UsageError

SHOWN = 20
"""Rows of a table before the rest is asked for."""
PAGE = 50
"""People on a page."""


def show(visit: Visit) -> Response:
    """The impact, or how far it is, or a button."""
    draft, foresight = visit.desk.drafts.find(visit.word("name")), visit.desk.foresight
    progress, sums = foresight.progress(draft), foresight.sums(draft)
    if sums is None or progress:
        failed = "" if progress else foresight.failed(draft)
        return visit.page("waiting.html", draft=draft, progress=progress, failed=failed)
    start = max(1, _number(visit.query("from", "1")))
    whole = visit.query("all") == "1"
    return visit.page(
        "impact.html",
        draft=draft,
        document=draft.document,
        sums=sums,
        behind=behind(visit, sums),
        tables=_tables(sums, None if whole else SHOWN),
        more=not whole and any(len(rows) > SHOWN for rows in (sums.countries, sums.organizations)),
        people=_people(foresight.list(draft, ".csv"), start),
        gained=_people(foresight.list(draft, ".gained"), 1),
        start=start,
        page=PAGE,
        bring={name: text.replace("{detail}", "the directive") for name, text in texts().items()},
        countries=_countries,
    )


def start(visit: Visit) -> Response:
    """Begin."""
    draft = visit.desk.drafts.find(visit.word("name"))
    visit.desk.foresight.sweep(visit.desk.drafts.all())
    visit.desk.foresight.start(draft)
    visit.note("asked for an impact", f"{draft.name} {draft.mark}")
    return visit.go(f"/drafts/{draft.name}/impact")


def losses(visit: Visit) -> Response:
    """Everybody who loses access, as a file."""
    return _file(visit, ".csv", "impact")


def gains(visit: Visit) -> Response:
    """Everybody who gains access, as a file."""
    return _file(visit, ".gained", "gained")


def _file(visit: Visit, suffix: Literal[".csv", ".gained"], what: str) -> Response:
    draft = visit.desk.drafts.find(visit.word("name"))
    path = visit.desk.foresight.list(draft, suffix)
    if path is None:
        raise UsageError("the impact of this text is not worked out")
    visit.note("took the list of an impact", f"{draft.name} {draft.mark}")
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"{draft.name}-{what}.csv")


def behind(visit: Visit, sums: Sums) -> str:
    """What has happened since it was worked out; empty: nothing that changes it."""
    office = visit.desk.office()
    with office.store() as store:
        facts = store.last_import()
    if len(office.journal.acts()) != sums.acts:
        return "Something was enacted since this was worked out."
    return "Facts were imported since this was worked out." if facts != sums.facts else ""


def _tables(sums: Sums, most: int | None) -> list[tuple[str, str, Sequence[Row], int]]:
    named = (
        ("By kind", "Kind", sums.totals),
        ("By country", "Country", sums.countries),
        ("By organisation", "Organisation", sums.organizations),
        ("Recorded requests of the last week", "Surface", sums.traffic),
    )
    return [(title, head, rows[:most], len(rows)) for title, head, rows in named if rows]


def _countries(group: str) -> str:
    """A group's countries by name."""
    return group if group == UNKNOWN else ", ".join(map(country, group.split("+")))


def _people(path: Path | None, start: int) -> list[list[str]]:
    if path is None:
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(islice(csv.reader(file), start, start + PAGE))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
