"""The start page."""

from starlette.responses import Response

from bylaw.console.views.now import now
from bylaw.console.visit import Visit


def show(visit: Visit) -> Response:
    """What is in force, and what needs somebody."""
    return visit.page("now.html", now=now(visit.desk))
