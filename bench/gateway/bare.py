"""The least that a proxy in Python does: uvicorn in front, aiohttp behind, every byte passed on, nothing looked at.

python bare.py PORT http://127.0.0.1:UPSTREAM
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import uvicorn

DROPPED = {b"connection", b"content-length", b"host", b"transfer-encoding"}


class Bare:
    """The application."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.session: aiohttp.ClientSession | None = None

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[..., Any]
    ) -> None:
        """One request."""
        session = self.session = self.session or _session()
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        onward = {name.decode(): value.decode() for name, value in scope["headers"] if name not in DROPPED}
        async with session.request(scope["method"], self.upstream + scope["path"], data=body, headers=onward) as answer:
            headers = [
                (name.lower(), value)
                for name, value in answer.raw_headers
                if name.lower() not in (b"connection", b"transfer-encoding", b"date", b"server")
            ]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())


if __name__ == "__main__":
    uvicorn.run(
        Bare(sys.argv[2]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="error",
        timeout_keep_alive=75,
        proxy_headers=False,
    )
