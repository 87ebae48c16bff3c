"""Matches with lists: those that wait, one of them, and what somebody says of it."""

from collections.abc import Callable
from urllib.parse import quote

from starlette.responses import Response

from bylaw.console.asked import number, one_of
from bylaw.console.refreshing import begin, refreshing
from bylaw.console.sheet import sheet
from bylaw.console.views import hit as said
from bylaw.console.views.hits import PAGE, STATES, Hits, hits
from bylaw.console.visit import Visit
from bylaw.errors import UsageError

WORDS: dict[str, tuple[Callable[..., None], str]] = {
    "clear": (said.clear, "cleared: {subject} is not {party}"),
    "confirm": (said.confirm_party, "confirmed: {subject} is {party}"),
    "reopen": (said.reopen, "open again: {subject} and {party}"),
    "withdraw": (said.withdraw, "not confirmed any more: {subject} and {party}"),
}
"""What can be said of a match, by the value of the button."""


def index(visit: Visit) -> Response:
    """Those in a state."""
    if visit.may("operator"):
        said.make_ready(visit.desk)
    return visit.page("hits.html", hits=_hits(visit, PAGE), states=STATES, refreshing=refreshing(visit.desk))


def file(visit: Visit) -> Response:
    """All in a state."""
    rows = [(row.list, row.subject, row.state) for row in _hits(visit, 1_000_000).rows]
    return sheet("matches", ("list", "subject", "state"), rows)


def show(visit: Visit) -> Response:
    """One subject against one list."""
    return visit.page("hit.html", hit=_hit(visit), wrong="")


def say(visit: Visit) -> Response:
    """What somebody found out, with the reason."""
    found, party, why = _hit(visit), visit.form.get("party", ""), visit.form.get("why", "").strip()
    act, words = WORDS.get(visit.form.get("say", ""), (None, ""))
    if act is None:
        raise UsageError(f"what is said of a match is one of {', '.join(WORDS)}")
    try:
        act(visit.desk, found, party, why, visit.me.name)
    except UsageError as error:
        return visit.page("hit.html", 422, hit=found, wrong=str(error))
    sentence = words.format(subject=found.id, party=f"{found.list}:{party}")
    visit.note("match", sentence)
    back = f"/hits/{quote(found.list)}/{quote(found.id)}"
    return visit.go(back, f"{sentence}. It counts from the next screening on.")


def refresh(visit: Visit) -> Response:
    """Screen everybody anew."""
    begin(visit.desk)
    visit.note("screened everybody anew")
    return visit.go("/hits", "Everybody is being screened against the lists in force.")


def _hits(visit: Visit, most: int) -> Hits:
    state = one_of(visit, "state", STATES)
    return hits(visit.desk, state, visit.query("list"), number(visit, "skip") or 0, most)  # type: ignore[arg-type]


def _hit(visit: Visit) -> said.Subject:
    return said.hit(visit.desk, visit.word("list"), visit.word("id"), visit.me.name)
