"""The client towards models' servers against servers that answer well, badly, unasked and twice; over real sockets."""

import asyncio
import gc
import ssl
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bylaw.gateway.wire.client import AHEAD, HEAD, Line, Lines, Unanswered, connect_to

T = TypeVar("T")
ASK = b"POST / HTTP/1.1\r\nhost: model\r\ncontent-length: 2\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LONG = 60.0


class Server:
    """Says the next text to every request, and closes where it is told to; ``connections`` counts."""

    def __init__(self, *texts: bytes, closes: bool = False) -> None:
        self.texts, self.closes, self.connections = list(texts), closes, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            while self.texts:
                await reader.readexactly(len(ASK))
                writer.write(self.texts.pop(0))
                if self.closes:
                    break
            else:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        writer.close()


def against(server: Server, work: Callable[[Lines], Awaitable[T]], keep: float = LONG) -> T:
    """Do something with connections to a server."""

    async def run() -> T:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        lines = Lines(connect_to("127.0.0.1", listening.sockets[0].getsockname()[1], "", False), LONG, keep)
        try:
            return await work(lines)
        finally:
            lines.close()
            listening.close()

    return asyncio.run(run())


async def whole(lines: Lines) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request, its answer read to the end."""
    line = await lines.take()
    try:
        await line.ask(ASK, LONG)
        body = b""
        while not line.is_over:
            body += await line.read(LONG)
        return line.status, dict(line.headers), body
    finally:
        lines.give(line)


@pytest.mark.parametrize(
    ("text", "closes", "body"),
    [
        (OK, False, b"ok"),
        (CHUNKED + b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nTrailer: no\r\n\r\n", False, b"abcd"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True, b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", True, b"old"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, False, b"ok"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n" + b"x" * 900_000, False, b"x" * 900_000),
    ],
)
def test_answers_are_read_as_they_are_framed(text: bytes, closes: bool, body: bytes) -> None:
    status, headers, found = against(Server(text, closes=closes), whole)
    assert (status, found) == (204 if not body else 200, body)
    assert not {b"trailer", b"link"} & headers.keys()


def test_header_names_are_lower_and_the_connection_is_used_again() -> None:
    server = Server(OK, OK, OK)

    async def three(lines: Lines) -> list[tuple[int, dict[bytes, bytes], bytes]]:
        return [await whole(lines) for _ in range(3)]

    assert against(server, three) == [(200, {b"content-length": b"2"}, b"ok")] * 3
    assert server.connections == 1


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
        OK + b"x",
    ],
)
def test_what_comes_behind_an_answer_is_nobody_s(text: bytes) -> None:
    server = Server(text, OK)

    async def two(lines: Lines) -> list[object]:
        found: list[object] = []
        for _ in range(2):
            try:
                found.append((await whole(lines))[2])
            except Unanswered:
                found.append(Unanswered)
        return found

    first, second = against(server, two)
    assert first in (b"ok", Unanswered) and second == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (HEAD + 10),
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
        CHUNKED + b"5\r\nab",
        CHUNKED + b"zz\r\n",
        b"",
    ],
)
def test_an_answer_that_cannot_be_trusted_is_none(text: bytes) -> None:
    with pytest.raises(Unanswered):
        against(Server(text, closes=True), whole)


def test_who_speaks_unasked_loses_the_connection() -> None:
    async def unasked(lines: Lines) -> bool:
        line = await lines.take()
        while line.is_open:
            await asyncio.sleep(0.01)
        return line.is_free

    class Talks(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(OK)
            await reader.read()
            writer.close()

    assert against(Talks(), unasked) is False


def test_a_server_that_says_nothing_in_time() -> None:
    async def hangs(lines: Lines) -> None:
        line = await lines.take()
        await line.ask(ASK, 0.05)

    with pytest.raises(TimeoutError):
        against(Server(b""), hangs)


def test_a_body_that_nobody_takes_is_not_read_ahead_without_end() -> None:
    size = 40 * AHEAD

    async def slowly(lines: Lines) -> tuple[int, int]:
        line = await lines.take()
        await line.ask(ASK, LONG)
        await asyncio.sleep(0.3)
        held, got = line._size, 0
        while not line.is_over:
            got += len(await line.read(LONG))
        return held, got

    held, got = against(Server(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (size, b"x" * size)), slowly)
    assert got == size and held < 4 * AHEAD


def test_an_idle_connection_is_given_up_in_time() -> None:
    server = Server(OK, OK)

    async def twice(lines: Lines) -> bool:
        await whole(lines)
        line: Line = lines._idle[0]
        while line.is_open:
            await asyncio.sleep(0.01)
        await whole(lines)
        return line.is_open

    assert against(server, twice, keep=0.05) is False
    assert server.connections == 2


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_server_s_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool) -> None:
    for name, host in (("ours", "localhost"), ("other", "elsewhere.example")):
        certified(tmp_path / name, host)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ours"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / ("ours" if is_trusted else "other"))
    server = Server(OK)

    async def run() -> bytes:
        listening = await asyncio.start_server(server.serve, "localhost", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        lines = Lines(connect_to("localhost", port, "", True), LONG, LONG)
        try:
            return (await whole(lines))[2]
        finally:
            lines.close()
            listening.close()

    if is_trusted:
        assert asyncio.run(run()) == b"ok"
    else:
        with pytest.raises(ssl.SSLCertVerificationError):
            asyncio.run(run())


def certified(path: Path, host: str) -> None:
    """A key and a certificate of its own for a host, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(pem))


ENDS = {
    "well": OK,
    "garbled": b"nonsense\r\n\r\n",
    "short": OK[:-1],
    "silent": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nx",
}


@pytest.mark.parametrize("how", ENDS)
def test_a_connection_that_has_ended_is_forgotten_at_once(how: str) -> None:
    """And not when the collector of cycles comes by, which for what has lived long is hardly ever."""

    async def work(lines: Lines) -> "weakref.ref[Line]":
        line = await lines.take()
        with suppress(OSError):
            await line.ask(ASK, LONG)
            while not line.is_over:
                await line.read(0.05 if how == "silent" else LONG)
        line.close()
        return weakref.ref(line)

    async def asked(lines: Lines) -> "weakref.ref[Line]":
        found = await work(lines)
        await asyncio.sleep(0.05)
        return found

    gc.collect()
    gc.disable()
    try:
        assert against(Server(ENDS[how], closes=how in ("garbled", "short")), asked)() is None
    finally:
        gc.enable()
