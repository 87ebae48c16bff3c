"""One connection from a caller: uvicorn's, with a time for headers, a size for them, and an end that sends nothing
more.
"""

import socket
import struct
from asyncio import BaseTransport, TimerHandle
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bylaw.gateway.settings import LimitSettings

_RESET = struct.pack("ii", 1, 0)
KEY = "bylaw.connection"
"""Where a request's scope has its connection."""


def connection_class(limits: LimitSettings, turned_away: Callable[[], None]) -> type["Connection"]:
    """The class for these limits, as uvicorn wants one; ``turned_away`` is called for each that is one too many."""
    return type(
        "Connection", (Connection,), {"limits": limits, "open": set(), "turned_away": staticmethod(turned_away)}
    )


class Connection(HttpToolsProtocol):
    """Uvicorn's protocol over httptools. ``on_lost`` is called once, when the caller has gone."""

    limits: LimitSettings
    open: ClassVar[set["Connection"]]
    turned_away: Callable[[], None]
    on_lost: Callable[[], None] | None = None
    _timer: TimerHandle | None = None
    _head = 0
    _in_body = False
    _is_begun = False

    def connection_made(self, transport: BaseTransport) -> None:
        """A caller has come; it must say what it wants in time."""
        super().connection_made(transport)  # type: ignore[arg-type]
        if len(self.open) >= self.limits.connections:
            self.turned_away()
            self.transport.abort()
            return
        self.open.add(self)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller has gone: what is made for it ends."""
        self.open.discard(self)
        self._disarm()
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        """Bytes of a caller."""
        super().data_received(data)
        if self._is_begun:
            self._arm()
        if not self._in_body and self._timer is not None:
            self._head += len(data)
            if self._head > self.limits.header_bytes:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_body, self._head, self._is_begun = False, 0, True  # armed if the rest of it does not come with it

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; too much of them makes the request malformed."""
        self._head += len(name) + len(value)
        if self._head > self.limits.header_bytes:
            raise ValueError("the headers are too large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are here."""
        self._disarm()
        self._in_body, self._is_begun = True, False
        scope: Any = self.scope
        scope[KEY] = self
        super().on_headers_complete()

    @property
    def has_request(self) -> bool:
        """Whether all of the request has come."""
        return not self.cycle.more_body

    @property
    def is_paused(self) -> bool:
        """Whether the caller does not take what is sent."""
        return self.flow.write_paused

    def cut(self) -> None:
        """End now: what lies in buffers, here and in the system, is not sent."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.limits.header_seconds, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        self.transport.abort()
