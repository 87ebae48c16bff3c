"""What goes to a server and comes back, and the ways in which a call can fail: the words all backends share."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from bylaw.canonical import sha256
from bylaw.models.base import Choose, Generate


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``body`` is what is sent (JSON), ``vote`` tells samples of the same question apart.

    ``options``: the tokens, or words of a sample, to read for each option (``None``: it generates text). ``about`` is
    what it is charged to.
    ``stem``: how many characters of its text it shares with the questions asked beside it.
    """

    path: str
    body: dict[str, Any]
    text: str
    most: int
    options: tuple[frozenset[str], ...] | None = None
    vote: int = 0
    about: str = ""
    stem: int = 0

    def key(self, served: str) -> str:
        """Address of the answer: what was asked of whom."""
        return sha256(msgspec.json.encode([served, self.path, self.body, self.vote], order="deterministic"))

    @property
    def worst(self) -> int:
        """No tokenizer makes more tokens of it: a byte each, what a template adds, and all that may be generated."""
        return len(self.text.encode()) + 64 + self.most


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``top`` are next-token log-probabilities by token, where the server gave them.

    ``served`` is the model and ``fingerprint`` the build that the server says it answered with. ``finish`` is
    ``too_long`` where the server refused the conversation for its length.
    """

    text: str = ""
    top: dict[str, float] | None = None
    finish: str = "stop"
    served: str = ""
    fingerprint: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    written_tokens: int = 0
    generated_tokens: int = 0


class Failure(Exception):
    """A call that gave no answer, and may be made again."""


class Busy(Failure):
    """The server asks to come back later (429, 503, 529); ``after`` seconds, if it said so."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Broken(Failure):
    """The connection, the server or what it sent was broken."""


class Slow(Failure):
    """The deadline passed. What the server computed may be billed all the same."""


class Backend(Protocol):
    """A way to ask: makes requests of asks, sends them, reads what comes back."""

    batches: bool
    """Whether several requests can go in one call."""

    sampled: bool
    """Whether options are sampled votes; else they are read from log-probabilities."""

    def choose(self, ask: Choose, about: Sequence[str], vote: int | None = None) -> list[Request]:
        """A request for each conversation: for log-probabilities, or for one sampled ``vote``."""
        ...

    def generate(self, ask: Generate) -> Request:
        """The request for a continuation."""
        ...

    async def send(self, requests: Sequence[Request]) -> list[Reply]:
        """One call. Raises a ``Failure`` or a ``RemoteError`` that ends the run."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
