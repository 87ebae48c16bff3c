"""Metrics, readiness and coverage, as an ASGI application."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from bylaw.errors import BylawError
from bylaw.gateway import meters
from bylaw.gateway.openapi import document
from bylaw.gateway.problem import Problem, Send, send_whole
from bylaw.gateway.record import coverage
from bylaw.gateway.record.layout import SUFFIX, end_of
from bylaw.gateway.snapshot.head import read_head
from bylaw.gateway.state import State

Page = tuple[int, str, bytes]


class Admin:
    """The application. It reads what the other processes write down, each time it is asked."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.pages: dict[str, Callable[[], Page]] = {
            "/metrics": self.metrics,
            "/healthz": lambda: (200, "text/plain", b"ok\n"),
            "/readyz": self.ready,
            "/coverage": self.coverage,
            "/openapi.json": self.openapi,
        }

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Send
    ) -> None:
        """One request."""
        page = self.pages.get(scope["path"])
        if page is None or scope["method"] not in ("GET", "HEAD"):
            await Problem("not-found", "There is no such page.").send(send)
            return
        status, kind, body = page()
        headers = (
            (b"content-type", kind.encode()),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", b"default-src 'none'"),
        )
        await send_whole(send, status, body, *headers)

    def metrics(self) -> Page:
        """Counters of all workers, and the size of the segments that lie here still."""
        size = sum(map(_size, self.state.segments.glob(f"*{SUFFIX}")))
        more = f"# TYPE bylaw_segments_bytes gauge\nbylaw_segments_bytes {size}\n"
        return 200, "text/plain; version=0.0.4", (meters.text(meters.read(self.state.meters)) + more).encode()

    def ready(self) -> Page:
        """Whether what is in force is known, and young enough."""
        try:
            head = read_head(self.state.snapshot, self.state.public_key())
        except BylawError as error:
            return 503, "text/plain", f"{error}\n".encode()
        age = time.time() - head.made
        fresh = -5 <= age < head.max_age
        return (200 if fresh else 503), "text/plain", f"version {head.version}, {age:.0f} seconds old\n".encode()

    def coverage(self) -> Page:
        """The intervals that workers attest."""
        found = list(coverage.intervals(coverage.read(self.state.coverage), time.time()))
        return 200, "application/json", msgspec.json.encode(found)

    def openapi(self) -> Page:
        """What can be asked at the door."""
        said = self.state.place.settings
        return 200, "application/json", msgspec.json.encode(document(said.model, said.decision_point))


def _size(path: Path) -> int:
    try:
        return end_of(path)
    except FileNotFoundError:
        return 0  # it was filed meanwhile
