"""One call over HTTP: the official client says where to and with which headers, aiohttp carries it.

Of the processor time of a question alone in its request, three quarters were the official client's: options and
request built and copied for each call, retries it does not make here, its models, and a pool that looks through all of
its connections for every request (docs/benchmarks.md). What it knows of an API is asked once, when it is opened: the
address, the key's header, what else it sends with everything. What it would do with an answer is done in ``calling``
and ``replies``. Proxies and certificates are those of the environment, as with the client.
"""

from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from bylaw import __version__
from bylaw.errors import MissingExtra, UsageError


class StatusError(Exception):
    """The server answered with something else than success. ``body`` is JSON as it was decoded, or a text."""

    def __init__(self, status: int, body: Any, headers: Any) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers


class Posting:
    """Posts to the server that an official client (OpenAI's, Anthropic's) was opened for. One event loop only."""

    def __init__(self, client: Any) -> None:
        try:
            import aiohttp
        except ImportError as error:
            raise MissingExtra("aiohttp", "judges") from error
        self._http = aiohttp
        self._base = str(client.base_url).rstrip("/")
        self._headers = _plain({**client.default_headers, **client.auth_headers})
        self._proxy = proxy_of(self._base)
        self._open: Any = None

    async def post(self, path: str, body: dict[str, Any]) -> bytes:
        """What the server answers. Raises ``StatusError``, and what aiohttp does: ``OSError``, ``ClientError``."""
        call = self._session().post(
            self._base + path, data=msgspec.json.encode(body), allow_redirects=False, proxy=self._proxy
        )
        async with call as answer:
            said: bytes = await answer.read()
        if not 200 <= answer.status < 300:
            raise StatusError(answer.status, _decoded(said), answer.headers)
        return said

    async def close(self) -> None:
        """Give connections back."""
        if self._open is not None:
            await self._open.close()

    def _session(self) -> Any:
        """The connections, opened inside the loop. How many there are, and how long a call takes, the caller bounds."""
        if self._open is None:
            self._open = self._http.ClientSession(
                connector=self._http.TCPConnector(limit=0),
                cookie_jar=self._http.DummyCookieJar(),
                timeout=self._http.ClientTimeout(total=None, connect=None, sock_connect=None),
                headers=self._headers,
            )
        return self._open


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for a URL (``https_proxy``, ``all_proxy``, ``no_proxy``); None for none.

    Looked up once: aiohttp does it for each call, in a thread. Raises ``UsageError`` for one that is not HTTP's.
    """
    parts, known = urlsplit(url), getproxies()
    found = known.get(parts.scheme) or known.get("all")
    if not found or proxy_bypass(parts.netloc):
        return None
    found = found if "://" in found else f"http://{found}"
    if urlsplit(found).scheme not in ("http", "https"):
        kind = urlsplit(found).scheme  # not the whole: there may be a password in it
        raise UsageError(f"{url} is to be asked through a proxy of {kind}, and only proxies of HTTP can be used")
    return found


def _plain(headers: dict[str, Any]) -> dict[str, str]:
    """What a client sends with every request, without what it says of itself."""
    kept = {name: value for name, value in headers.items() if isinstance(value, str)}
    ours = {name: value for name, value in kept.items() if not name.lower().startswith(("x-stainless-", "user-agent"))}
    return {**ours, "User-Agent": f"bylaw/{__version__}"}


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content.decode(errors="replace")
