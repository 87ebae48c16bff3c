"""A caller's connection by itself, over a real socket: framing, order, times, and what is never read or sent."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from bylaw.gateway.settings import LimitSettings
from bylaw.gateway.wire.alarm import Alarm
from bylaw.gateway.wire.connection import Connection, connection_class
from bylaw.gateway.wire.exchange import MUCH, Exchange, Head

GET = b"GET /%s HTTP/1.1\r\nhost: x\r\n\r\n"
LIMITS = LimitSettings()
PLAIN = [(b"content-type", b"text/plain")]


class Server:
    """Answers by a function; ``seen`` are the exchanges in the order in which they were begun."""

    def __init__(self, answer: Callable[[Exchange], Awaitable[None]], limits: LimitSettings = LIMITS) -> None:
        self.answer, self.limits, self.seen = answer, limits, list[Exchange]()
        self.state, self.turned_away = ServerState(), 0

    async def __aenter__(self) -> "Server":
        made = connection_class(self.limits, self._answered, self._turned_away)
        config = Config("none")
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: made(config, self.state, {}), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for each in tuple(self.state.connections):
            each.transport.abort()  # type: ignore[union-attr]

    async def _answered(self, exchange: Exchange) -> None:
        self.seen.append(exchange)
        await self.answer(exchange)

    def _turned_away(self) -> None:
        self.turned_away += 1

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.server.sockets[0].getsockname())

    async def told(self, *content: bytes) -> bytes:
        """All that comes back until the connection is closed or reset."""
        reader, writer = await self.connect()
        for piece in content:
            writer.write(piece)
            await asyncio.sleep(0.01)
        try:
            return await asyncio.wait_for(_all(reader), 30)
        finally:
            writer.close()


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = b""
    try:
        while piece := await reader.read(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def run(test: Callable[..., Awaitable[None]], **more: Any) -> None:
    asyncio.run(test(**more))  # type: ignore[arg-type]


async def echo(exchange: Exchange) -> None:
    """The path, the names of the headers and the body; ``/last`` closes."""
    body = b""
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    names = sorted(name.decode() for name, _ in exchange.head.headers)
    said = json.dumps([exchange.head.path, names, body.decode()]).encode()
    close = [(b"connection", b"close")] if exchange.head.path.startswith("/last") else []
    exchange.start(200, [(b"content-length", b"%d" % len(said)), *close])
    exchange.write(said, False)


CHUNKED = b"POST /%s HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


def test_a_trailer_is_no_header() -> None:
    async def test() -> None:
        async with Server(echo) as server:
            content = CHUNKED % b"last" + b"1\r\na\r\n0\r\nauthorization: x\r\n\r\n"
            for cut in (len(content), 10, len(content) - 6, len(content) - 20):
                got = await server.told(content[:cut], content[cut:])
                assert b'["/last", ["host", "transfer-encoding"], "a"]' in got

    run(test)


def test_requests_in_one_packet_are_answered_one_after_the_other() -> None:
    async def slow(exchange: Exchange) -> None:
        assert sum(not each.is_over for each in server.seen) == 1
        await asyncio.sleep(0.01)
        await echo(exchange)

    server = Server(slow)

    async def test() -> None:
        async with server:
            body = CHUNKED % b"b" + b"2\r\nxy\r\n0\r\n\r\n"
            got = await server.told(GET % b"a" + body + GET % b"c" + GET % b"last" + GET % b"never")
        found = [got.index(b'"/%s"' % path) for path in (b"a", b"b", b"c", b"last")]
        assert found == sorted(found) and b"never" not in got and got.count(b"HTTP/1.1 200") == 4

    run(test)


@pytest.mark.parametrize("broken", [b"nonsense\r\n\r\n", b"GET /b HTTP/1.x\r\n\r\n", CHUNKED % b"b" + b"zz\r\n"])
def test_what_stands_behind_a_request_that_cannot_be_read_is_not_read(broken: bytes) -> None:
    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        await echo(exchange)

    async def test() -> None:
        async with Server(slow) as server:
            got = await server.told(GET % b"a" + broken + GET % b"c")
            assert got.count(b"HTTP/1.1 ") == 1 and b'"/a"' in got and b"connection: close" in got
            got = await server.told(broken + GET % b"c")
            assert got.startswith(b"HTTP/1.1 400 ") and got.count(b"HTTP/1.1 ") == 1
            assert [each.head.path for each in server.seen if each.is_over] == ["/a"]

    run(test)


def test_a_body_that_cannot_be_read_on_ends_its_request() -> None:
    async def test() -> None:
        async with Server(echo) as server:
            got = await server.told(CHUNKED % b"a" + b"1\r\nx\r\n", b"zz\r\n" + GET % b"b")
            assert got.startswith(b"HTTP/1.1 400 ") and got.count(b"HTTP/1.1 ") == 1
            assert server.seen[0].is_lost and not server.state.tasks

    run(test)


def test_no_other_protocol_is_spoken_and_nothing_is_read_behind_one() -> None:
    async def test() -> None:
        async with Server(echo) as server:
            ask = b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
            got = await server.told(ask + GET % b"b")
            assert got.startswith(b"HTTP/1.1 200 ") and got.count(b"HTTP/1.1 ") == 1 and b"connection: close" in got

    run(test)


@pytest.mark.parametrize(("method", "status"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
def test_an_answer_without_a_body_has_none(method: bytes, status: int) -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.start(status, [(b"connection", b"close")])
        exchange.write(b"body", True)
        exchange.write(b"", False)

    async def test() -> None:
        async with Server(answer) as server:
            got = await server.told(method + b" /a HTTP/1.1\r\nhost: x\r\n\r\n")
            assert got.endswith(b"connection: close\r\n\r\n") and b"chunked" not in got and b"body" not in got

    run(test)


@pytest.mark.parametrize("said", [b"3", b"5"])
def test_a_body_of_another_length_than_was_said_is_cut(said: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.start(200, [(b"content-length", said)])
        exchange.write(b"body", False)

    async def test() -> None:
        async with Server(answer) as server:
            got = await server.told(GET % b"a")
            assert b"body" not in got and not server.state.tasks

    run(test)


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\nb", b"a\rb", b"a\0b"])
def test_a_header_of_an_answer_cannot_bring_another(value: bytes) -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.start(200, [(b"x-said", value), *PLAIN])

    async def test() -> None:
        async with Server(answer) as server:
            got = await server.told(GET % b"a")
            assert got.startswith(b"HTTP/1.1 500 ") and b"x-said" not in got and got.count(b"HTTP/1.1 ") == 1

    run(test)


def test_an_answer_that_fails_after_it_began_is_cut() -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.start(200, PLAIN)
        exchange.write(b"body", True)
        await asyncio.sleep(0)
        raise RuntimeError

    async def test() -> None:
        async with Server(answer) as server:
            assert not (await server.told(GET % b"a")).endswith(b"0\r\n\r\n")

    run(test)


def test_a_caller_is_told_to_go_on_when_its_body_is_asked_for() -> None:
    async def answer(exchange: Exchange) -> None:
        if exchange.head.path == "/refused":
            exchange.start(401, [(b"content-length", b"0"), (b"connection", b"close")])
            exchange.write(b"", False)
        else:
            await echo(exchange)

    async def test() -> None:
        async with Server(answer) as server:
            head = b"POST /%s HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n"
            assert (await server.told(head % b"refused")).startswith(b"HTTP/1.1 401 ")
            assert (await server.told(head % b"last", b"x")).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
            assert (await server.told(head % b"last" + b"x")).startswith(b"HTTP/1.1 200 ")

    run(test)


def test_who_goes_is_told_of_once() -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.start(200, PLAIN)
        exchange.write(b"x", True)
        gone = asyncio.Event()
        exchange.on_lost = lambda: (lost.append(exchange), gone.set())  # type: ignore[func-returns-value]
        await gone.wait()
        exchange.write(b"to nobody", False)

    lost: list[Exchange] = []

    async def test() -> None:
        async with Server(answer) as server:
            reader, writer = await server.connect()
            writer.write(GET % b"a")
            await reader.readuntil(b"x\r\n")
            writer.transport.abort()
            while server.state.tasks or server.state.connections:
                await asyncio.sleep(0.01)
            assert lost == server.seen

    run(test)


def test_no_more_of_a_body_is_read_than_is_taken() -> None:
    async def answer(exchange: Exchange) -> None:
        await goes_on.wait()
        await echo(exchange)

    goes_on = asyncio.Event()

    async def test() -> None:
        async with Server(answer) as server:
            size = 64 * MUCH
            reader, writer = await server.connect()
            writer.write(b"POST /last HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % size + b"y" * size)
            while not (server.seen and server.seen[0]._size > MUCH):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert server.seen[0]._size < size // 8
            goes_on.set()
            assert (await _all(reader)).endswith(b'yy"]')
            writer.close()

    run(test)


def test_connections_end_when_the_server_does_but_answers_are_whole() -> None:
    async def test() -> None:
        async with Server(echo) as server:
            idle, _ = await server.connect()
            under_way, writer = await server.connect()
            writer.write(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nx")
            while not server.seen or len(server.state.connections) < 2:
                await asyncio.sleep(0.01)
            for each in tuple(server.state.connections):
                each.shutdown()  # type: ignore[union-attr]
            assert await _all(idle) == b""
            writer.write(b"y")
            got = await _all(under_way)
            assert got.endswith(b'"xy"]') and b"connection: close" in got
            while server.state.connections:
                await asyncio.sleep(0.01)

    run(test)


@pytest.mark.parametrize("start", [b"", b"GET /a HT", b"GET /a HTTP/1.1\r\nhost: x\r\n", GET % b"a", GET % b"a" + b"G"])
def test_who_says_nothing_more_is_shown_out(start: bytes) -> None:
    async def test() -> None:
        async with Server(echo, LimitSettings(header_seconds=0.2, keep_seconds=0.2)) as server:
            got = await server.told(start)
            assert got.count(b"HTTP/1.1 200") == start.count(b"\r\n\r\n")

    run(test)


def test_one_connection_too_many_is_turned_away() -> None:
    async def test() -> None:
        async with Server(echo, LimitSettings(connections=1)) as server:
            reader, writer = await server.connect()
            writer.write(GET % b"a")
            await reader.readuntil(b'"/a"')
            assert await server.told(GET % b"b") == b"" and server.turned_away == 1
            writer.write(GET % b"last")
            assert b'"/last"' in await _all(reader)

    run(test)


def test_an_alarm_rings_at_the_time_that_was_set_last() -> None:
    async def test() -> None:
        loop, rung = asyncio.get_running_loop(), list[float]()
        alarm = Alarm(loop, lambda: rung.append(loop.time()))
        began = loop.time()
        alarm.set(0.02)
        alarm.set(0.1)
        await asyncio.sleep(0.3)
        assert len(rung) == 1 and rung[0] - began >= 0.1
        alarm.set(30)
        alarm.set(0.02)
        await asyncio.sleep(0.2)
        assert len(rung) == 2
        alarm.set(0.02)
        alarm.clear()
        await asyncio.sleep(0.1)
        alarm.set(0.02)
        alarm.cancel()
        await asyncio.sleep(0.1)
        assert len(rung) == 2

    run(test)


def test_a_class_of_its_own_for_each_server() -> None:
    one, other = (connection_class(LIMITS, echo, print) for _ in range(2))
    assert one.open is not other.open and issubclass(one, Connection)


class Written:
    """The connection of an exchange, for what it writes."""

    def __init__(self) -> None:
        self.packets, self.drained, self.peer, self.ended = list[bytes](), None, "", 0
        self.transport: Any = self
        self.write = self.packets.append

    def standing(self) -> bytes:
        return b"date: now\r\n"

    def over(self) -> None:
        self.ended += 1


@pytest.mark.parametrize(("method", "length"), [("POST", b"4"), ("POST", b""), ("HEAD", b"4")])
def test_a_head_goes_with_the_first_piece_and_alone_only_where_none_is_here(method: str, length: bytes) -> None:
    headers = [(b"content-length", length)] if length else PLAIN
    said = {}
    for flushed in (False, True):
        side: Any = Written()
        exchange = Exchange(side, Head(method, "/", b"", []), True)
        exchange.start(200, headers)
        assert exchange.is_begun and not side.packets
        if flushed:
            exchange.flush()
            exchange.flush()
            assert len(side.packets) == 1 and side.packets[0].endswith(b"\r\n\r\n")
        exchange.write(b"ab", True)
        exchange.write(b"cd", False)
        assert side.ended == 1 and side.packets[0].startswith(b"HTTP/1.1 200 OK\r\ndate: now\r\n")
        said[flushed] = b"".join(side.packets)
    assert said[False] == said[True]
    assert len(said[True].partition(b"\r\n\r\n")[2]) == (0 if method == "HEAD" else 4 if length else 19)


def test_a_caller_who_has_gone_is_sent_no_head() -> None:
    side: Any = Written()
    exchange = Exchange(side, Head("POST", "/", b"", []), True)
    exchange.start(200, PLAIN)
    exchange.lose()
    exchange.flush()
    exchange.write(b"x", False)
    assert not side.packets and not side.ended
