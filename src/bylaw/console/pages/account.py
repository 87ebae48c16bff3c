"""One's own account: sessions, password, signing out, and proving again that it is still the same person."""

from starlette.responses import RedirectResponse, Response

from bylaw.console.cookies import Cookie
from bylaw.console.frame import span
from bylaw.console.headers import Reached, local
from bylaw.console.visit import Visit
from bylaw.errors import UsageError


def show(visit: Visit) -> Response:
    """The account."""
    return _account(visit)


def change(visit: Visit) -> Response:
    """Another password; every other session of the account ends."""
    me, desk = visit.me, visit.desk
    new = visit.form.get("new", "")
    if not me.local:
        raise UsageError("this account's password is with its provider")
    if desk.lockout.wait(me.name, visit.address, desk.clock()):
        return _account(visit, 429, "Too many wrong answers; wait a little.")
    if new != visit.form.get("repeated", ""):
        return _account(visit, 422, "The new password was not written twice alike.")
    try:
        desk.people.change(me.name, visit.form.get("old", ""), new)
    except UsageError as error:
        desk.lockout.wrong(me.name, visit.address, desk.clock())
        return _account(visit, 422, f"{str(error)[0].upper()}{str(error)[1:]}.")
    desk.sessions.end_all(me.name, but=me.mark)
    visit.note("changed the password")
    return visit.go("/", "Your password is changed; other sessions of yours have ended.")


def leave(visit: Visit) -> Response:
    """Signed out here."""
    visit.desk.sessions.end(visit.me)
    visit.note("signed out")
    return _gone(visit)


def leave_elsewhere(visit: Visit) -> Response:
    """Signed out everywhere else."""
    ended = visit.desk.sessions.end_all(visit.me.name, but=visit.me.mark)
    visit.note("signed out elsewhere", str(ended))
    return visit.go("/account", f"{ended} other sessions have ended.")


def again(visit: Visit) -> Response:
    """The form that asks for a code before something that cannot be taken back."""
    return visit.page("again.html", wrong="", back=local(visit.query("back")))


def prove(visit: Visit) -> Response:
    """A code; then back to where they were."""
    me, desk, now = visit.me, visit.desk, visit.desk.clock()
    back = local(visit.form.get("back", ""))
    if wait := desk.lockout.wait(me.name, visit.address, now):
        return visit.page("again.html", 429, wrong=f"Too many wrong answers. Wait {span(wait + 1)}.", back=back)
    if not desk.people.take(me.name, visit.form.get("code", ""), now):
        desk.lockout.wrong(me.name, visit.address, now)
        visit.note("code refused")
        wrong = "That is not the code of now, or it was used before: wait for the next one."
        return visit.page("again.html", 401, wrong=wrong, back=back)
    desk.lockout.right(me.name, visit.address)
    desk.sessions.prove(me, now)
    return RedirectResponse(back, 303)


def _account(visit: Visit, status: int = 200, wrong: str = "") -> Response:
    running = [each for each in visit.desk.sessions.running(visit.desk.clock()) if each[0] == visit.me.name]
    return visit.page("account.html", status, wrong=wrong, running=running)


def _gone(visit: Visit) -> Response:
    response = RedirectResponse("/signin", 303)
    Cookie(Reached(visit.request, visit.desk.settings).encrypted).take(response)
    return response
