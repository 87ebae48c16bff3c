"""Which host is asked, over what, and from where; and the headers that every answer of the console has."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request

from bylaw.gateway.admin.settings import LOOPBACK, ConsoleSettings

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
STANDING: Mapping[str, str] = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Reached:
    """How a request has reached the console."""

    def __init__(self, request: Request, settings: ConsoleSettings) -> None:
        self._headers, self._settings = request.headers, settings
        self._scheme = str(request.scope["scheme"])
        self._host = request.headers.get("host", "")
        self._name = urlsplit(f"//{self._host}").hostname or "" if _is_plain(self._host) else ""

    @property
    def origin(self) -> str:
        """``https://console.lab.example``, as a browser would say it."""
        return self._settings.origin or f"{self._scheme}://{self._host}"

    @property
    def encrypted(self) -> bool:
        """Whether the browser has it over TLS."""
        return self.origin.startswith("https://")

    def fault(self) -> str:
        """Why nothing is answered here; empty: nothing is wrong.

        A name that nobody has configured may be one that somebody else's DNS has pointed here (rebinding).
        """
        if self._settings.origin:
            asked = urlsplit(self._settings.origin).netloc
            return "" if self._host in (asked, f"{asked}:443") else f"this console is {asked}"
        if not _is_address(self._name) and self._name != "localhost":
            return "this console has no name: [console] origin in GATEWAY.toml gives it one"
        if self._scheme != "https" and self._name not in LOOPBACK:
            return "without TLS it is for this machine alone: give [admin] a certificate, or [console] an origin"
        return ""

    def is_ours(self) -> bool:
        """Whether a form comes from a page of ours, as the browser says; one that says nothing is not believed."""
        said = self._headers.get("origin")
        if said is not None:
            return said == self.origin
        return self._headers.get("sec-fetch-site") == "same-origin"


def local(back: str) -> str:
    """A path of ours to go back to; ``/`` for anything else."""
    path = urlsplit(back).path
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if plain else "/"


def _is_plain(host: str) -> bool:
    return bool(host) and host.isascii() and not set(host) & set("/\\@?#, \t")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
