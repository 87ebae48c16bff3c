"""The one choke point: every request to a model, its weights or a decision goes through ``Door.enter``, in this order.

Path → what is in force → who asks → limits → which model → from where → the decision → its record → and only then the
model. Whatever is missing or fails on the way ends in a ``Problem``; there is no way around a step and no default that
lets pass.
"""

import asyncio
import time
from collections.abc import Awaitable
from functools import lru_cache
from typing import NamedTuple

from bylaw.access.decision import Request, Surface
from bylaw.errors import UsageError
from bylaw.gateway import catalogue
from bylaw.gateway.caller.identify import Caller, Headers, identify, is_valid
from bylaw.gateway.caller.tokens import Tokens
from bylaw.gateway.caller.whence import Locator
from bylaw.gateway.limits import Limits
from bylaw.gateway.log import Log
from bylaw.gateway.meters import Meters
from bylaw.gateway.passages import Passage, Passages
from bylaw.gateway.problem import Broken, Problem, send_whole
from bylaw.gateway.record.segment import NotRecorded
from bylaw.gateway.record.writing import Entry, Writer
from bylaw.gateway.refusal import problem_of, receipt_header
from bylaw.gateway.settings import GatewaySettings
from bylaw.gateway.snapshot.edition import Edition, Ruled
from bylaw.gateway.snapshot.follow import Follower, Stale
from bylaw.gateway.surfaces import QUERIES, Row, find
from bylaw.gateway.weights import File, Weights
from bylaw.gateway.wire import body
from bylaw.gateway.wire.exchange import Exchange
from bylaw.gateway.wire.upstream import Answer, Upstreams


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
    exchange: Exchange


class Door:
    """The gateway: called for each request. ``passages`` are the answers under way."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.passages = Passages()

    async def __call__(self, exchange: Exchange) -> None:
        """One request."""
        began = time.perf_counter()
        meters = self.parts.meters
        try:
            await self.enter(exchange)
        except Problem as problem:
            meters.problem(problem.kind)
            self.parts.log.problem(exchange.head.method, problem, time.perf_counter() - began)
            await problem.send(exchange.send)
        except ConnectionResetError:
            meters.count("left")
        except Exception as error:  # a mistake of ours: the server answers 500, and where it was stands in the log
            self.parts.log.fault(error)
            raise

    async def enter(self, exchange: Exchange) -> None:
        """Where every request goes through. Raises ``Problem``."""
        row, rest = find(exchange.head.method, exchange.head.path)
        edition, now = self._edition()
        asked = self._asked(row, rest, exchange, edition, now)
        match row.asks:
            case "model":
                await self._model(asked, edition)
            case "models":
                await self._models(asked, edition)
            case "decide":
                await self._decide(asked)
            case "weights":
                await self._weights(asked)

    def _edition(self) -> tuple[Edition, float]:
        try:
            return self.parts.follower.current()
        except Stale as why:
            self.parts.log.event("stale", why=str(why))
            told = "Which rules are in force is not known here at the moment; nobody is let through until it is."
            raise Problem("stale", told, headers=((b"retry-after", b"5"),)) from None

    def _asked(self, row: Row, rest: str, exchange: Exchange, edition: Edition, now: float) -> Asked:
        headers = Headers.of(exchange.head.headers)
        caller = identify(headers, self.parts.tokens, edition, now)
        self.parts.limits.ask(caller, time.monotonic())
        whence = self.parts.locator.of(exchange.peer, headers.joined(b"x-forwarded-for"))
        for signal in whence.signals:
            self.parts.meters.signal(signal)
        return Asked(row, rest, headers, caller, whence.country, exchange)

    async def _model(self, asked: Asked, edition: Edition) -> None:
        """A request to a model: its body is read, and goes on if the decision allows."""
        limits, exchange = self.parts.settings.limits, asked.exchange
        if exchange.head.query not in QUERIES:
            raise Problem("malformed", "This path takes no such query.")
        body.check_head(asked.headers.last, limits.body_bytes)
        with self.parts.limits.running(asked.caller):
            if exchange.is_whole:
                content = await body.read(exchange.receive, limits.body_bytes)
            else:
                content = await body.read_in_time(exchange.receive, limits.body_bytes, limits.body_seconds)
                self._still(asked.caller, edition)
            model = body.model_of(content)
            if asked.row.path == "/v1/responses":
                body.check_kept(content)
            if not self.parts.upstreams.serves(model):
                raise Problem("no-such-model", "There is no model of this name here.")
            passage = Passage(asked.caller, _request(asked, model), exchange)
            await self._pass(passage, self._forward(passage, asked, content))

    def _still(self, caller: Caller, edition: Edition) -> None:
        """Raise ``Problem`` if the caller's key has ended while the body came."""
        found, now = self._edition()
        if found is not edition and not is_valid(caller, found, now):
            raise _ended_meanwhile()

    async def _pass(self, passage: Passage, answer: Awaitable[None]) -> None:
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
            passage.exchange.cut()
        finally:
            self.passages.leave(passage)

    async def _ended(self, passage: Passage) -> Problem:
        """Why an answer that had not begun never will."""
        if passage.ended is None:
            return _ended_meanwhile()
        edition, now = self._edition()
        receipt = await self.record(edition, passage.ended, now)
        return problem_of(passage.ended.decision, receipt, edition, self.parts.settings)

    async def _forward(self, passage: Passage, asked: Asked, content: bytes) -> None:
        """The decision and, if it allows, the model's answer: the model is asked while the disk syncs what was written,
        and nothing goes to the caller before that has ended.
        """
        exchange = passage.exchange
        entry = await self._decided(asked.caller, passage.request, ahead=True)
        try:
            answer = await self.parts.upstreams.ask(
                passage.request.model, asked.row.path, exchange.head.query, asked.headers.last, content
            )
        except Problem:
            await self._safe(entry)
            raise
        try:
            if entry.synced is not None:
                await self._safe(entry)
            exchange.start(answer.status, [*answer.headers, receipt_header(entry.receipt)])
            await self._passed_on(answer, exchange)
            self.parts.meters.count("answered")
        finally:
            answer.close()

    async def _passed_on(self, answer: Answer, exchange: Exchange) -> None:
        """An answer's body, piece by piece as it comes."""
        more = True
        while more:
            if not answer.is_here:
                exchange.flush()
            piece = await answer.read()
            more = not answer.is_over
            if exchange.is_paused:
                await self._taken(exchange)
            exchange.write(piece, more)

    async def _taken(self, exchange: Exchange) -> None:
        """Wait for a caller, who must take what was sent in time."""
        try:
            async with asyncio.timeout(self.parts.settings.limits.write_seconds):
                await exchange.taken()
        except TimeoutError:
            raise Broken("the caller does not take the answer") from None

    async def _decided(self, caller: Caller, request: Request, ahead: bool = False) -> Entry:
        """A decision that allows, on the disk; with ``ahead`` it may only have been written. Raises ``Problem`` for
        every other, once it is on the disk.

        What is in force may change while the disk syncs; then it is decided again.
        """
        while True:
            edition, now = self._edition()
            ruled = _rule(edition, caller, request)
            entry = self._written(edition, ruled, now)
            if ahead and ruled.decision.outcome == "allow":
                return entry
            await self._safe(entry)
            if self.parts.follower.edition is edition:
                break
        if ruled.decision.outcome != "allow":
            raise problem_of(ruled.decision, entry.receipt, edition, self.parts.settings)
        return entry

    async def record(self, edition: Edition, ruled: Ruled, now: float) -> str:
        """Write a decision; returns its receipt once it is on the disk. Raises ``Problem``."""
        entry = self._written(edition, ruled, now)
        await self._safe(entry)
        return entry.receipt

    def _written(self, edition: Edition, ruled: Ruled, now: float) -> Entry:
        """Write a decision. Raises ``Problem``: what cannot be recorded is not answered."""
        self.parts.meters.decision(ruled.decision.outcome)
        try:
            return self.parts.writer.write(edition, ruled, now)
        except NotRecorded as why:
            raise self._not_recorded(why) from None

    async def _safe(self, entry: Entry) -> None:
        """Wait until a decision is safe on the disk. Raises ``Problem`` if it never will be."""
        if entry.synced is not None:
            try:
                await entry.synced
            except NotRecorded as why:
                raise self._not_recorded(why) from None

    def _not_recorded(self, why: NotRecorded) -> Problem:
        self.parts.log.event("no-record", why=str(why))
        return Problem("no-record", "Decisions cannot be recorded here at the moment, so nobody is let through.")

    async def _models(self, asked: Asked, edition: Edition) -> None:
        """Only what is the caller's; looking is no use of a model, so nothing is recorded."""
        mine = [
            model
            for model in self.parts.settings.model
            if _rule(edition, asked.caller, _request(asked, model)).decision.outcome == "allow"
        ]
        await catalogue.send(mine, asked.rest, b"anthropic-version" in asked.headers.last, asked.exchange.send)

    async def _decide(self, asked: Asked) -> None:
        """A decision for an engine that stands elsewhere (nginx ``auth_request``, Envoy ``ext_authz``)."""
        model = asked.headers.last.get(b"bylaw-model", b"").decode("latin-1")
        if not self.parts.settings.decision_point or model not in self.parts.settings.model:
            raise Problem("not-found", "There is no such path or model here.")
        try:
            entry = await self._decided(asked.caller, _request(asked, model))
        except Problem as problem:
            problem.status = min(problem.status, 403) if problem.status < 500 else problem.status
            raise  # nginx knows 401 and 403; every other status is an error of its own to it
        await send_whole(asked.exchange.send, 200, b"", receipt_header(entry.receipt))

    async def _weights(self, asked: Asked) -> None:
        """A file of a signed model directory, or a range of it."""
        file = self.parts.weights.find(asked.rest, asked.headers.last)
        with self.parts.limits.running(asked.caller):
            passage = Passage(asked.caller, _request(asked, file.model, "weights"), asked.exchange)
            await self._pass(passage, self._hand_out(passage, asked, file))

    async def _hand_out(self, passage: Passage, asked: Asked, file: File) -> None:
        exchange = asked.exchange
        entry = await self._decided(asked.caller, passage.request)
        start, pieces = file.answer(receipt_header(entry.receipt))
        exchange.start(start["status"], start["headers"])
        if exchange.head.method != "HEAD":
            async for piece in pieces:
                if exchange.is_paused:
                    await self._taken(exchange)
                exchange.write(piece, True)
        exchange.write(b"", False)


def _rule(edition: Edition, caller: Caller, request: Request) -> Ruled:
    try:
        return edition.decide(caller.subject, request)
    except UsageError:
        raise Problem("unknown-subject", "The key is of a subject or channel that is not known here.") from None


def _request(asked: Asked, model: str, surface: Surface | None = None) -> Request:
    caller = asked.caller
    return _request_of(model, surface or caller.surface, asked.country, caller.channel)


@lru_cache(maxsize=1 << 12)
def _request_of(model: str, surface: Surface, location: str, channel: str) -> Request:
    """One and the same each time: whoever looks a decision up by it need not compare."""
    return Request(model=model, surface=surface, location=location, channel=channel)


def _ended_meanwhile() -> Problem:
    return Problem("who", "The key or the subject of this request has ended.")
