"""Signing in with another provider: the way there, and the way back."""

from starlette.responses import RedirectResponse, Response

from bylaw.console.cookies import Cookie
from bylaw.console.headers import Reached, local
from bylaw.console.visit import Visit
from bylaw.errors import BylawError, UsageError

BACK = "/signin/elsewhere/back"


def there(visit: Visit) -> Response:
    """To the provider; with ``again`` it has to ask anew who it is."""
    oidc, reached = visit.desk.oidc, Reached(visit.request, visit.desk.settings)
    if oidc is None:
        raise UsageError("no other provider is configured: [console.oidc] in GATEWAY.toml names one")
    back, again = local(visit.query("back")), visit.query("again") == "1"
    url, secret = oidc.begin(f"{reached.origin}{BACK}", back, visit.desk.clock(), again=again)
    response = RedirectResponse(url, 303)
    Cookie(reached.encrypted, lax=True).give(response, secret)
    return response


def back(visit: Visit) -> Response:
    """From the provider: a new session, in place of the one before. The page then goes on by itself: a redirect would
    still count as the provider's, and the session's cookie would not be sent with it.
    """
    desk, reached, now = visit.desk, Reached(visit.request, visit.desk.settings), visit.desk.clock()
    if desk.oidc is None:
        raise UsageError("no other provider is configured")
    flow, session = Cookie(reached.encrypted, lax=True), Cookie(reached.encrypted)
    try:
        said = dict(visit.request.query_params)
        found, goes = desk.oidc.end(flow.read(visit.request), said, f"{reached.origin}{BACK}", now)
    except BylawError as error:
        visit.note("sign-in failed", f"elsewhere: {error}")
        raise
    secret = desk.sessions.begin(
        found.name, found.title, found.role, now, session.read(visit.request), proved=found.proved
    )
    desk.journal.write(now, found.name, "signed in", f"as {found.role}", visit.address)
    response = visit.page("arrived.html", back=goes)
    flow.take(response)
    session.give(response, secret)
    return response
