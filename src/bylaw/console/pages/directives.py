"""Directives: what was enacted, and what counts now."""

from starlette.responses import RedirectResponse, Response

from bylaw.console.visit import Visit


def first(visit: Visit) -> Response:
    """Where one comes in."""
    return RedirectResponse("/directives", 303)


def index(visit: Visit) -> Response:
    """Every act, and whether it counts."""
    office, at = visit.desk.office(), visit.desk.now()
    counting = {each.document.name for each in office.policy(at).rules}
    return visit.page("directives.html", acts=office.journal.acts(at), counting=counting)
