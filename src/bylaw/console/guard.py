"""One request for a page, in the order in which it is looked at: where it came, who it is, what they may, whether the
form is ours; then the page itself. Whatever fails is answered here, and no page runs.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import quote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from bylaw.console.accounts.sessions import Who
from bylaw.console.cookies import Cookie
from bylaw.console.desk import Desk
from bylaw.console.headers import Reached, local
from bylaw.console.page import Page
from bylaw.console.visit import Visit
from bylaw.errors import BylawError, VerificationError
from bylaw.gateway.admin.settings import Role
from bylaw.gateway.log import Log

LIMIT, LIMIT_OF_ALL = 6 << 20, 64 << 10
"""Bytes of the largest form: a document of 4 MiB, and room; and of one that anybody may send."""
OF_ALL = CapacityLimiter(4)
"""Pages that anybody may ask for run so many at once: who floods them does not shut out those who have signed in."""
Endpoint = Callable[[Request], Awaitable[Response]]
Rows = Sequence[tuple[str, str, Role]]


class Refused(Exception):
    """No page runs; ``status`` and a sentence."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


def guarded(page: Page, desk: Desk, rows: Rows) -> Endpoint:
    """A page behind the guard, as an endpoint of Starlette's."""

    async def answer(request: Request) -> Response:
        visit = Visit(request, desk, rows=rows)
        try:
            return await _answer(page, visit)
        except Refused as refused:
            return refusal(visit, refused.status, refused.why)

    return answer


def refusal(visit: Visit, status: int, why: str) -> Response:
    """A page that says why there is no other."""
    return visit.page("refusal.html", status, title=HTTPStatus(status).phrase, why=why)


async def _answer(page: Page, visit: Visit) -> Response:
    reached = Reached(visit.request, visit.desk.settings)
    if fault := reached.fault():
        raise Refused(421, f"{fault[0].upper()}{fault[1:]}.")
    if page.method == "POST" and not reached.is_ours():
        raise Refused(403, "This form does not come from a page of this console. Nothing was done.")
    visit.who = await run_sync(_who, visit, reached, page.quiet)
    if page.least and (elsewhere := await run_sync(_turned_away, page, page.least, visit)):
        return elsewhere
    if page.method == "POST":
        await _read_form(visit, LIMIT if page.least else LIMIT_OF_ALL)
        if page.least:  # signing in begins a session of its own, whatever another tab has
            _require_token(visit)
    return await _run(page, visit)


def _who(visit: Visit, reached: Reached, quiet: bool) -> Who | None:
    secret = Cookie(reached.encrypted).read(visit.request)
    return visit.desk.sessions.find(secret, visit.desk.clock(), quiet)


def _turned_away(page: Page, least: Role, visit: Visit) -> Response | None:
    """Where to go first: to sign in, to a password of one's own, to prove that it is still they."""
    if visit.who is None:
        back = visit.request.url.path if page.method == "GET" else ""
        return RedirectResponse(f"/signin?back={quote(back)}" if back not in ("", "/") else "/signin", 303)
    if not visit.may(least):
        visit.note("refused", f"{page.method} {visit.path}: needs the role {least}")
        raise Refused(403, f"This is for the role {least}, and yours is {visit.who.role}. Nothing was done.")
    if visit.who.first and page.path not in ("/account", "/account/password", "/signout"):
        return RedirectResponse("/account", 303)
    if page.fresh and visit.desk.clock() - visit.who.proved > visit.desk.settings.fresh_seconds:
        back = visit.path if page.method == "GET" else visit.request.headers.get("referer", "")
        return RedirectResponse(f"/again?back={quote(local(back))}", 303)
    return None


async def _read_form(visit: Visit, limit: int) -> None:
    """The fields of a form, each once. Raises ``Refused``."""
    size = visit.request.headers.get("content-length", "")
    if not size.isdecimal() or int(size) > limit:
        raise Refused(413, f"A form has {limit >> 10:,} KiB at the most.")
    try:
        form = await visit.request.form(max_files=1, max_fields=100, max_part_size=limit)
    except (MultiPartException, ClientDisconnect, UnicodeDecodeError) as error:
        raise Refused(400, "The form cannot be read.") from error
    items = form.multi_items()
    if len({name for name, _ in items}) != len(items):
        raise Refused(400, "A field of the form is there twice.")
    visit.form = {name: value for name, value in items if isinstance(value, str)}
    visit.files = {name: value for name, value in items if isinstance(value, UploadFile)}


def _require_token(visit: Visit) -> None:
    if visit.who and not compare_digest(visit.form.get("csrf", "").encode(), visit.who.csrf.encode()):
        raise Refused(403, "This form belongs to another session. Load its page again. Nothing was done.")


async def _run(page: Page, visit: Visit) -> Response:
    """The page itself; an error on purpose is a sentence, any other is logged without what it says."""
    try:
        if inspect.iscoroutinefunction(page.handler):
            return await page.handler(visit)  # type: ignore[no-any-return]
        found = await run_sync(page.handler, visit, limiter=None if page.least else OF_ALL)
        assert isinstance(found, Response)
        return found
    except VerificationError as error:
        raise Refused(409, str(error)) from error
    except BylawError as error:
        raise Refused(422, str(error)) from error
    except Exception as error:
        Log("console").fault(error)
        raise Refused(500, "A mistake of the console itself; the gateway's log says where.") from error
