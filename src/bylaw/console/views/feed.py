"""Decisions, the newest first: those that workers have written a moment ago, then those that the archive has."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from bylaw.access.countries import find
from bylaw.access.office.listing import Row
from bylaw.access.office.made import Made
from bylaw.console.decisions.gather import brief
from bylaw.console.decisions.search import PAGE, Wanted, choices, organizations, search
from bylaw.console.decisions.summary import Brief
from bylaw.console.decisions.tail import fresh, mark
from bylaw.console.desk import Desk
from bylaw.errors import VerificationError

LAG = 2000
"""Decisions that are not in the summary yet are looked through one by one, if there are no more than these."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A decision in a line. ``number`` is the archive's; 0: it is not filed yet. ``rules`` are the deciding ones.

    ``fault``: it was erased, or what lies there is not what its id says; then only what lists go by is known.
    """

    id: str
    number: int
    at: str
    subject: str
    model: str
    surface: str
    outcome: str
    country: str
    organization: str
    rules: tuple[str, ...]
    fault: Literal["", "erased", "changed"] = ""

    @property
    def place(self) -> str:
        """Where the request came from, in words."""
        return name_of(self.country)


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A page. ``before`` is where the next one begins, None: there is none. ``behind``: decisions that no filter sees
    yet. ``mark`` changes when there is something new.
    """

    wanted: Wanted
    lines: tuple[Line, ...]
    before: int | None
    behind: int
    mark: str


def feed(desk: Desk, wanted: Wanted, before: int | None = None, most: int = PAGE) -> Feed:
    """The page below a number; the first one, without it."""
    listing, summary = desk.gathering.listing, desk.gathering.summary
    read, last = summary.read(), listing.last()
    if wanted.is_everything:
        rows = listing.newest(most + 1, before)
    else:
        numbers = search(summary, wanted, before, most + 1)
        rows = [*_unread(desk, wanted, read, before, last), *listing.numbered(numbers)][: most + 1]
    lines = list(_filed(desk, rows[:most]))
    if before is None:
        lines = [*_fresh(desk, wanted), *lines]
    return Feed(
        wanted=wanted,
        lines=tuple(lines),
        before=rows[most - 1].number if len(rows) > most else None,
        behind=max(0, last - read) if last - read > LAG else 0,
        mark=mark_of(desk),
    )


def mark_of(desk: Desk) -> str:
    """A text that changes whenever a decision is written or filed."""
    found = mark(desk.state.segments, desk.gathering.listing.path)
    return "-".join(f"{time:x}" for _, time in found)


def filters(desk: Desk) -> dict[str, list[str]]:
    """What there is to choose from."""
    found = choices(desk.gathering.summary)
    models = dict.fromkeys([*desk.office().settings.models, *found["model"]])
    return {**found, "model": sorted(models)}


def name_of(code: str) -> str:
    """A country's name; in words, that it is unknown."""
    if not code or code == "-":
        return "unknown"
    country = find(code)
    return country.name if country else code


def _fresh(desk: Desk, wanted: Wanted) -> Iterator[Line]:
    found = fresh(desk.state.segments)[: 4 * PAGE]
    known = desk.gathering.listing.known([each.id for each in found]) if found else set()
    for each in found:
        if each.id in known:
            continue
        said = _brief(desk, 0, each.made)
        if wanted.holds(said):
            yield _line(each.id, 0, each.made, said.organization, said)


def _unread(desk: Desk, wanted: Wanted, read: int, before: int | None, last: int) -> list[Row]:
    """Rows that the summary does not have yet, if they are few."""
    if not 0 < last - read <= LAG or (before is not None and before <= read):
        return []
    rows = desk.gathering.listing.after(read, LAG)[::-1]
    return [
        row
        for row in rows
        if (before is None or row.number < before)
        and (made := _made(row))
        and wanted.holds(_brief(desk, row.number, made))
    ]


def _filed(desk: Desk, rows: Iterable[Row]) -> Iterator[Line]:
    rows = list(rows)
    known = organizations(desk.gathering.summary, [row.number for row in rows]) if rows else {}
    for row in rows:
        if (made := _made(row)) is None:
            yield _faulty(row)
            continue
        said = _brief(desk, row.number, made)
        yield _line(row.id, row.number, made, known.get(row.number, said.organization), said)


def _brief(desk: Desk, number: int, made: Made) -> Brief:
    return brief(number, made, desk.gathering.organizations.of)


def _line(id: str, number: int, made: Made, organization: str, said: Brief) -> Line:
    return Line(
        id=id,
        number=number,
        at=made.basis.at,
        subject=made.decision.subject,
        model=said.model,
        surface=made.decision.request.surface,
        outcome=said.outcome,
        country=said.country,
        organization=organization,
        rules=said.rules,
    )


def _made(row: Row) -> Made | None:
    """The decision; None where it was erased, or changed: then the list goes on, and says so."""
    try:
        return row.made
    except VerificationError:
        return None


def _faulty(row: Row) -> Line:
    return Line(
        id="",
        number=row.number,
        at=row.at,
        subject="",
        model=row.model,
        surface="",
        outcome=row.outcome,
        country="",
        organization="",
        rules=(),
        fault="changed" if row.body else "erased",
    )
