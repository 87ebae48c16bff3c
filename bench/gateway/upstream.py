"""A model's server that streams a fixed answer, one event a write, as fast as it is asked; nothing else is in its way.

    python upstream.py PORT [PAUSE [endless]]

``PAUSE`` is in milliseconds between two events, 0: none. Where there is a pause, each event tells when it was sent, by
the system's monotonic clock; ``endless`` streams go on until their caller leaves.
"""

import asyncio
import json
import sys
import time

import httptools
import uvloop

EVENTS = 8
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(delta: dict[str, str], finish: str | None = None, **more: object) -> bytes:
    """One event of a chat completion, as a chunk."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    said = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "fable-5", "choices": [choice]}
    return chunk(b"data: " + json.dumps({**said, **more}).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    """As HTTP frames it."""
    return b"%x\r\n%s\r\n" % (len(data), data)


PIECES = [
    *(event({"role": "assistant", "content": f" word{number}"}) for number in range(EVENTS)),
    event({}, "stop") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n",
]


class Stream(asyncio.Protocol):
    """One connection."""

    pause = 0.0
    endless = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.parser = httptools.HttpRequestParser(self)
        self.timer: asyncio.Handle | None = None

    def data_received(self, data: bytes) -> None:
        """Bytes of a caller."""
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """A request is whole: the answer begins."""
        self.transport.write(HEAD + (timed() if self.pause else PIECES[0]))
        self.next(1)

    def next(self, number: int) -> None:
        """The next event, in a turn of the loop of its own."""
        loop = asyncio.get_running_loop()
        self.timer = loop.call_later(self.pause, self.send, number) if self.pause else loop.call_soon(self.send, number)

    def send(self, number: int) -> None:
        """One event."""
        if self.transport.is_closing():
            return
        last = number + 1 >= len(PIECES) and not self.endless
        self.transport.write(timed() if self.pause and not last else PIECES[number])
        if not last:
            self.next(number + 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller has gone."""
        if self.timer is not None:
            self.timer.cancel()


def timed() -> bytes:
    """An event that tells when it was sent."""
    return event({"content": "word"}, sent=time.monotonic())


async def main(port: int, pause: float = 0.0, *endless: str) -> None:
    """Serve."""
    Stream.pause, Stream.endless = float(pause) / 1000, bool(endless)
    server = await asyncio.get_running_loop().create_server(Stream, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:]))  # type: ignore[arg-type]
