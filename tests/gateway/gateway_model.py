"""A small model's server of our own: it streams, fails and misbehaves as its model's name says, and remembers.

It speaks by itself on a socket, so that it can break off where no web framework would let it.
"""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, takewhile

WORDS = ("All", " that", " is", " said", " here", " is", " 42", ".")
ENDLESS = 9999
"""Asked for so many tokens, it streams until it is told that it is ``enough``: no test waits for its speed."""


@dataclass
class Heard:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ModelServer:
    """Listens on a free port of the loopback; ``heard`` is all that came, ``left`` counts callers that went early."""

    heard: list[Heard] = field(default_factory=list)
    left: int = 0
    pause: float = 0.02
    enough: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "ModelServer":
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.thread = threading.Thread(target=self._accept, args=(self.socket,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        # Closing alone would leave the thread waiting in accept. When this process is stopped and goes on, the system
        # begins that call again with the descriptor's number; by then it may be the next server's, whose callers the
        # thread would answer, and remember in the wrong place.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as file:
            try:
                while (heard := _read(file)) is not None:
                    self.heard.append(heard)
                    if not self._answer(connection, heard):
                        return
            except (BrokenPipeError, ConnectionResetError):
                self.left += 1

    def _answer(self, connection: socket.socket, heard: Heard) -> bool:
        """Answer one request; whether the connection goes on."""
        said = json.loads(heard.body.decode(errors="replace") or "{}")
        match str(said.get("model", "")).partition("-")[0]:
            case "hangs":
                self.enough.wait(90)
                return False
            case "resets":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case "drips":
                for letter in cycle("HTTP/1.1 200 OK\r\nx: " + "y" * 1000):
                    connection.sendall(letter.encode())
                    if self.enough.wait(0.2):
                        return False
            case "garbled":
                connection.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
                return False
            case "headless":
                connection.sendall(b"HTTP/1.1 200 OK\r\nx: " + b"y" * (1 << 20))
                return False
            case "switches":
                connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nx")
                return False
            case "short":
                connection.sendall(_head("200 OK", "application/json", "content-length: 100") + b'{"choices": ')
                return False
            case "stalls":
                head = _head("200 OK", "text/event-stream", "transfer-encoding: chunked")
                connection.sendall(head + _chunk(b"data: 1\n\n"))
                self.enough.wait(90)
                return False
            case "thinks":
                self.enough.wait(90)
                connection.sendall(_whole("200 OK", json.dumps(_answers(heard.path, said)).encode()))
            case "waits":
                head = _head("200 OK", "text/event-stream", "transfer-encoding: chunked")
                connection.sendall(head + _chunk(b"data: 1\n\n"))
                self.enough.wait(90)
                connection.sendall(_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
            case "zipped":
                connection.sendall(_whole("200 OK", gzip.compress(b"x" * 50_000_000), "content-encoding: gzip"))
            case "half":
                connection.sendall(
                    _head("200 OK", "text/event-stream", "transfer-encoding: chunked") + _chunk(b"data: 1\n\n")
                )
                return False
            case "broken":
                connection.sendall(_whole("500 Internal Server Error", b'{"error":{"message":"out of memory"}}'))
            case "garbage":
                connection.sendall(_whole("200 OK", b'{"choices": [{"mess'))
            case "moved":
                connection.sendall(_whole("302 Found", b"", "location: http://169.254.169.254/latest/"))
            case "spoofs":
                connection.sendall(_whole("200 OK", b"{}", "bylaw-receipt: forged", "set-cookie: a=b"))
            case _ if said.get("stream"):
                self._stream(connection, heard, said)
            case _:
                connection.sendall(_whole("200 OK", json.dumps(_answers(heard.path, said)).encode()))
        return True

    def _stream(self, connection: socket.socket, heard: Heard, said: dict[str, object]) -> None:
        connection.sendall(_head("200 OK", "text/event-stream", "transfer-encoding: chunked"))
        for event in _events(heard.path, str(said["model"]), self._words(int(said.get("max_tokens") or 1))):  # type: ignore[call-overload]
            connection.sendall(_chunk(event))
            time.sleep(self.pause)
        connection.sendall(b"0\r\n\r\n")

    def _words(self, most: int) -> Iterable[str]:
        return takewhile(lambda _: not self.enough.is_set(), cycle(WORDS)) if most == ENDLESS else WORDS * most


def _read(file: object) -> Heard | None:
    first = file.readline().decode().split()  # type: ignore[attr-defined]
    if len(first) != 3:
        return None
    headers = {}
    while line := file.readline().decode("latin-1").strip():  # type: ignore[attr-defined]
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = file.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Heard(first[0], first[1], headers, body)


def _head(status: str, kind: str, *more: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", f"content-type: {kind}", *more, "", ""]).encode()


def _whole(status: str, body: bytes, *more: str) -> bytes:
    return _head(status, "application/json", f"content-length: {len(body)}", *more) + body


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def _answers(path: str, said: dict[str, object]) -> dict[str, object]:
    text, model = "".join(WORDS), said.get("model")
    usage = {"prompt_tokens": 1, "completion_tokens": 8, "total_tokens": 9}
    match path.partition("?")[0]:
        case "/v1/embeddings":
            data = [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}]
            return {"object": "list", "data": data, "model": model, "usage": usage}
        case "/v1/completions":
            choice = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}
            return {
                "id": "c",
                "object": "text_completion",
                "created": 1,
                "model": model,
                "choices": [choice],
                "usage": usage,
            }
        case "/v1/responses":
            part = {"type": "output_text", "text": text, "annotations": []}
            message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]}
            return {
                "id": "r",
                "object": "response",
                "created_at": 1,
                "model": model,
                "status": "completed",
                "output": [message],
                "parallel_tool_calls": False,
                "tool_choice": "auto",
                "tools": [],
            }
        case "/v1/messages/count_tokens":
            return {"input_tokens": 7}
        case "/v1/messages":
            return {
                "id": "m",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 7, "output_tokens": 8},
            }
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage}


def _events(path: str, model: str, words: Iterable[str]) -> Iterator[bytes]:
    if path.startswith("/v1/messages"):
        yield from (_event(each, each["type"]) for each in _anthropic(model, words))
        return
    yield from (_event(_delta(model, word)) for word in words)
    yield _event(_delta(model, "", "stop"))
    yield b"data: [DONE]\n\n"


def _event(said: dict[str, object], name: object = "") -> bytes:
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(said).encode() + b"\n\n"


def _delta(model: str, word: str, finish: str | None = None) -> dict[str, object]:
    delta = {"content": word} if word else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice]}


def _anthropic(model: str, words: Iterable[str]) -> Iterator[dict[str, object]]:
    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 1},
    }
    yield {"type": "message_start", "message": message}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for word in words:
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
    yield {"type": "content_block_stop", "index": 0}
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 8}}
    yield {"type": "message_stop"}
