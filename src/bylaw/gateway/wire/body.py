"""A request's body: read whole within a time and a size, and asked one question: which model?

It goes on as it came, so whoever reads it next must not be able to read another model out of it. A body is refused if
its outermost object has a key that could be taken for ``model`` besides the one: twice, in other case (Go folds case),
escaped.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from bylaw.gateway.problem import Problem

Receive = Callable[[], Awaitable[dict[str, Any]]]

KEPT: Mapping[str, str] = {
    "previous_response_id": "A response that goes on from another by its id",
    "conversation": "A conversation by its id",
    "background": "A response that is fetched later",
}
"""Members of a request for a response that lead to what the server keeps."""
_KEPT_WORDS = (*(word.encode() for word in KEPT), b"\\u", "\u017f".encode(), "\u212a".encode())
"""One of these stands in every body with such a member: its name, an escape, or a letter that folds to s or k."""


class _Asked(msgspec.Struct):
    model: str


_JSON = b"application/json"
_DECODER = msgspec.json.Decoder(_Asked)


async def read_in_time(receive: Receive, most: int, seconds: float) -> bytes:
    """The same. Raises ``Problem`` too if it does not come in time."""
    try:
        async with asyncio.timeout(seconds):
            return await read(receive, most)
    except TimeoutError:
        raise Problem("too-slow", "The request's body did not come in time.") from None


async def read(receive: Receive, most: int) -> bytes:
    """The body. Raises ``Problem`` for one of more than ``most`` bytes, ``ConnectionResetError`` if the caller has
    gone.
    """
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request" and len(message["body"]) <= most:
        return bytes(message["body"])
    parts, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        parts.append(message["body"])
        size += len(message["body"])
        if size > most:
            raise Problem("too-large", f"A request's body has {most} bytes at the most.")
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()


def check_head(headers: Mapping[bytes, bytes], most: int) -> None:
    """Raise ``Problem`` by what the headers say of a body."""
    if b"transfer-encoding" in headers and headers[b"transfer-encoding"].lower() != b"chunked":
        raise Problem("malformed", "A body is sent whole or chunked.", headers=((b"connection", b"close"),))
    if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
        raise Problem("media-type", "Send the body without a content encoding.")
    kind = headers.get(b"content-type", b"")
    if kind != _JSON and kind.split(b";")[0].strip().lower() != _JSON:
        raise Problem("media-type", "Send the body as application/json.")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length[:20]) > most:
        raise Problem("too-large", f"A request's body has {most} bytes at the most.")


def model_of(body: bytes) -> str:
    """The model a body asks for, in every reading of it. Raises ``Problem``."""
    try:
        if not body.isascii():
            body.decode()  # what is passed over is not looked at by the decoder
        model = _DECODER.decode(body).model
    except RecursionError:
        raise Problem("malformed", "The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem("malformed", f"The body cannot be read: {error}.") from error
    folded = body.lower()
    if (folded.count(b'"model"') != 1 or b"\\u00" in folded) and len(_spelled(body)) != 1:
        raise Problem("malformed", "The body names its model more than once.")
    return model


def check_kept(body: bytes) -> None:
    """Raise ``Problem`` for a response that goes on from one that the server has kept, or is to be fetched later.

    What was kept was decided about for somebody and some model that are not known any more; what is fetched later does
    not pass the door.
    """
    folded = body.lower()
    if not any(word in folded for word in _KEPT_WORDS):
        return
    for key, value in _pairs(body):
        if key.casefold() in KEPT and value is not None and value is not False:
            raise Problem("kept", f"{KEPT[key.casefold()]} cannot be decided about here; send the conversation whole.")


def _spelled(body: bytes) -> list[str]:
    """The keys of the outermost object that somebody may take for ``model``."""
    return [key for key, _ in _pairs(body) if key.casefold() == "model"]


def _pairs(body: bytes) -> "_Pairs":
    try:
        return json.loads(body, object_pairs_hook=_Pairs)  # type: ignore[no-any-return]
    except (ValueError, RecursionError) as error:
        raise Problem("malformed", f"The body cannot be read: {error}.") from error


class _Pairs(list[tuple[str, Any]]):
    """An object as it is written, with every key."""
