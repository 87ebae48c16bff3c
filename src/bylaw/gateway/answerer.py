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
from typing import Any

import msgspec

from bylaw.gateway.problem import Problem, Send, send_whole
from bylaw.gateway.wire import body

MOST = 1 << 20
Answer = Callable[[list[tuple[str, str]], int, float], str]
"""(role and text of every turn, most tokens, temperature) → the answer's text. It may take its time."""


class Asked(msgspec.Struct):
    """What is read of a request: content may be a text, or parts with texts."""

    model: str
    messages: list[dict[str, Any]]
    max_tokens: int = 128
    temperature: float = 1.0
    stream: bool = False
    system: str = ""


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
            async with self._one:
                text = await asyncio.to_thread(self._answer, _turns(asked), asked.max_tokens, asked.temperature)
            await _send(dialect(asked, text, f"made-{next(self._numbers)}"), asked.stream, send)
        except Problem as problem:
            await problem.send(send)


def _read(content: bytes) -> Asked:
    try:
        return msgspec.json.decode(content, type=Asked)
    except msgspec.DecodeError as error:
        raise Problem("malformed", f"The body cannot be read: {error}.") from error


def _turns(asked: Asked) -> list[tuple[str, str]]:
    turns = [("system", asked.system)] if asked.system else []
    return turns + [(str(each.get("role", "user")), _text(each.get("content", ""))) for each in asked.messages]


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


def _openai(asked: Asked, text: str, id: str) -> list[dict[str, Any]]:
    said = {"id": id, "created": int(time.time()), "model": asked.model}
    message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 0, "completion_tokens": len(text.split()), "total_tokens": len(text.split())}
    whole = {**said, "object": "chat.completion", "choices": [message], "usage": usage}
    deltas: list[tuple[dict[str, str], str | None]] = [({"content": each}, None) for each in _words(text)]
    pieces = [
        {**said, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": ends}]}
        for delta, ends in [*deltas, ({}, "stop")]
    ]
    return [whole, *pieces]


def _anthropic(asked: Asked, text: str, id: str) -> list[dict[str, Any]]:
    usage = {"input_tokens": 0, "output_tokens": len(text.split())}
    said = {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "stop_sequence": None,
        "usage": usage,
    }
    whole = {**said, "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
    begin = {"type": "message_start", "message": {**said, "content": [], "stop_reason": None}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": each}}
        for each in _words(text)
    ]
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage}
    return [whole, begin, block, *deltas, {"type": "content_block_stop", "index": 0}, end, {"type": "message_stop"}]


def _words(text: str) -> list[str]:
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


_DIALECTS: dict[str, Callable[[Asked, str, str], list[dict[str, Any]]]] = {
    "/v1/chat/completions": _openai,
    "/v1/messages": _anthropic,
}
