"""A model's server in a few lines, for a model that is a function: what ``bylaw serve`` puts behind itself for a demo.

It speaks enough of the OpenAI and Anthropic dialects for their clients, on a socket of this machine that only the
gateway opens. The seam is one function, from a conversation to an answer; an answer is made whole and then sent word
by word.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from itertools import count
from typing import Annotated, Any, NamedTuple

import msgspec

from bylaw.gateway.problem import Problem, Send, send_whole
from bylaw.gateway.wire import body

MOST = 1 << 20


class Said(NamedTuple):
    """An answer's text, the tokens of the conversation and of the answer, and whether the most tokens cut it."""

    text: str
    prompt_tokens: int
    tokens: int
    cut: bool


Answer = Callable[[list[tuple[str, str]], int, float], Said | None]
"""(role and text of every turn, most tokens, temperature) → the answer; None if the model has no room for the
conversation. It may take its time."""


ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
"""The roles callers speak of, and what the model knows each as."""

Most = Annotated[int, msgspec.Meta(ge=1)]


class Asked(msgspec.Struct):
    """What is read of a request: content may be a text, or parts with texts."""

    model: str
    messages: list[dict[str, Any]]
    max_tokens: Most = 128
    max_completion_tokens: Most | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    stream: bool = False
    system: str | list[dict[str, Any]] = ""


class Answerer:
    """The application."""

    def __init__(self, answer: Answer) -> None:
        self._answer, self._numbers = answer, count(1)
        self._one = asyncio.Lock()

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send
    ) -> None:
        """One request."""
        try:
            dialect = _DIALECTS.get(scope["path"])
            if dialect is None:
                raise Problem("not-found", "This model answers chat completions and messages.")
            asked = _read(await body.read(receive, MOST))
            said = await self._said(asked)
            await _send(dialect(asked, said, f"made-{next(self._numbers)}"), asked.stream, send)
        except Problem as problem:
            await problem.send(send)

    async def _said(self, asked: Asked) -> Said:
        turns = _turns(asked)
        async with self._one:
            most = asked.max_completion_tokens or asked.max_tokens
            said = await asyncio.to_thread(self._answer, turns, most, asked.temperature)
        if said is None:
            raise Problem("malformed", "The conversation is longer than this model can read.")
        return said


def _read(content: bytes) -> Asked:
    try:
        return msgspec.json.decode(content, type=Asked)
    except msgspec.DecodeError as error:
        raise Problem("malformed", f"The body cannot be read: {error}.") from error


def _turns(asked: Asked) -> list[tuple[str, str]]:
    turns = [("system", _text(asked.system))] if asked.system else []
    return turns + [(_role(each), _text(each.get("content", ""))) for each in asked.messages]


def _role(message: dict[str, Any]) -> str:
    role = str(message.get("role", "user"))
    if role not in ROLES:
        raise Problem("malformed", f"This model knows no role {role[:40]!r}: it reads {', '.join(ROLES)}.")
    return ROLES[role]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


async def _send(events: list[dict[str, Any]], stream: bool, send: Send) -> None:
    """The first event is the whole answer, the rest are its stream."""
    if not stream:
        await send_whole(send, 200, json.dumps(events[0]).encode(), (b"content-type", b"application/json"))
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    async for line in _lines(events[1:]):
        await send({"type": "http.response.body", "body": line, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _lines(events: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    for event in events:
        name = event.get("type")
        yield (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(event).encode() + b"\n\n"
        await asyncio.sleep(0.02)
    if "type" not in events[-1]:
        yield b"data: [DONE]\n\n"


def _openai(asked: Asked, answer: Said, id: str) -> list[dict[str, Any]]:
    said = {"id": id, "created": int(time.time()), "model": asked.model}
    ended = "length" if answer.cut else "stop"
    message = {"index": 0, "message": {"role": "assistant", "content": answer.text}, "finish_reason": ended}
    both = answer.prompt_tokens + answer.tokens
    usage = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.tokens, "total_tokens": both}
    whole = {**said, "object": "chat.completion", "choices": [message], "usage": usage}
    deltas: list[tuple[dict[str, str], str | None]] = [({"content": each}, None) for each in _words(answer.text)]
    pieces = [
        {**said, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": ends}]}
        for delta, ends in [({"role": "assistant", "content": ""}, None), *deltas, ({}, ended)]
    ]
    return [whole, *pieces]


def _anthropic(asked: Asked, answer: Said, id: str) -> list[dict[str, Any]]:
    usage = {"input_tokens": answer.prompt_tokens, "output_tokens": answer.tokens}
    said = {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "stop_sequence": None,
        "usage": usage,
    }
    ended = "max_tokens" if answer.cut else "end_turn"
    whole = {**said, "content": [{"type": "text", "text": answer.text}], "stop_reason": ended}
    begin = {"type": "message_start", "message": {**said, "content": [], "stop_reason": None}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": each}}
        for each in _words(answer.text)
    ]
    end = {"type": "message_delta", "delta": {"stop_reason": ended, "stop_sequence": None}, "usage": usage}
    return [whole, begin, block, *deltas, {"type": "content_block_stop", "index": 0}, end, {"type": "message_stop"}]


def _words(text: str) -> list[str]:
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


_DIALECTS: dict[str, Callable[[Asked, Said, str], list[dict[str, Any]]]] = {
    "/v1/chat/completions": _openai,
    "/v1/messages": _anthropic,
}
