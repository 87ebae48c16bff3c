"""Who is known; and one of them, whose facts are shown to who says why they look."""

from starlette.responses import Response

from bylaw.console.asked import one_of
from bylaw.console.views.subjects import card, facts, found
from bylaw.console.views.use import uses
from bylaw.console.visit import Visit
from bylaw.errors import UsageError

KINDS = ("", "person", "organization", "service", "channel")


def index(visit: Visit) -> Response:
    """By id."""
    text, kind = visit.query("q").strip(), one_of(visit, "kind", KINDS)
    rows = found(visit.desk, text, kind, visit.query("after"))
    return visit.page("subjects.html", found=rows, text=text, kind=kind, kinds=KINDS)


def show(visit: Visit) -> Response:
    """What is no fact."""
    return visit.page("subject.html", card=card(visit.desk, visit.word("id")), facts=None, uses=None, why="", wrong="")


def read(visit: Visit) -> Response:
    """The facts, and what they come to; that they were read is kept with the reason."""
    id, why, me = visit.word("id"), visit.form.get("why", "").strip(), visit.me.name
    known = card(visit.desk, id)
    if not why:
        wrong = "Say why you look: it is kept with your name."
        return visit.page("subject.html", 422, card=known, facts=None, uses=None, why="", wrong=wrong)
    shown = facts(visit.desk, id, me, why)
    try:
        used, wrong = uses(visit.desk, id, me, why), ""
    except UsageError as error:
        used, wrong = (), str(error)
    visit.note("read facts", id)
    return visit.page("subject.html", card=known, facts=shown, uses=used, why=why, wrong=wrong)
