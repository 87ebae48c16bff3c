"""Signing in: a name, a password and a code, all three together; or another provider says who it is."""

from starlette.responses import RedirectResponse, Response

from bylaw.console.cookies import Cookie
from bylaw.console.frame import span
from bylaw.console.headers import Reached, local
from bylaw.console.visit import Visit

WRONG = "Name, password and code do not go together. A code counts once; wait for the next one if you have used it."


def show(visit: Visit) -> Response:
    """The form."""
    return RedirectResponse("/", 303) if visit.who else _form(visit)


def enter(visit: Visit) -> Response:
    """A new session, if all three are right."""
    name, now = visit.form.get("name", "").strip(), visit.desk.clock()
    if wait := visit.desk.lockout.wait(name, visit.address, now):
        return _form(visit, 429, f"Too many wrong answers. Wait {span(wait + 1)}.")
    person = visit.desk.people.check(name, visit.form.get("password", ""), visit.form.get("code", ""), now)
    if person is None:
        visit.desk.lockout.wrong(name, visit.address, now)
        known = visit.desk.people.find(name)  # what is no account may be a password in the wrong field
        visit.note("sign-in failed", known.name if known else "no such account")
        return _form(visit, 401, WRONG)
    visit.desk.lockout.right(name, visit.address)
    cookie = Cookie(Reached(visit.request, visit.desk.settings).encrypted)
    secret = visit.desk.sessions.begin(person.name, person.name, person.role, now, cookie.read(visit.request))
    visit.who = visit.desk.sessions.find(secret, now)
    visit.note("signed in")
    response = RedirectResponse(local(visit.form.get("back", "/")), 303)
    cookie.give(response, secret)
    return response


def _form(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    back = local(visit.form.get("back", "") or visit.query("back"))
    return visit.page(
        "signin.html",
        status,
        wrong=wrong,
        back=back,
        elsewhere=visit.desk.settings.oidc,
        name=visit.form.get("name", ""),
    )
