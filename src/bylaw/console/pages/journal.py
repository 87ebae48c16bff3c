"""What was done in the console."""

from starlette.responses import Response

from bylaw.console.asked import number
from bylaw.console.visit import Visit

PAGE = 100


def index(visit: Visit) -> Response:
    """The newest acts first."""
    before = number(visit, "before")
    rows = visit.desk.journal.read(before, PAGE + 1)
    return visit.page("journal.html", rows=rows[:PAGE], older=rows[PAGE - 1].number if len(rows) > PAGE else None)


def sessions(visit: Visit) -> Response:
    """Who is signed in."""
    return visit.page("sessions.html", running=visit.desk.sessions.running(visit.desk.clock()))


def end_sessions(visit: Visit) -> Response:
    """Somebody is signed out everywhere."""
    name = visit.form.get("name", "")
    ended = visit.desk.sessions.end_all(name, but=visit.me.mark)
    visit.note("signed somebody out", f"{name}: {ended} sessions")
    return visit.go("/sessions", f"{ended} sessions of {name} have ended.")
