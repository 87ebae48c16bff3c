"""One request of a caller and its answer, as HTTP/1.1 frames them.

``receive`` and ``send`` are ASGI's, for what is shared with other servers; an answer that is passed on goes by
``start``, ``flush`` and ``write``, which wait for nobody. What is sent to a caller who has gone is dropped.
"""

import asyncio
from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from bylaw.gateway.problem import Header

MUCH = 64 << 10
"""Bytes of a body after which no more is read until somebody takes them."""
_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
_EMPTY = frozenset({204, 304})


class Head(NamedTuple):
    """A request before its body. ``path`` is as it was written; names of headers are in lower case."""

    method: str
    path: str
    query: bytes
    headers: list[Header]


class Side(Protocol):
    """The caller's side of it: a connection. ``drained`` is there while the caller does not take what is sent."""

    transport: asyncio.Transport
    drained: asyncio.Future[None] | None
    peer: str

    def pause_reading(self) -> None:
        """Read no more of the caller."""

    def resume_reading(self) -> None:
        """Read on."""

    def standing(self) -> bytes:
        """The lines of every answer's head."""

    def over(self) -> None:
        """An answer is whole."""

    def cut(self) -> None:
        """End now, with a reset."""


class Exchange:
    """A request and its answer. ``on_lost`` is called once, if the caller goes before it is over.

    ``is_whole``: all of the request has come; ``is_begun``, ``is_over``: of the answer; ``is_kept``: another request
    may follow. ``task`` is what answers it.
    """

    __slots__ = (
        "_chunked",
        "_connection",
        "_left",
        "_parts",
        "_silent",
        "_size",
        "_told",
        "_unsent",
        "_waits",
        "head",
        "is_begun",
        "is_kept",
        "is_lost",
        "is_over",
        "is_whole",
        "on_lost",
        "task",
    )

    def __init__(self, connection: Side, head: Head, is_kept: bool) -> None:
        self._connection, self.head, self.is_kept = connection, head, is_kept
        self.is_whole = self.is_begun = self.is_over = self.is_lost = False
        self.on_lost: Callable[[], None] | None = None
        self.task: asyncio.Task[None] | None = None
        self._parts: list[bytes] = []
        self._size = self._left = 0
        self._chunked = self._silent = self._told = False
        self._unsent = b""
        self._waits: asyncio.Future[None] | None = None

    @property
    def peer(self) -> str:
        """The address at the connection's other end."""
        return self._connection.peer

    @property
    def is_paused(self) -> bool:
        """Whether the caller does not take what is sent."""
        return self._connection.drained is not None

    def put(self, piece: bytes) -> None:
        """A piece of the body has come; what comes after the answer is dropped."""
        if self.is_over:
            return
        self._parts.append(piece)
        self._size += len(piece)
        if self._size > MUCH:
            self._connection.pause_reading()
        self._wake()

    def end(self) -> None:
        """The request is whole."""
        self.is_whole = True
        self._wake()

    def lose(self) -> None:
        """The caller has gone."""
        if not (self.is_over or self.is_lost):
            self.is_lost = True
            self._wake()
            if self.on_lost is not None:
                self.on_lost()

    async def receive(self) -> dict[str, Any]:
        """What has come of the body, or what comes next."""
        if not (self._parts or self.is_whole or self.is_lost):
            await self._more()
        if self.is_lost:
            return {"type": "http.disconnect"}
        parts, self._parts, self._size = self._parts, [], 0
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}

    async def _more(self) -> None:
        told, self._told = self._told, True
        if not told and _expects(self.head.headers):
            self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._connection.resume_reading()
        self._waits = asyncio.get_running_loop().create_future()
        try:
            await self._waits
        finally:
            self._waits = None

    def _wake(self) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """An ASGI message of the answer, once the caller has taken what was sent before."""
        await self.taken()
        if message["type"] == "http.response.start":
            self.start(message["status"], message["headers"])
        else:
            self.write(message["body"], message.get("more_body", False))

    async def taken(self) -> None:
        """Wait until the caller takes more."""
        if self._connection.drained is not None:
            await asyncio.shield(self._connection.drained)

    def start(self, status: int, headers: list[Header]) -> None:
        """The answer begins; its head goes with the first piece, in one packet, or with ``flush``.

        Raises ``ValueError`` for a header that would begin another line.
        """
        lines = b"".join([b"%s: %s\r\n" % each for each in headers])
        if lines.count(b"\r") != len(headers) or lines.count(b"\n") != len(headers) or b"\0" in lines:
            raise ValueError("a header would begin another line")
        self.is_begun = True
        self._silent = status in _EMPTY or self.head.method == "HEAD"
        self._chunked = not self._silent
        for name, value in headers:
            if name == b"content-length":
                self._left, self._chunked = int(value), False
            elif name == b"connection":
                self.is_kept = False
        if not self.is_kept and b"connection: close\r\n" not in lines:
            lines += b"connection: close\r\n"
        framing = b"transfer-encoding: chunked\r\n\r\n" if self._chunked else b"\r\n"
        line = _LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
        self._unsent = b"".join((line, self._connection.standing(), lines, framing))

    def flush(self) -> None:
        """Send the head now: nothing of the body is here yet."""
        head, self._unsent = self._unsent, b""
        if head and not self.is_lost:
            self._connection.transport.write(head)

    def write(self, piece: bytes, more: bool) -> None:
        """A piece of its body. Raises ``ValueError`` for more or less than the headers said."""
        if self.is_lost:
            return
        framed = self._unsent if self._silent else self._unsent + self._framed(piece, more)
        self._unsent = b""
        if framed:
            self._connection.transport.write(framed)
        if not more:
            self.is_over = True
            self._connection.over()

    def _framed(self, piece: bytes, more: bool) -> bytes:
        if self._chunked:
            framed = b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
            return framed if more else framed + b"0\r\n\r\n"
        self._left -= len(piece)
        if self._left < 0 or (self._left and not more):
            raise ValueError("a body is not as long as its headers say")
        return piece

    def cut(self) -> None:
        """End the connection now: what lies in buffers, here and in the system, is not sent."""
        self.is_lost = True
        self._connection.cut()


def _expects(headers: list[Header]) -> bool:
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in headers)
