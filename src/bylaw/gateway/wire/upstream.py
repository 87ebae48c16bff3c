"""The servers that answer for models: a request goes on as it came, an answer comes back as it is, piece by piece.

Only headers that a model's server has a use for go on, with the lab's credential in place of the caller's. Nothing is
followed, retried, decompressed or held back. What goes wrong before the first byte is a ``Problem``; after it, the
caller's connection is cut, since an answer that looks whole and is not would be worse.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping

import aiohttp
from yarl import URL

from bylaw.gateway.problem import Broken, Header, Problem
from bylaw.gateway.settings import GatewaySettings, UpstreamSettings

ONWARD = frozenset(
    b"accept accept-encoding anthropic-beta anthropic-version content-type openai-beta user-agent".split()
)
"""Headers of a request that go on."""
KEPT_BACK = frozenset(
    b"connection date keep-alive proxy-authenticate server set-cookie te trailer transfer-encoding upgrade".split()
)
"""Headers of an answer that are about this connection, or that server."""
_OWN = b"bylaw-"


class Answer:
    """An answer that has begun. Use as a context: it ends the connection if it is left early."""

    def __init__(self, response: aiohttp.ClientResponse, idle: float) -> None:
        self._response, self._idle = response, idle
        self.status = response.status

    @property
    def headers(self) -> list[Header]:
        """Those that go to the caller."""
        return [
            (low, value)
            for name, value in self._response.raw_headers
            if (low := name.lower()) not in KEPT_BACK and not low.startswith(_OWN)
        ]

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises ``Broken`` if it does not end as it should."""
        loop, idle = asyncio.get_running_loop(), self._idle
        try:
            async with asyncio.timeout(idle) as limit:
                async for piece in self._response.content.iter_any():
                    limit.reschedule(None)  # how long the caller takes is another matter
                    yield piece
                    limit.reschedule(loop.time() + idle)
        except TimeoutError:
            raise Broken(f"nothing came for {idle:g} seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Broken(str(error)) from error

    def close(self) -> None:
        """Done with it; its connection is used again if the answer was read to its end."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class Upstreams:
    """One session for each server."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._servers = {name: _Server(each) for name, each in settings.upstream.items()}
        self._of = {model: self._servers[row.upstream] for model, row in settings.model.items() if row.upstream}

    def serves(self, model: str) -> bool:
        """Whether somebody answers for it."""
        return model in self._of

    async def ask(self, model: str, path: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        """Send a request on; returns its answer, begun. Raises ``Problem``."""
        return await self._of[model].ask(path, query, headers, body)

    async def close(self) -> None:
        """Close all connections."""
        for server in self._servers.values():
            await server.close()


class _Server:
    def __init__(self, settings: UpstreamSettings) -> None:
        self._settings = settings
        self._unix = settings.url.removeprefix("unix:") if settings.url.startswith("unix:") else ""
        self._base = "http://model" if self._unix else settings.url.rstrip("/").removesuffix("/v1")
        self._urls: dict[tuple[str, bytes], URL] = {}
        self._session: aiohttp.ClientSession | None = None
        self._credential = _credential(settings)

    async def ask(self, path: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        session = self._session = self._session or self._open()
        onward = {name.decode(): value.decode("latin-1") for name, value in headers.items() if name in ONWARD}
        onward.update(self._credential)
        try:
            async with asyncio.timeout(self._settings.connect_seconds + self._settings.first_byte_seconds):
                response = await session.post(self._url(path, query), data=body, headers=onward, allow_redirects=False)
        except TimeoutError:
            raise Problem("upstream-slow", "The model's server did not answer in time.") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Problem("upstream", "The model's server cannot be reached, or broke off.") from None
        if response.status < 200 or 300 <= response.status < 400:
            response.close()
            raise Problem("upstream", "The model's server points elsewhere; that is not followed.")
        return Answer(response, self._settings.idle_seconds)

    def _url(self, path: str, query: bytes) -> URL:
        found = self._urls.get((path, query))
        if found is None:
            text = self._base + path + (f"?{query.decode()}" if query else "")
            found = self._urls[path, query] = URL(text, encoded=True)
        return found

    def _open(self) -> aiohttp.ClientSession:
        how = self._settings
        connector: aiohttp.BaseConnector
        if self._unix:
            connector = aiohttp.UnixConnector(self._unix, limit=0, keepalive_timeout=how.keep_seconds)
        else:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=how.keep_seconds)
        return aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=how.connect_seconds, sock_read=how.first_byte_seconds
            ),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _credential(settings: UpstreamSettings) -> dict[str, str]:
    key = os.environ.get(settings.key, "") if settings.key else ""
    if not key:
        return {}
    return {"authorization": f"Bearer {key}"} if settings.scheme == "bearer" else {"x-api-key": key}
