"""Requests by country and model over time, as a map and as a table."""

from starlette.responses import Response

from bylaw.console.asked import number, one_of
from bylaw.console.sheet import sheet
from bylaw.console.views.world import World, outlines, world
from bylaw.console.visit import Visit

SPANS = ("day", "hour", "week")
SHOWS = ("requests", "refusals")


def show(visit: Visit) -> Response:
    """Both."""
    return visit.page("world.html", world=_world(visit), drawn=outlines(), models=visit.desk.office().settings.models)


def file(visit: Visit) -> Response:
    """The table: a row for each country and model."""
    rows = [
        (row.code, row.name, model, tally.all, tally.allow, tally.hold, tally.refuse)
        for row in _world(visit).countries
        for model, tally in row.models.items()
    ]
    return sheet("requests-by-country", ("code", "country", "model", "requests", "allowed", "held", "refused"), rows)


def _world(visit: Visit) -> World:
    span = one_of(visit, "span", SPANS)
    model, shows = visit.query("model"), one_of(visit, "shows", SHOWS)
    return world(visit.desk, span, model, number(visit, "at"), shows)  # type: ignore[arg-type]  # one of SPANS
