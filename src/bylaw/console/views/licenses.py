"""Exceptions that were enacted: for whom, from what, and when each ends."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from bylaw.access.decide.prepared import in_force
from bylaw.access.rules.document import License
from bylaw.console.desk import Desk

SOON = timedelta(days=30)
"""Before the end of a licence, somebody should ask for the next."""
Standing = Literal["in force", "future", "ended", "replaced"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """``until`` None: it does not end by itself. ``left``: seconds to its end, if it is in force; ``named`` counts
    those whom it names, by how.
    """

    name: str
    title: str
    authority: str
    programme: str
    models: tuple[str, ...]
    since: datetime
    until: datetime | None
    standing: Standing
    left: float | None
    soon: bool
    named: dict[str, int]


def licenses(desk: Desk) -> tuple[Row, ...]:
    """All, those that end first at the top."""
    office, at = desk.office(), desk.instant()
    documents = office.rules(at)
    standing = {each.document.name for each in in_force(documents, at)}
    rows = [_row(each, at, each.name in standing) for each in documents if isinstance(each, License)]
    order = ("in force", "future", "replaced", "ended")
    return tuple(sorted(rows, key=lambda row: (order.index(row.standing), row.left or 1e18, row.name)))


def _row(license: License, at: datetime, standing: bool) -> Row:
    until = license.effective_until
    left = (until - at).total_seconds() if until and standing else None
    return Row(
        name=license.name,
        title=license.title,
        authority=license.authority,
        programme=license.programme,
        models=license.models,
        since=license.effective_from,
        until=until,
        standing=_standing(license, at, standing),
        left=left,
        soon=left is not None and left <= SOON.total_seconds(),
        named={
            how: sum(_size(license, one) for one in getattr(license, how))
            for how in ("organizations", "employees_of", "subjects")
            if getattr(license, how)
        },
    )


def _standing(license: License, at: datetime, standing: bool) -> Standing:
    if standing:
        return "in force"
    if license.effective_from > at:
        return "future"
    return "replaced" if license.in_force(at) else "ended"


def _size(license: License, name: str) -> int:
    return len(license.annexes[name[6:]]) if name.startswith("annex:") else 1
