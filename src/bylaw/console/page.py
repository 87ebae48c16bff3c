"""One row of the table of pages."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from starlette.responses import Response

from bylaw.console.visit import Visit
from bylaw.gateway.admin.settings import Role

Handler = Callable[[Visit], Response | Awaitable[Response]]


class Page(NamedTuple):
    """``path`` as Starlette writes it (``/subjects/{id}``). ``fresh``: only for who has
    proved lately that it is they; ``quiet``: a page asks for it by itself, so that it keeps no session alive.
    """

    path: str
    least: Role | None
    handler: Handler
    menu: str = ""
    method: Literal["GET", "POST"] = "GET"
    fresh: bool = False
    quiet: bool = False
