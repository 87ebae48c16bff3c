"""One call over HTTP: addressed as the official clients do, through the environment's proxy, and what failures mean."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai
import pytest

from bylaw.errors import RemoteError, UsageError
from bylaw.models.remote.asked import Broken, Busy, Slow
from bylaw.models.remote.calling import Refused, TooLong, calling
from bylaw.models.remote.posting import Posting, proxy_of
from bylaw.models.remote.settings import RemoteSettings
from judge_server import body_of, serving

SETTINGS = RemoteSettings(backend="openai_compatible", url="http://judge.invalid/v1", model="mock", key="JUDGE_KEY")


class Server:
    """Keeps what is asked (path, headers, body), and answers as it is told to."""

    def __init__(self, status: int = 200, said: bytes = b'{"ok":1}', *headers: tuple[bytes, bytes]) -> None:
        self.answer = status, said, [*headers, (b"content-length", str(len(said)).encode())]
        self.asked: list[tuple[str, dict[str, str], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append((scope["path"], headers, await body_of(receive)))
        status, said, given = self.answer
        await send({"type": "http.response.start", "status": status, "headers": given})
        await send({"type": "http.response.body", "body": said})


def asked(client: Any, path: str = "/chat/completions", times: int = 1) -> list[bytes]:
    async def ask() -> list[bytes]:
        posting = Posting(client)
        try:
            with calling(SETTINGS):
                return [await posting.post(path, {"model": "mock", "n": n}) for n in range(times)]
        finally:
            await posting.close()

    return asyncio.run(ask())


def test_a_call_has_what_openais_client_sends_with_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    server = Server(200, gzip.compress(b'{"ok":1}'), (b"content-encoding", b"gzip"), (b"set-cookie", b"a=b"))
    with serving(server) as url:
        assert asked(openai.AsyncOpenAI(base_url=url, api_key="secret"), times=2) == [b'{"ok":1}'] * 2
    path, headers, body = server.asked[1]
    assert (path, body) == ("/v1/chat/completions", b'{"model":"mock","n":1}')
    assert headers["authorization"] == "Bearer secret" and headers["content-type"] == "application/json"
    assert headers["openai-organization"] == "org-1" and headers["user-agent"].startswith("bylaw/")
    assert not [name for name in headers if name.startswith(("x-stainless", "openai-project", "cookie"))]


def test_a_call_has_what_anthropics_client_sends_with_every_request() -> None:
    server = Server()
    client = anthropic.AsyncAnthropic(base_url="http://nowhere.invalid", api_key="secret")
    with serving(server) as url:
        client.base_url = url.removesuffix("/v1")
        asked(client, "/v1/messages")
    path, headers, _ = server.asked[0]
    assert path == "/v1/messages" and headers["anthropic-version"] == client.default_headers["anthropic-version"]
    assert "secret" in headers.get("x-api-key", "") + headers.get("authorization", "")


def test_the_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    client = openai.AsyncOpenAI(base_url=SETTINGS.url, api_key="secret")
    with serving(server) as url:
        monkeypatch.setenv("http_proxy", url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "else.invalid")
        assert asked(client) == [b'{"ok":1}'] and server.asked[0][1]["host"] == "judge.invalid"
        monkeypatch.setenv("no_proxy", "judge.invalid")
        assert proxy_of(SETTINGS.url) is None
        with pytest.raises(Broken, match=r"the connection to http://judge\.invalid/v1 broke"):
            asked(client)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("all_proxy", "proxy.invalid:3128")
    assert proxy_of("https://elsewhere.invalid") == "http://proxy.invalid:3128"
    monkeypatch.setenv("all_proxy", "socks5://proxy.invalid:9")
    with pytest.raises(UsageError, match="only proxies of HTTP can be used"):
        proxy_of("https://elsewhere.invalid")


@pytest.mark.parametrize(
    ("status", "said", "meaning", "text"),
    [
        (401, b'{"error":{"message":"no such key","code":"invalid_api_key"}}', RemoteError, "JUDGE_KEY.*no such key"),
        (402, b"pay", RemoteError, "nothing is left to pay with"),
        (429, b'{"error":{"message":"m","code":"insufficient_quota"}}', RemoteError, "nothing is left to pay with"),
        (429, b"slow down", Busy, "429: slow down"),
        (529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', Busy, "Overloaded"),
        (500, b"\xff\xfe", Broken, "500: "),
        (400, b'{"error":{"message":"maximum context length is 8 tokens"}}', TooLong, "maximum context length"),
        (404, b'{"detail":"Not Found"}', RemoteError, "knows no model 'mock'"),
        (307, b"", Refused, "307"),
        (422, b'{"error":"logprobs are not supported"}', Refused, "logprobs are not supported"),
    ],
)
def test_what_a_status_means(status: int, said: bytes, meaning: type[Exception], text: str) -> None:
    server = Server(status, said, (b"retry-after", b"7"), (b"location", b"/elsewhere"))
    with serving(server) as url, pytest.raises(meaning, match=text) as raised:
        asked(openai.AsyncOpenAI(base_url=url, api_key="secret"))
    assert len(server.asked) == 1, "nothing is followed, or tried again, under the caller"
    if isinstance(raised.value, Busy):
        assert raised.value.after == 7.0


def test_a_connection_that_breaks_may_be_made_again() -> None:
    """Half of a body, no server at all, and silence."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def ask(answer: Callable[..., Awaitable[None]] | None) -> None:
        server = await asyncio.start_server(answer or silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if answer is None:
            server.close()
        posting = Posting(openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="k"))
        try:
            with calling(SETTINGS):
                async with asyncio.timeout(0.5):
                    await posting.post("/completions", {})
        finally:
            await posting.close()
            server.close()

    for answer, meaning in ((half, Broken), (None, Broken), (silent, Slow)):
        with pytest.raises(meaning):
            asyncio.run(ask(answer))
