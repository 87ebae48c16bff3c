"""The ASGI application on the admin listener: what a monitor asks for, static files, and the pages behind the guard."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bylaw.console.desk import Desk
from bylaw.console.frame import asset
from bylaw.console.guard import guarded
from bylaw.console.headers import STANDING
from bylaw.console.pages import PAGES
from bylaw.gateway.admin.app import Admin


class Console:
    """The gateway's own admin pages as they are; everything else is the console's, with its headers."""

    def __init__(self, desk: Desk) -> None:
        self._admin = Admin(desk.state)
        self._pages = router(desk)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        app: ASGIApp = self._admin if scope["path"] in self._admin.pages else self._pages
        await app(scope, receive, send if app is self._admin else _with_headers(send))


def router(desk: Desk) -> ASGIApp:
    """Every row of the table, and the static files."""
    rows = [(each.path, each.menu, each.least) for each in PAGES if each.menu and each.least]
    pages = [Route(each.path, guarded(each, desk, rows), methods=[each.method]) for each in PAGES]
    made = Router([Route("/static/{name}", _static, methods=["GET"]), *pages], redirect_slashes=False)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await made({**scope, "app": made}, receive, send)
        except HTTPException as error:
            said = {404: "There is no such page.", 405: "This page is not asked so."}
            text = said.get(error.status_code, error.detail)
            await PlainTextResponse(f"{text}\n", error.status_code)(scope, receive, send)

    return answer


async def _static(request: Request) -> Response:
    found = asset(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    content, kind = found
    return Response(content, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable"})


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            said = {name for name, _ in message["headers"]}
            standing = {"cache-control": "no-store", **STANDING}
            more = [(name.encode(), value.encode()) for name, value in standing.items() if name.encode() not in said]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending
