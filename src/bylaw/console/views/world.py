"""Requests by country and model over time: a table, a series, and the shades of a map that says the same."""

import json
from bisect import bisect_right
from collections import Counter
from functools import cache
from importlib.resources import files
from math import ceil

import msgspec

from bylaw.console.decisions import counts
from bylaw.console.decisions.counts import SECONDS, Span, Sum
from bylaw.console.desk import Desk
from bylaw.console.views.bars import Bar
from bylaw.console.views.feed import name_of

STEPS: dict[Span, int] = {"hour": 24, "day": 30, "week": 12}
"""How many steps of a span are shown."""
SHADES = 5
Kind = str


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """So many requests, by what was decided."""

    allow: int = 0
    hold: int = 0
    refuse: int = 0

    @property
    def all(self) -> int:
        """Requests."""
        return self.allow + self.hold + self.refuse

    @property
    def share(self) -> float:
        """The share that was refused."""
        return self.refuse / self.all if self.all else 0.0


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table; ``models`` by name, ``shade`` 0 to ``SHADES`` as on the map."""

    code: str
    name: str
    tally: Tally
    models: dict[str, Tally]
    shade: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of time: ``at`` is when it begins, seconds since 1970."""

    at: int
    tally: Tally


class World(msgspec.Struct, frozen=True, kw_only=True):
    """``at`` is the step that was chosen, None: all that are shown. ``shows`` is what the map is coloured by,
    ``legend`` from how many on each shade begins.
    """

    span: Span
    at: int | None
    model: str
    shows: str
    countries: tuple[Country, ...]
    models: dict[str, Tally]
    steps: tuple[Step, ...]
    total: Tally
    legend: tuple[int, ...]

    @property
    def bars(self) -> list[Bar]:
        """The steps."""
        tallies = (each.tally for each in self.steps)
        return [Bar(place, each.allow, each.hold, each.refuse) for place, each in enumerate(tallies)]

    @property
    def by_code(self) -> dict[str, Country]:
        """Countries by their code."""
        return {each.code: each for each in self.countries if each.code}


class Outlines(msgspec.Struct, frozen=True):
    """The drawing: SVG paths by country code (empty: areas without one), and points for the small."""

    width: int
    height: int
    outlines: dict[str, str]
    points: dict[str, tuple[int, int]]
    source: str
    licence: str


def world(desk: Desk, span: Span, model: str = "", at: int | None = None, shows: str = "requests") -> World:
    """The last steps of a span, or one of them; of all models or of one."""
    now = int(desk.clock())
    width = SECONDS[span]
    last = counts.begins(now, span)
    first = last - (STEPS[span] - 1) * width
    found = list(counts.over_time(desk.gathering.summary, first, last + width, span))
    models = _models(found if at is None else [each for each in found if at <= each.at < at + width])
    found = [each for each in found if model in ("", each.model)]
    steps = _steps(found, first, last, span)
    chosen = [each for each in found if at is None or at <= each.at < at + width]
    rows = _countries(chosen)
    legend = _legend([_shown(row.tally, shows) for row in rows if row.code])
    return World(
        span=span,
        at=at,
        model=model,
        shows=shows,
        countries=tuple(
            msgspec.structs.replace(row, shade=_shade(_shown(row.tally, shows), legend) if row.code else 0)
            for row in rows
        ),
        models=models,
        steps=steps,
        total=_tally(chosen),
        legend=legend,
    )


@cache
def outlines() -> Outlines:
    """The drawing of ``data/world.json``, which tools/world_map.py makes."""
    content = files("bylaw.console").joinpath("data", "world.json").read_bytes()
    return msgspec.convert(json.loads(content), Outlines)


def _steps(found: list[Sum], first: int, last: int, span: Span) -> tuple[Step, ...]:
    width = SECONDS[span]
    by: dict[int, list[Sum]] = {}
    for each in found:
        by.setdefault(first + (each.at - first) // width * width, []).append(each)
    return tuple(Step(at=at, tally=_tally(by.get(at, []))) for at in range(first, last + 1, width))


def _countries(found: list[Sum]) -> list[Country]:
    by: dict[str, list[Sum]] = {}
    for each in found:
        by.setdefault(each.country, []).append(each)
    rows = [
        Country(code=code, name=name_of(code), tally=_tally(sums), models=_models(sums)) for code, sums in by.items()
    ]
    return sorted(rows, key=lambda row: (-row.tally.all, row.name))


def _models(found: list[Sum]) -> dict[str, Tally]:
    names = sorted({each.model for each in found})
    return {name: _tally([each for each in found if each.model == name]) for name in names}


def _tally(found: list[Sum]) -> Tally:
    sums: Counter[str] = Counter()
    for each in found:
        sums[each.outcome] += each.n
    return Tally(allow=sums["allow"], hold=sums["hold"], refuse=sums["refuse"])


def _shown(tally: Tally, shows: str) -> int:
    return tally.refuse if shows == "refusals" else tally.all


def _legend(values: list[int]) -> tuple[int, ...]:
    """From how many on each shade begins: steps by equal factors, since countries differ by orders of magnitude."""
    most = max(values, default=0)
    if most == 0:
        return ()
    bounds = {ceil(most ** (step / SHADES)) for step in range(SHADES)}
    return tuple(sorted(bounds))


def _shade(value: int, legend: tuple[int, ...]) -> int:
    """0: none; then 1 to ``SHADES``, the darkest for the most."""
    found = bisect_right(legend, value)
    return found and found + SHADES - len(legend)
