"""A server in OpenAI's form, made to misbehave: our own double of what goes wrong with other people's.

Its log-probabilities follow from the question's text alone, so that a label is right or wrong. It answers after
``latency`` seconds, holds ``slots`` questions at once, and fails as it is told to. It counts what it answered.
"""

import argparse
import asyncio
import hashlib
import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ports import free_port

TOKENS = ["A", "B", "Yes", "No", " A", "(", "The", "I", "As", "It", "So", "We", "x", "y", "z", "1", "2", "3", "4", "5"]


def truth(text: str) -> dict[str, float]:
    """Log-probabilities of the next token after a text: most of it on A and B, or Yes and No."""
    share = 0.05 + 0.9 * int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    weights = {"A": 0.45 * share, "B": 0.45 * (1 - share), "Yes": 0.45 * share, "No": 0.45 * (1 - share)}
    rest = (1 - sum(weights.values())) / len(TOKENS)
    return {token: math.log(weights.get(token, rest)) for token in TOKENS}


@dataclass
class Faults:
    """What the server does wrong: rates are shares of calls; ``after`` counts answered calls."""

    latency: float = 0.0
    slots: int = 1 << 30
    errors: float = 0.0
    hangs: float = 0.0
    storms: float = 0.0  # seconds between two storms; each is a second of 429
    half: float = 0.0
    after: int = 1 << 30
    then: str = ""  # what happens after: key, model, fingerprint, format, shape, half, language, anchors, numbers
    logprobs: bool = True
    words: str = ""  # what it says instead of a letter
    lists: bool = True
    seed: int = 0


async def body_of(receive: Any) -> bytes:
    """A request's body, whole."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


@dataclass
class Judge:
    """The application (ASGI) and what it counted: ``answered`` calls by question, ``tokens`` billed."""

    faults: Faults = field(default_factory=Faults)
    model: str = "mock"
    answered: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    tokens: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    used: int = 0
    most: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.faults.seed)
        self.began = time.monotonic()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = await body_of(receive)
        status, headers, content = await self.answer(scope["path"], json.loads(body or b"{}"))
        lines = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *headers]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": content})

    async def answer(self, path: str, body: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if path.endswith("/stats"):
            return 200, [], self.stats()
        self.calls += 1
        texts = [m["content"] for m in body["messages"]][-1:] if "messages" in body else body["prompt"]
        texts = [texts] if isinstance(texts, str) else texts
        fault = self.fault(len(texts))
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault:
            self.failed[fault] += 1
            return self.refusal(fault)
        self.used += len(texts)
        self.most = max(self.most, self.used)
        try:
            await asyncio.sleep(self.faults.latency)
        finally:
            self.used -= len(texts)
        for text in texts:
            self.answered[hashlib.sha256(json.dumps([text, body.get("seed")]).encode()).hexdigest()] += 1
        content = json.dumps(self.reply(path, body, texts)).encode()
        if self.random.random() < self.faults.half or (self.late() and self.faults.then == "half"):
            self.failed["half"] += 1
            return 200, [], content[: len(content) // 2]
        return 200, [], content

    def fault(self, size: int) -> str:
        faults, draw = self.faults, self.random.random()
        if self.late() and faults.then == "key":
            return "key"
        if faults.storms and (time.monotonic() - self.began) % faults.storms < 1.0:
            return "storm"
        if self.used + size > faults.slots:
            return "full"
        if draw < faults.errors:
            return "error"
        return "hang" if draw < faults.errors + faults.hangs else ""

    def late(self) -> bool:
        return sum(self.answered.values()) >= self.faults.after

    def refusal(self, fault: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        said = json.dumps({"error": {"message": fault, "code": fault}}).encode()
        if fault == "key":
            return 401, [], said
        if fault in ("storm", "full"):
            return 429, [(b"retry-after", b"1")], said
        return 500, [], said

    def reply(self, path: str, body: dict[str, Any], texts: list[str]) -> dict[str, Any]:
        late, then = self.late(), self.faults.then
        prompt = sum(len(text) // 4 + 1 for text in texts)
        self.tokens += prompt + len(texts)
        chat = path.endswith("/chat/completions")
        choices = [self.choice(place, text, body, chat, late, then) for place, text in enumerate(texts)]
        return {
            "id": "x",
            "object": "chat.completion" if chat else "text_completion",
            "created": 1,
            "model": "another" if late and then == "model" else self.model,
            "system_fingerprint": "fp_2" if late and then in ("fingerprint", "anchors") else "fp_1",
            "choices": choices,
            "usage": {"prompt_tokens": prompt, "completion_tokens": len(texts), "total_tokens": prompt + len(texts)},
        }

    def choice(self, place: int, text: str, body: dict[str, Any], chat: bool, late: bool, then: str) -> dict[str, Any]:
        top = truth(text + "!" if late and then == "anchors" else text)
        if late and then == "numbers":
            top = {token: 100 * math.exp(value) for token, value in top.items()}
        drawn = random.Random(f"{text}{body.get('seed')}").choices(
            list(top), [math.exp(min(value, 0)) for value in top.values()]
        )[0]
        foreign = self.faults.words or ("Cette réponse est bonne" if late and then == "language" else "")
        said = foreign or drawn
        given = self.faults.logprobs and body.get("logprobs") and not (late and then == "format")
        if foreign:
            top = {word: -1.0 - n for n, word in enumerate(foreign.split())}
        one: dict[str, Any] = {"index": place, "finish_reason": "length"}
        if not chat:
            return {**one, "text": said, "logprobs": {"top_logprobs": [top]} if given else None}
        tops: Any = [{"token": token, "logprob": value, "bytes": None} for token, value in top.items()]
        if late and then == "shape":
            tops = {token: f"{value}" for token, value in top.items()}
        content = [{"token": said, "logprob": -0.1, "bytes": None, "top_logprobs": tops}]
        said = {"role": "assistant", "content": said}
        return {**one, "message": said, "logprobs": {"content": content} if given else None}

    def stats(self) -> bytes:
        twice = sum(count - 1 for count in self.answered.values())
        found = {
            "calls": self.calls, "answered": sum(self.answered.values()), "twice": twice, "tokens": self.tokens,
            "failed": dict(self.failed), "most": self.most,
        }  # fmt: skip
        return json.dumps(found).encode()


@contextmanager
def serving(judge: Any) -> Iterator[str]:
    """Run an application in a thread of its own; the URL of its API."""
    import uvicorn

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(judge, host="127.0.0.1", port=port, log_level="error", backlog=4096))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = server.force_exit = True
    thread.join(20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for name in ("latency", "errors", "hangs", "storms"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--slots", type=int, default=1 << 30)
    asked = vars(parser.parse_args())
    port = asked.pop("port")
    import uvicorn

    uvicorn.run(Judge(Faults(**asked)), host="127.0.0.1", port=port, log_level="error", access_log=False, backlog=4096)
