"""The servers that answer for models: a request goes on as it came, an answer comes back as it is, piece by piece.

Only headers that a model's server has a use for go on, with the lab's credential in place of the caller's. Nothing is
followed, retried, decompressed or held back. What goes wrong before the first byte is a ``Problem``; after it, the
caller's connection is cut, since an answer that looks whole and is not would be worse.
"""

import os
from collections.abc import Awaitable, Mapping
from urllib.parse import urlsplit

from bylaw.errors import SettingsError
from bylaw.gateway.problem import Broken, Header, Problem
from bylaw.gateway.settings import GatewaySettings, UpstreamSettings
from bylaw.gateway.wire.client import Line, Lines, connect_to

ONWARD = (
    b"accept",
    b"accept-encoding",
    b"anthropic-beta",
    b"anthropic-version",
    b"content-type",
    b"openai-beta",
    b"user-agent",
)
"""Headers of a request that go on."""
KEPT_BACK = frozenset(
    b"connection date keep-alive proxy-authenticate server set-cookie te trailer transfer-encoding upgrade".split()
)
"""Headers of an answer that are about this connection, or that server."""
_OWN = b"bylaw-"


class Answer:
    """An answer that has begun. Close it: that ends the connection if it was left early."""

    def __init__(self, line: Line, lines: Lines, idle: float) -> None:
        self._line, self._lines, self._idle = line, lines, idle
        self.status = line.status

    @property
    def headers(self) -> list[Header]:
        """Those that go to the caller."""
        return [each for each in self._line.headers if each[0] not in KEPT_BACK and not each[0].startswith(_OWN)]

    async def read(self) -> bytes:
        """What has come of the body, or what comes next. Raises ``Broken`` if it does not end as it should."""
        try:
            return await self._line.read(self._idle)
        except TimeoutError:
            raise Broken(f"nothing came for {self._idle:g} seconds") from None
        except OSError as error:
            raise Broken(str(error)) from error

    @property
    def is_here(self) -> bool:
        """Whether ``read`` has something to take, or nothing more to wait for."""
        return self._line.is_here

    @property
    def is_over(self) -> bool:
        """Whether all of it was read."""
        return self._line.is_over

    def close(self) -> None:
        """Done with it; its connection is used again if the answer was read to its end."""
        self._lines.give(self._line)


class Upstreams:
    """The servers, and which of them answers for a model."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._servers = {name: _Server(each) for name, each in settings.upstream.items()}
        self._of = {model: self._servers[row.upstream] for model, row in settings.model.items() if row.upstream}

    def serves(self, model: str) -> bool:
        """Whether somebody answers for it."""
        return model in self._of

    def ask(
        self, model: str, path: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes
    ) -> Awaitable[Answer]:
        """Send a request on; its answer, begun. Raises ``Problem``."""
        return self._of[model].ask(path, query, headers, body)

    def close(self) -> None:
        """Close all connections that are idle."""
        for server in self._servers.values():
            server.lines.close()


class _Server:
    def __init__(self, settings: UpstreamSettings) -> None:
        self._settings = settings
        unix = settings.url.removeprefix("unix:") if settings.url.startswith("unix:") else ""
        parts = urlsplit("http://model" if unix else settings.url.rstrip("/").removesuffix("/v1"))
        tls, host = parts.scheme == "https", parts.hostname or ""
        connect = connect_to(host, parts.port or (443 if tls else 80), unix, tls)
        self.lines = Lines(connect, settings.connect_seconds, settings.keep_seconds)
        self._base = parts.path
        self._standing = f"host: {parts.netloc}\r\n{_credential(settings)}".encode("latin-1")

    async def ask(self, path: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes) -> Answer:
        try:
            request = self._head(path, query, headers, body) + body
            line = self.lines.kept() or await self.lines.take()
            try:
                await line.ask(request, self._settings.first_byte_seconds)
            except BaseException:
                line.close()
                raise
        except TimeoutError:
            raise Problem("upstream-slow", "The model's server did not answer in time.") from None
        except (OSError, ValueError):
            raise Problem("upstream", "The model's server cannot be reached, or broke off.") from None
        if line.status < 200 or 300 <= line.status < 400:
            line.close()
            raise Problem("upstream", "The model's server points elsewhere; that is not followed.")
        return Answer(line, self.lines, self._settings.idle_seconds)

    def _head(self, path: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes) -> bytes:
        """The request's line and headers. Raises ``ValueError`` for a value that would begin another line."""
        target = f"{self._base}{path}".encode() + (b"?" + query if query else b"")
        given = [b"%s: %s" % (name, headers[name]) for name in ONWARD if name in headers]
        onward = b"\r\n".join((*given, b""))
        if onward.count(b"\r") != len(given) or onward.count(b"\n") != len(given) or b"\0" in onward:
            raise ValueError("a header would begin another line")
        return b"POST %s HTTP/1.1\r\n%s%scontent-length: %d\r\n\r\n" % (target, self._standing, onward, len(body))


def _credential(settings: UpstreamSettings) -> str:
    """The header with the lab's credential, or nothing."""
    key = os.environ.get(settings.key, "") if settings.key else ""
    if not key:
        return ""
    if not key.isprintable():
        raise SettingsError(f"the environment variable {settings.key} holds more than a key", "upstream.key")
    return f"authorization: Bearer {key}\r\n" if settings.scheme == "bearer" else f"x-api-key: {key}\r\n"
