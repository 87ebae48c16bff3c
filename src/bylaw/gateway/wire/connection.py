"""A caller's connection: HTTP/1.1, one exchange after the other, with times and sizes for what a caller sends.

Of our own, over httptools and the loop's transports: uvicorn's protocol and the request's turn through it took a third
of what a request cost (docs/benchmarks.md). Uvicorn's server opens and ends the connections; for it this is one of its
own protocols. Requests that come behind one that is being answered wait, and no more are read. No other protocol is
spoken, and what stands behind a request that cannot be read is not read.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, ClassVar

import httptools
from uvicorn import Config
from uvicorn.server import ServerState

from bylaw.gateway.problem import Header
from bylaw.gateway.settings import LimitSettings
from bylaw.gateway.wire.alarm import Alarm
from bylaw.gateway.wire.exchange import Exchange, Head

_RESET = struct.pack("ii", 1, 0)
_UNREADABLE = b"Invalid HTTP request received."
_MALFORMED = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_UNREADABLE), _UNREADABLE)
)
_FAILED = [(b"content-length", b"0"), (b"connection", b"close")]


@lru_cache(maxsize=64)
def _parsed(target: bytes) -> tuple[str, bytes]:
    """Path and query of a target. Raises ``HttpParserError``, ``UnicodeDecodeError``."""
    url = httptools.parse_url(target)
    return url.path.decode("ascii"), url.query or b""


Answer = Callable[[Exchange], Awaitable[None]]


def connection_class(limits: LimitSettings, answer: Answer, turned_away: Callable[[], None]) -> type["Connection"]:
    """The class for these limits, as uvicorn wants one: ``answer`` is called for each request, ``turned_away`` for each
    connection that is one too many.
    """
    own = {"limits": limits, "open": set(), "answer": staticmethod(answer), "turned_away": staticmethod(turned_away)}
    return type("Connection", (Connection,), own)


class Connection(asyncio.Protocol):
    """One connection. ``drained`` is there while the caller does not take what is sent."""

    limits: ClassVar[LimitSettings]
    open: ClassVar[set["Connection"]]
    answer: Answer
    turned_away: Callable[[], None]
    _stood: ClassVar[tuple[list[Header], bytes]] = ([], b"")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self.drained: asyncio.Future[None] | None = None
        self.peer = ""
        self._state = server_state
        self._parser: Any = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # the request before it is answered
        self._alarm = Alarm(self.loop, self._late)
        self._target = b""
        self._headers: list[Header] = []
        self._size = 0
        self._in_head = self._is_timed = self._is_reading_paused = self._is_ending = False
        self._read: Exchange | None = None
        """The one whose request comes in."""
        self._now: Exchange | None = None
        """The one that is answered."""
        self._waiting: deque[Exchange] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come; it must say what it wants in time."""
        self.transport = transport  # type: ignore[assignment]
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn lists its own kinds
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else ""
        if len(self.open) >= self.limits.connections:
            self.turned_away()
            self.transport.abort()
            return
        self.open.add(self)
        self._alarm.set(self.limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller has gone: what is made for it ends."""
        self._state.connections.discard(self)
        self.open.discard(self)
        self._alarm.cancel()
        self._waiting.clear()
        self.resume_writing()
        if self._now is not None:
            self._now.lose()
        self._read = self._now = None
        self._parser = None  # it holds this connection, and would be found by the collector of cycles only

    def pause_writing(self) -> None:
        """The caller does not take what is sent."""
        self.drained = self.loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        drained, self.drained = self.drained, None
        if drained is not None:
            drained.set_result(None)

    def pause_reading(self) -> None:
        """Nothing more is read until it is asked for."""
        if not (self._is_reading_paused or self.transport.is_closing()):
            self._is_reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless requests wait."""
        if self._is_reading_paused and not (self._waiting or self.transport.is_closing()):
            self._is_reading_paused = False
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Bytes of a caller."""
        if self._is_ending:
            return
        if self._in_head or self._read is None or self._read.is_whole:
            self._size += len(data)  # headers without end come in one piece or in many
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end()
        except httptools.HttpParserError:
            self._refuse()
            return
        if self._in_head:
            self._in_a_head()
        if self._now is not None and self._now.task is None:
            self._begin(self._now)

    def _in_a_head(self) -> None:
        """A head that has not come whole: it must not be too large, nor take too long."""
        if self._size > self.limits.header_bytes:
            self.transport.abort()
        elif not self._is_timed and self._now is None:
            self._is_timed = True
            self._alarm.set(self.limits.header_seconds)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._target, self._headers, self._size = True, b"", [], 0

    def on_url(self, url: bytes) -> None:
        """Its target, or a part of it."""
        self._target += url
        self._grown(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; too much of them makes the request malformed. One behind a body (a trailer) is not read."""
        self._grown(len(name) + len(value))
        if self._in_head:
            self._headers.append((name.lower(), value))

    def _grown(self, size: int) -> None:
        self._size += size
        if self._size > self.limits.header_bytes:
            raise ValueError("the headers are too large")

    def on_headers_complete(self) -> None:
        """The headers are here: it is answered when those before it have been."""
        self._in_head = self._is_timed = False
        self._alarm.clear()
        path, query = _parsed(self._target)
        head = Head(self._parser.get_method().decode(), path, query, self._headers)
        kept = self._parser.should_keep_alive() and self._parser.get_http_version() != "1.0"
        self._read = Exchange(self, head, kept)
        if self._now is None:
            self._now = self._read
        else:
            self._waiting.append(self._read)
            self.pause_reading()

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        if self._read is not None:
            self._read.put(body)

    def on_message_complete(self) -> None:
        """It is whole."""
        self._size = 0
        if self._read is not None:
            self._read.end()

    def _begin(self, exchange: Exchange) -> None:
        exchange.task = self.loop.create_task(self._answered(exchange))
        self._state.tasks.add(exchange.task)

    async def _answered(self, exchange: Exchange) -> None:
        """An answer, whole or cut: what fails here is told by its door."""
        try:
            await self.answer(exchange)
        except Exception:  # noqa: BLE001  the door has said it in its log
            if not exchange.is_begun:
                exchange.start(500, _FAILED)
                exchange.write(b"", False)
        finally:
            self._state.tasks.discard(exchange.task)
            if not (exchange.is_over or exchange.is_lost):
                self.transport.abort()

    def over(self) -> None:
        """An answer is whole: the next request's turn."""
        now, self._now = self._now, None
        if self.transport.is_closing():
            return
        if now is None or not now.is_kept:
            self._end()
            self.transport.close()
        elif self._waiting:
            self._now = self._waiting.popleft()
            self.resume_reading()
            self._begin(self._now)
        elif self._is_ending:
            self.transport.close()
        else:
            self.resume_reading()
            self._is_timed = self._in_head
            self._alarm.set(self.limits.header_seconds if self._in_head else self.limits.keep_seconds)

    def _refuse(self) -> None:
        """Bytes that are no request: those before it are answered, and then nothing more."""
        broken = self._waiting[-1] if self._waiting else self._now
        if broken is None or (broken is self._now and not broken.is_whole):
            if broken is None or not broken.is_begun:
                self.transport.write(_MALFORMED)
            self.transport.close()
            if broken is not None:
                broken.lose()
        elif not broken.is_whole:
            self._waiting.pop()
        self._end()
        if self._now is not None and self._now.task is None and self._now.is_whole:
            self._begin(self._now)

    def _end(self) -> None:
        """Nothing that comes from now on is looked at."""
        self._is_ending = True
        last = self._waiting[-1] if self._waiting else self._now
        if last is not None:
            last.is_kept = False

    def shutdown(self) -> None:
        """The server ends: this connection does after the answer under way."""
        if self._now is None:
            self.transport.close()
        else:
            self._waiting.clear()
            self._now.is_kept = False

    def cut(self) -> None:
        """End now, with a reset."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def standing(self) -> bytes:
        """The headers of every answer, as the server has them at the moment: the date."""
        headers, lines = Connection._stood
        if headers is not self._state.default_headers:
            headers = self._state.default_headers
            lines = b"".join([b"%s: %s\r\n" % each for each in headers])
            Connection._stood = headers, lines
        return lines

    def _late(self) -> None:
        self.transport.abort()
