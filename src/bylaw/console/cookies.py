"""The one cookie of a session, and the one of a signing in elsewhere that is under way."""

from starlette.requests import Request
from starlette.responses import Response


class Cookie:
    """``__Host-`` where the browser has the page over TLS: then no other host and no plain page can set it.

    A session's is never sent with a request that another site began; that of a signing in elsewhere must be, for the
    way back (``lax``), and lives ten minutes.
    """

    def __init__(self, encrypted: bool, *, lax: bool = False) -> None:
        self._encrypted, self._lax = encrypted, lax
        name = "bylaw-signin" if lax else "bylaw-session"
        self.name = f"__Host-{name}" if encrypted else name

    def read(self, request: Request) -> str:
        """What the browser has."""
        return request.cookies.get(self.name, "")

    def give(self, response: Response, secret: str) -> None:
        """Let the browser keep it."""
        response.set_cookie(
            self.name,
            secret,
            max_age=600 if self._lax else None,
            path="/",
            secure=self._encrypted,
            httponly=True,
            samesite="lax" if self._lax else "strict",
        )

    def take(self, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(
            self.name, path="/", secure=self._encrypted, httponly=True, samesite="lax" if self._lax else "strict"
        )
