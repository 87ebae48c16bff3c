"""The one choke point: every request to a model, its weights or a decision goes through ``Door.enter``, in this order.

Path → what is in force → who asks → limits → which model → from where → the decision → its record → and only then the
model. Whatever is missing or fails on the way ends in a ``Problem``; there is no way around a step and no default that
lets pass.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from bylaw.access.decision import Request, Surface
from bylaw.errors import UsageError
from bylaw.gateway import catalogue
from bylaw.gateway.caller.identify import Caller, Headers, identify
from bylaw.gateway.caller.tokens import Tokens
from bylaw.gateway.caller.whence import Locator
from bylaw.gateway.limits import Limits
from bylaw.gateway.log import Log
from bylaw.gateway.meters import Meters
from bylaw.gateway.passages import Passage, Passages
from bylaw.gateway.problem import Broken, Problem, Send, send_whole
from bylaw.gateway.record.segment import NotRecorded
from bylaw.gateway.record.writing import Writer
from bylaw.gateway.refusal import problem_of, receipt_header
from bylaw.gateway.settings import GatewaySettings
from bylaw.gateway.snapshot.edition import Edition, Ruled
from bylaw.gateway.snapshot.follow import Follower, Stale
from bylaw.gateway.surfaces import QUERIES, Row, find
from bylaw.gateway.weights import File, Weights
from bylaw.gateway.wire import body
from bylaw.gateway.wire.connection import KEY, Connection
from bylaw.gateway.wire.upstream import Upstreams

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Parts(NamedTuple):
    """What a door is made of."""

    settings: GatewaySettings
    follower: Follower
    tokens: Tokens
    locator: Locator
    limits: Limits
    writer: Writer
    upstreams: Upstreams
    weights: Weights
    meters: Meters
    log: Log


class Asked(NamedTuple):
    """A request as far as it is known before its body: row, rest of the path, headers, who, and from where."""

    row: Row
    rest: str
    headers: Headers
    caller: Caller
    country: str
    connection: Connection
    is_head: bool


class Door:
    """The gateway as an ASGI application. ``passages`` are the answers under way."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.passages = Passages()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        meters = self.parts.meters
        try:
            await self.enter(scope, receive, send)
        except Problem as problem:
            meters.problem(problem.kind)
            self.parts.log.problem(scope["method"], problem, time.perf_counter() - began)
            await problem.send(send)
        except ConnectionResetError:
            meters.count("left")
        except Exception as error:  # a mistake of ours: the server answers 500, and where it was stands in the log
            self.parts.log.fault(error)
            raise

    async def enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where every request goes through. Raises ``Problem``."""
        row, rest = find(scope["method"], _path(scope))
        edition, now = self._edition()
        asked = self._asked(row, rest, scope, edition, now)
        match row.asks:
            case "models":
                await self._models(asked, edition, send)
            case "decide":
                await self._decide(asked, edition, send)
            case "weights":
                await self._weights(asked, edition, send)
            case "model":
                await self._model(asked, scope, receive, send)

    def _edition(self) -> tuple[Edition, float]:
        try:
            return self.parts.follower.current()
        except Stale as why:
            self.parts.log.event("stale", why=str(why))
            told = "Which rules are in force is not known here at the moment; nobody is let through until it is."
            raise Problem("stale", told, headers=((b"retry-after", b"5"),)) from None

    def _asked(self, row: Row, rest: str, scope: Scope, edition: Edition, now: float) -> Asked:
        headers = Headers.of(scope["headers"])
        caller = identify(headers, self.parts.tokens, edition, now)
        self.parts.limits.ask(caller, time.monotonic())
        forwarded = headers.joined(b"x-forwarded-for")
        whence = self.parts.locator.of(scope["client"][0] if scope["client"] else "", forwarded)
        for signal in whence.signals:
            self.parts.meters.signal(signal)
        return Asked(row, rest, headers, caller, whence.country, scope[KEY], scope["method"] == "HEAD")

    async def _model(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        """A request to a model: its body is read, and goes on if the decision allows."""
        limits = self.parts.settings.limits
        query = scope["query_string"]
        if query not in QUERIES:
            raise Problem("malformed", "This path takes no such query.")
        body.check_head(asked.headers.last, limits.body_bytes)
        with self.parts.limits.running(asked.caller):
            if asked.connection.has_request:
                content = await body.read(receive, limits.body_bytes)
            else:
                content = await body.read_in_time(receive, limits.body_bytes, limits.body_seconds)
            model = body.model_of(content)
            if asked.row.path == "/v1/responses":
                body.check_kept(content)
            if not self.parts.upstreams.serves(model):
                raise Problem("no-such-model", "There is no model of this name here.")
            passage = Passage(asked.caller, _request(asked, model), asked.connection)
            await self._pass(passage, self._forward(passage, asked, query, content, send), send)

    async def _pass(self, passage: Passage, answer: Awaitable[None], send: Send) -> None:
        """An answer under way: it ends when its caller goes, or when what is in force ends it."""
        self.passages.enter(passage)
        try:
            await answer
        except asyncio.CancelledError:
            if not (passage.gone or passage.ended or passage.revoked):
                raise  # the server stops
            if passage.task is not None:
                passage.task.uncancel()
            if passage.started or passage.gone:
                return
            raise await self._ended(passage) from None
        except Broken as why:
            self.parts.meters.count("broken")
            self.parts.log.event("broken", why=str(why))
            passage.connection.cut()
        finally:
            self.passages.leave(passage)

    async def _ended(self, passage: Passage) -> Problem:
        """Why an answer that had not begun never will."""
        if passage.ended is None:
            return Problem("who", "The key or the subject of this request has ended.")
        edition, now = self._edition()
        return problem_of(
            passage.ended.decision, await self.record(edition, passage.ended, now), edition, self.parts.settings
        )

    async def _forward(self, passage: Passage, asked: Asked, query: bytes, content: bytes, send: Send) -> None:
        receipt = await self.decided(asked.caller, passage.request)
        path, last = asked.row.path, asked.headers.last
        answer = await self.parts.upstreams.ask(passage.request.model, path, query, last, content)
        try:
            headers = [*answer.headers, receipt_header(receipt)]
            await self._send(
                passage, {"type": "http.response.start", "status": answer.status, "headers": headers}, send
            )
            passage.started = True
            more = True
            while more:
                piece = await answer.read()
                more = not answer.is_over
                await self._send(passage, {"type": "http.response.body", "body": piece, "more_body": more}, send)
            self.parts.meters.count("answered")
        finally:
            answer.close()

    async def _send(self, passage: Passage, message: MutableMapping[str, Any], send: Send) -> None:
        """Send to a caller, who must take it in time."""
        if not passage.connection.is_paused:
            await send(message)
            return
        try:
            async with asyncio.timeout(self.parts.settings.limits.write_seconds):
                await send(message)
        except TimeoutError:
            raise Broken("the caller does not take the answer") from None

    async def decided(self, caller: Caller, request: Request) -> str:
        """The receipt of a decision that allows, on the disk. Raises ``Problem`` for every other.

        What is in force may change while the record is written; then it is decided again.
        """
        while True:
            edition, now = self._edition()
            ruled = _rule(edition, caller, request)
            receipt = await self.record(edition, ruled, now)
            if self.parts.follower.edition is edition:
                break
        if ruled.decision.outcome != "allow":
            raise problem_of(ruled.decision, receipt, edition, self.parts.settings)
        return receipt

    async def record(self, edition: Edition, ruled: Ruled, now: float) -> str:
        """Write a decision; returns its receipt. Raises ``Problem``: what cannot be recorded is not answered."""
        self.parts.meters.decision(ruled.decision.outcome)
        try:
            return await self.parts.writer.write(edition, ruled, now)
        except NotRecorded as why:
            self.parts.log.event("no-record", why=str(why))
            told = "Decisions cannot be recorded here at the moment, so nobody is let through."
            raise Problem("no-record", told) from None

    async def _models(self, asked: Asked, edition: Edition, send: Send) -> None:
        """Only what is the caller's; looking is no use of a model, so nothing is recorded."""
        mine = [
            model
            for model in self.parts.settings.model
            if _rule(edition, asked.caller, _request(asked, model)).decision.outcome == "allow"
        ]
        await catalogue.send(mine, asked.rest, b"anthropic-version" in asked.headers.last, send)

    async def _decide(self, asked: Asked, edition: Edition, send: Send) -> None:
        """A decision for an engine that stands elsewhere (nginx ``auth_request``, Envoy ``ext_authz``)."""
        model = asked.headers.last.get(b"bylaw-model", b"").decode("latin-1")
        if not self.parts.settings.decision_point or model not in self.parts.settings.model:
            raise Problem("not-found", "There is no such path or model here.")
        try:
            receipt = await self.decided(asked.caller, _request(asked, model))
        except Problem as problem:
            problem.status = min(problem.status, 403) if problem.status < 500 else problem.status
            raise  # nginx knows 401 and 403; every other status is an error of its own to it
        await send_whole(send, 200, b"", receipt_header(receipt))

    async def _weights(self, asked: Asked, edition: Edition, send: Send) -> None:
        """A file of a signed model directory, or a range of it."""
        file = self.parts.weights.find(asked.rest, asked.headers.last)
        with self.parts.limits.running(asked.caller):
            passage = Passage(asked.caller, _request(asked, file.model, "weights"), asked.connection)
            await self._pass(passage, self._hand_out(passage, asked, file, send), send)

    async def _hand_out(self, passage: Passage, asked: Asked, file: File, send: Send) -> None:
        receipt = await self.decided(asked.caller, passage.request)
        start, pieces = file.answer(receipt_header(receipt))
        await self._send(passage, start, send)
        passage.started = True
        if not asked.is_head:
            async for piece in pieces:
                await self._send(passage, {"type": "http.response.body", "body": piece, "more_body": True}, send)
        await self._send(passage, {"type": "http.response.body", "body": b""}, send)


def _rule(edition: Edition, caller: Caller, request: Request) -> Ruled:
    try:
        return edition.decide(caller.subject, request)
    except UsageError:
        raise Problem("unknown-subject", "The key is of a subject or channel that is not known here.") from None


def _request(asked: Asked, model: str, surface: Surface | None = None) -> Request:
    caller = asked.caller
    return Request(
        model=model,
        surface=surface or caller.surface,
        location=asked.country,
        channel=caller.channel,
    )


def _path(scope: Scope) -> str:
    """The path as the server decoded it. One that was written in another way than it reads is refused."""
    path: str = scope["path"]
    if scope["raw_path"] != path.encode("latin-1", "replace"):
        raise Problem("not-found", "There is no such path here.")
    return path
