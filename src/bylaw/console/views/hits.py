"""Matches with lists, by what is known of them: no name is read for this."""

import msgspec

from bylaw.access.decide.outside import Hit, Outside, Screened
from bylaw.console.desk import Desk
from bylaw.console.views.sources import outside_of

PAGE = 50
STATES: tuple[Hit, ...] = ("open", "unscreened", "confirmed")


class Row(msgspec.Struct, frozen=True):
    """A subject on a list."""

    list: str
    subject: str
    state: Hit


class List(msgspec.Struct, frozen=True, kw_only=True):
    """A list that everybody was screened against, and one of a newer version if there is one by now."""

    name: str
    version: str
    as_of: str
    fault: str
    newer: str
    counts: dict[str, int]


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """A page of ``rows`` of ``total`` in that state; ``counts`` by state."""

    lists: tuple[List, ...]
    state: Hit
    name: str
    rows: tuple[Row, ...]
    total: int
    skip: int
    after: int | None
    counts: dict[str, int]


def hits(desk: Desk, state: Hit = "open", name: str = "", skip: int = 0, most: int = PAGE) -> Hits:
    """Those in a state, on one list or on all."""
    office = desk.office()
    outside = outside_of(office)
    rows = [row for row in _rows(office.outside.key(), outside)[state] if name in ("", row.list)]
    lists = tuple(_list(desk, each, screened) for each, screened in sorted(outside.lists.items()))
    return Hits(
        lists=lists,
        state=state,
        name=name,
        rows=tuple(rows[skip : skip + most]),
        total=len(rows),
        skip=skip,
        after=skip + most if len(rows) > skip + most else None,
        counts={each: sum(found.counts.get(each, 0) for found in lists) for each in STATES},
    )


def _list(desk: Desk, name: str, screened: Screened) -> List:
    current = desk.office().lists.current().get(name)
    newer = current.as_of if current and current.id != screened.version else ""
    states = list(screened.hits.values())
    return List(
        name=name,
        version=screened.version,
        as_of=str(screened.as_of),
        fault=screened.fault(desk.instant()),
        newer=newer,
        counts={state: states.count(state) for state in STATES},
    )


_KEPT: dict[str, dict[str, list[Row]]] = {}


def _rows(key: str, outside: Outside) -> dict[str, list[Row]]:
    """By state, in the order of lists and ids; worked out once for what is in force."""
    if key not in _KEPT:
        _KEPT.clear()
        made: dict[str, list[Row]] = {state: [] for state in STATES}
        for name, screened in sorted(outside.lists.items()):
            for subject, state in sorted(screened.hits.items()):
                made.setdefault(state, []).append(Row(name, subject, state))
        _KEPT[key] = made
    return _KEPT[key]
