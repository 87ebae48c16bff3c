"""A caller in a few lines, who notes when each piece came: one request, one connection, whole or streaming."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Kept = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
SENT = re.compile(rb'"sent": ([0-9.]+)')


@dataclass
class Call:
    """What came of a request. ``sent``: when the upstream sent each event that arrived; ``came``: when it did.

    ``cut``: it ended as no answer should; ``status`` 0: before it began. Times are of the system's monotonic clock.
    """

    began: float = 0.0
    first: float = 0.0
    last: float = 0.0
    status: int = 0
    head: bytes = b""
    size: int = 0
    cut: bool = False
    over: bool = False
    sent: list[float] = field(default_factory=list)
    came: list[float] = field(default_factory=list)

    def header(self, name: bytes) -> str:
        """The value of a header, or nothing."""
        found = re.search(rb"(?im)^" + name + rb": *([^\r\n]*)", self.head)
        return found.group(1).decode() if found else ""


def request_of(key: str, model: str, stream: bool) -> bytes:
    """A small chat completion."""
    said = {"model": model, "messages": [{"role": "user", "content": "What is said here?"}]}
    body = json.dumps({**said, "stream": True} if stream else said).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: model\r\nauthorization: Bearer {key}\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def call(
    url: str,
    request: bytes,
    each: Callable[[Call], bool] | None = None,
    made: Call | None = None,
    kept: Kept | None = None,
) -> Call:
    """Send and read to the end; ``each`` is called for each piece, and ends it by saying True. ``kept`` are connections
    that are used again.
    """
    parts, found = urlsplit(url), made or Call()
    writer = None
    try:
        reader, writer = kept.pop() if kept else await asyncio.open_connection(parts.hostname, parts.port)
        found.began = time.monotonic()
        writer.write(request)
        found.head = await reader.readuntil(b"\r\n\r\n")
        found.first = time.monotonic()
        found.status = int(found.head[9:12])
        await _body(reader, found, each)
        if kept is not None and not found.cut and each is None:
            kept.append((reader, writer))
            writer = None
    except (OSError, asyncio.IncompleteReadError):
        found.cut = True
    finally:
        found.over = True
        if writer is not None:
            writer.transport.abort()
    return found


async def _body(reader: asyncio.StreamReader, found: Call, each: Callable[[Call], bool] | None) -> None:
    length, rest = found.header(b"content-length"), b""
    while not (length and found.size >= int(length)):
        piece = await reader.read(1 << 16)
        if not piece:
            found.cut = True
            return
        found.last = time.monotonic()
        found.size += len(piece)
        rest += piece
        for match in SENT.finditer(rest[: rest.rfind(b"\n") + 1]):
            found.sent.append(float(match.group(1)))
            found.came.append(found.last)
        whole = rest.endswith(b"0\r\n\r\n") and not length
        rest = rest[rest.rfind(b"\n") + 1 :]
        if whole or (each is not None and each(found)):
            return
