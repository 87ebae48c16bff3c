"""HTTP/1.1 towards one server: connections that are kept, and one request at a time on each.

Of our own, over httptools and the loop's transports: aiohttp's client took more than half of the time of a proxy that
does nothing else (docs/benchmarks.md), for much that is not wanted here. Nothing is followed, retried, decompressed,
or sent before the answer to what went before it has ended. A server that speaks unasked, or goes on after the end of
its answer, loses the connection.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httptools

from bylaw.gateway.problem import Header
from bylaw.gateway.wire.alarm import Alarm

HEAD = 64 << 10
"""Bytes of an answer's headers, at the most."""
AHEAD = 256 << 10
"""Bytes of an answer that are read ahead of whoever takes them."""
Connect = Callable[[Callable[[], asyncio.Protocol]], Awaitable[tuple[Any, Any]]]


class Unanswered(OSError):
    """The server cannot be reached, broke off, or speaks no HTTP/1.1; says which."""


class Line(asyncio.Protocol):
    """One connection to the server. ``status`` and ``headers`` are the answer's, names as they were written."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.since = 0.0
        self.is_open = False
        self._parser: Any = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._alarm = Alarm(self.loop, self._late)
        self._asked = False
        self._fresh()

    def _fresh(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self._begun = self._ended = self._to_close = self._paused = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._fault: OSError | None = None

    async def ask(self, request: bytes, seconds: float) -> None:
        """Send a request; its answer has begun when this returns. Raises ``TimeoutError``, ``Unanswered``."""
        self._fresh()
        self._asked = True
        self._transport.write(request)
        while not self._begun:
            await self._wait(seconds)

    async def read(self, seconds: float) -> bytes:
        """What has come of the body, or what comes next; empty at its end. Raises ``TimeoutError``, ``Unanswered``."""
        while not self.is_here:
            await self._wait(seconds)
        pieces, self._pieces, self._size = self._pieces, [], 0
        if self._paused and self.is_open:
            self._paused = False
            self._transport.resume_reading()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def is_here(self) -> bool:
        """Whether something of the body has come that was not read, or its end."""
        return bool(self._pieces) or self._ended

    @property
    def is_over(self) -> bool:
        """Whether all of the answer was read, to an end as it should be."""
        return self._ended and not self._pieces

    @property
    def is_free(self) -> bool:
        """Whether another request may follow on this connection."""
        kept = self._ended and not self._to_close and not self._paused
        return self.is_open and kept and not self._transport.get_write_buffer_size()

    def close(self) -> None:
        """End the connection."""
        self.is_open = False
        self._alarm.cancel()
        self._transport.abort()

    async def _wait(self, seconds: float) -> None:
        """Until what is waited for may have come; what has come before a fault is taken first."""
        if self._fault is not None:
            raise self._taken()
        if not self.is_open:
            raise Unanswered("the connection has ended")
        self._waiter = self.loop.create_future()
        self._alarm.set(seconds)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._alarm.clear()

    def _taken(self) -> OSError:
        """The fault, which is held no longer: raised, it holds whoever waited, and so this line."""
        fault, self._fault = self._fault, None
        return fault or Unanswered("the connection has ended")

    def _late(self) -> None:
        self._fail(TimeoutError())

    def _fail(self, why: OSError) -> None:
        self._fault = self._fault or why
        self.close()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended. So has an answer that says nothing of its length."""
        self.is_open = False
        self._alarm.cancel()
        if exc is None and self._begun and not self._ended and self._to_end:
            self._ended = self._to_close = True
        elif not self._ended:
            self._fault = self._fault or Unanswered("the connection was broken off")
        self._parser = None  # it holds this line, which then only the collector of cycles would find
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Bytes of the server."""
        if not self._asked or self._ended:
            self.close()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(Unanswered(f"what it answers cannot be read: {error}"))
            return
        if self._begun:
            self._wake()
        else:
            self._size += len(data)
            if self._size > HEAD:
                self._fail(Unanswered("the headers of its answer are too large"))

    def on_message_begin(self) -> None:
        """An answer begins; what comes behind the end of one is nobody's."""
        if self._ended:
            raise ValueError("it goes on after its end")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. Those behind a body (trailers) are not passed on."""
        if not self._begun:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The headers are here; of an answer that only announces another (1xx) they are let go."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers = []
            return
        coding = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if coding not in ([], [b"chunked"]):
            raise ValueError("its transfer encoding is not known here")
        self._to_end = not coding and not any(name == b"content-length" for name, _ in self.headers)
        self._begun, self._size = True, 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._pieces.append(body)
        self._size += len(body)
        if self._size > AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._begun:
            self._ended = True
            self._to_close = not self._parser.should_keep_alive()


class Lines:
    """Connections to one server; those that are idle are given up before the server would give them up."""

    def __init__(self, connect: Connect, connect_seconds: float, keep_seconds: float) -> None:
        self._connect, self._patience, self._keep = connect, connect_seconds, keep_seconds
        self._idle: list[Line] = []
        self._sweep: asyncio.TimerHandle | None = None

    def kept(self) -> Line | None:
        """A connection that was kept, for one request."""
        while self._idle:
            line = self._idle.pop()
            if line.is_open and line.loop.time() - line.since < self._keep:
                return line
            line.close()
        return None

    async def take(self) -> Line:
        """A connection for one request. Raises ``TimeoutError``, ``OSError``."""
        line = self.kept()
        if line is not None:
            return line
        async with asyncio.timeout(self._patience):
            _, made = await self._connect(Line)
        return made  # type: ignore[no-any-return]

    def give(self, line: Line) -> None:
        """Done with it: it is kept if its answer ended as it should, and closed otherwise."""
        if not line.is_free:
            line.close()
            return
        line.since = line.loop.time()
        self._idle.append(line)
        if self._sweep is None:
            self._sweep = line.loop.call_later(self._keep, self._give_up)

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()
        if self._sweep is not None:
            self._sweep.cancel()

    def _give_up(self) -> None:
        self._sweep = None
        young, loop = [], asyncio.get_running_loop()
        for line in self._idle:
            if line.is_open and loop.time() - line.since < self._keep:
                young.append(line)
            else:
                line.close()
        self._idle = young
        if young:
            self._sweep = loop.call_later(self._keep, self._give_up)


def connect_to(host: str, port: int, unix: str, tls: bool) -> Connect:
    """How a server is reached: a socket of this machine, or a host and port, perhaps by TLS."""
    context = ssl.create_default_context() if tls else None

    def connect(made: Callable[[], asyncio.Protocol]) -> Awaitable[tuple[Any, Any]]:
        loop = asyncio.get_running_loop()
        if unix:
            return loop.create_unix_connection(made, unix)
        return loop.create_connection(made, host, port, ssl=context, server_hostname=host if tls else None)

    return connect
