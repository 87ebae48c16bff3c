"""What a caller is told when there is no answer: problem details (RFC 9457), one row for each kind.

The members ``error`` and ``type`` make the official clients show the sentence too. A caller learns the class of the
reason and what would settle it; not which rule it was, since an order may be confidential.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
URN = "urn:bylaw:problem:"

KINDS: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "who": (401, "It is not known who asks"),
    "not-permitted": (403, "Not permitted"),
    "fact-missing": (403, "A fact is missing"),
    "unknown-subject": (403, "Nobody of this name is known here"),
    "not-found": (404, "There is nothing here"),
    "no-such-model": (404, "There is no such model"),
    "kept": (404, "What a model's server keeps is not handed out here"),
    "method": (405, "Not by this method"),
    "too-slow": (408, "The request did not come in time"),
    "too-large": (413, "The request is too large"),
    "media-type": (415, "Only JSON as it is, without compression"),
    "range": (416, "There is no such range"),
    "too-many": (429, "Too many requests"),
    "law": (451, "Forbidden by law"),
    "upstream": (502, "The model did not answer"),
    "stale": (503, "What is in force is not known here at the moment"),
    "no-record": (503, "The decision could not be recorded"),
    "busy": (503, "Too much is running"),
    "upstream-slow": (504, "The model did not answer in time"),
}
"""Kind → status and title. The whole of what the gateway itself ever answers besides an answer."""


async def send_whole(send: Send, status: int, body: bytes, *headers: Header) -> None:
    """Answer with a body that is whole."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


class Problem(Exception):
    """A request ends here. ``told`` are further members, ``headers`` go out with it."""

    def __init__(self, kind: str, detail: str, told: Mapping[str, Any] | None = None, headers: tuple[Header, ...] = ()):
        super().__init__(detail)
        self.kind, self.detail, self.told, self.headers = kind, detail, told or {}, headers
        self.status, self.title = KINDS[kind]

    @property
    def body(self) -> bytes:
        """The JSON text."""
        said = {
            "type": URN + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.told,
            "error": {"type": _ERRORS.get(self.status, "api_error"), "code": self.kind, "message": self.detail},
        }
        return msgspec.json.encode(said)

    async def send(self, send: Send) -> None:
        """Answer with it."""
        headers = (
            (b"content-type", b"application/problem+json"),
            (b"cache-control", b"no-store"),
            *_STANDING.get(self.status, ()),
            *self.headers,
        )
        await send_whole(send, self.status, self.body, *headers)


class Broken(Exception):
    """An answer that had begun cannot end as it should: its connection is cut, so that nobody takes it for whole."""


_ERRORS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "invalid_request_error",
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "overloaded_error",
}
_STANDING: Mapping[int, tuple[Header, ...]] = {
    401: ((b"www-authenticate", b'Bearer realm="bylaw"'),),
    408: ((b"connection", b"close"),),
    413: ((b"connection", b"close"),),
}
