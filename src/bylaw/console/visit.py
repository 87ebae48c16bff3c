"""A request as a page sees it, and what a page answers with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bylaw.console.accounts.roles import reaches
from bylaw.console.accounts.sessions import Who
from bylaw.console.desk import Desk
from bylaw.console.frame import render
from bylaw.errors import UsageError
from bylaw.gateway.admin.settings import Role


@dataclass
class Visit:
    """``who`` is None only on pages for everybody. ``form`` and ``files`` are those of a POST, ``rows`` what there is
    in the menu: path, title, least role.
    """

    request: Request
    desk: Desk
    who: Who | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)
    rows: Sequence[tuple[str, str, Role]] = ()

    @property
    def path(self) -> str:
        """Which page."""
        return str(self.request.scope["path"])

    @property
    def address(self) -> str:
        """Where the connection comes from; a proxy's own, behind one."""
        return self.request.client.host if self.request.client else ""

    @property
    def me(self) -> Who:
        """Who is signed in, on a page that is only for those."""
        if self.who is None:
            raise UsageError("this page is for somebody who has signed in")
        return self.who

    def may(self, least: Role) -> bool:
        """Whether the visitor's role reaches so far."""
        return self.who is not None and reaches(self.who.role, least)

    def word(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str, otherwise: str = "") -> str:
        """A value of the query."""
        return self.request.query_params.get(name, otherwise)

    def note(self, what: str, about: str = "") -> None:
        """Write down what was done."""
        self.desk.journal.write(self.desk.clock(), self.who.name if self.who else "", what, about, self.address)

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A page from a template."""
        return HTMLResponse(render(template, visit=self, **values), status)

    def go(self, path: str, said: str = "") -> Response:
        """To another page, which shows a sentence; ``path`` is one of ours."""
        if said:
            self.desk.told[self.me.mark] = said
        return RedirectResponse(path, 303)

    def told(self) -> str:
        """What the page before has left for this one, once."""
        return self.desk.told.pop(self.who.mark, "") if self.who else ""

    @property
    def menu(self) -> list[tuple[str, str, bool]]:
        """Path, title and whether it is here, of what the visitor may see."""
        rows = [(path, title) for path, title, least in self.rows if self.may(least)]
        place = self.path.replace("/drafts/", "/directives/", 1)  # a draft stands among the directives
        inside = [path for path, _ in rows if place == path or (path != "/" and place.startswith(f"{path}/"))]
        here = max(inside, key=len, default="")
        return [(path, title, path == here) for path, title in rows]

    def link(self, **values: object) -> str:
        """This page with other values in its query; an empty one goes."""
        kept = {**self.request.query_params, **{name: str(value) for name, value in values.items()}}
        said = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.path}?{said}" if said else self.path
