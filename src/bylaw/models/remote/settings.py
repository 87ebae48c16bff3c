"""What a run says of a model behind a server: one table, ``[models.judge]``."""

import math
import os
import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from bylaw.canonical import digest
from bylaw.errors import UsageError


class RemoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model behind a server. ``backend`` "" is none: the judge is then a directory or hub id.

    ``url`` ends where the API's paths begin (``http://localhost:8000/v1``); without one ``anthropic`` is asked at its
    maker's address, and ``openai_compatible`` nowhere. ``key`` is the NAME of an environment
    variable that holds the key. ``served_as``: what the server calls the model in its answers, if not by ``model``.
    ``api``: ``chat``, or ``completions`` of rendered text; ``tokenizer`` (a directory or hub id) renders it with the
    model's own chat template, exactly as a local model would. ``prefill``: ``continue`` makes a chat server go on
    inside a begun answer (vLLM, SGLang). ``answers``: ``logprobs``, ``votes`` (that many samples), or ``auto``: what
    the server gives; ``top``: of how many tokens (OpenAI gives 20). ``concurrency``: most questions under way;
    ``batch``: questions in one request (completions only). ``deadline``: seconds for one call. ``attempts``: calls for
    one question until the run stops; ``give_up``: seconds without any answer until it does. ``cache``: a file of
    answers shared between runs; "" is the user's own, ``off`` none. ``budget_tokens`` and ``budget_usd``: what the run
    may spend in all; 0 is no bound. ``prices``: a file that is read before the one that ships. ``anchors``: how many
    answers until fixed questions are asked again; theirs may move by ``tolerance`` at most. ``fingerprint``: whether a
    new ``system_fingerprint`` is an error (``same``), or allowed while the ``anchors`` hold.
    """

    backend: str = ""
    url: str = ""
    model: str = ""
    served_as: str = ""
    key: str = ""
    api: Literal["chat", "completions"] = "chat"
    tokenizer: str = ""
    prefill: Literal["drop", "continue"] = "drop"
    answers: Literal["auto", "logprobs", "votes"] = "auto"
    top: int = 20
    votes: int = 8
    concurrency: int = 64
    batch: int = 1
    deadline: float = 60.0
    attempts: int = 6
    give_up: float = 600.0
    cache: str = ""
    budget_tokens: int = 0
    budget_usd: float = 0.0
    prices: str = ""
    anchors: int = 2000
    tolerance: float = 0.05
    fingerprint: Literal["same", "anchors"] = "same"

    def __post_init__(self) -> None:
        if not self.backend:
            return
        if not self.model:
            raise ValueError("model says which model the server is asked for, and is empty")
        least = {"votes": 1, "concurrency": 1, "batch": 1, "attempts": 1, "anchors": 1, "top": 2, "deadline": 0.001}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"{name} must be at least {bound}")
        for name in ("deadline", "give_up", "budget_usd", "tolerance"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be a number, and not {getattr(self, name)}")
        if self.budget_tokens < 0 or self.budget_usd < 0:
            raise ValueError("a budget cannot be negative; 0 is no bound")
        if self.give_up < 0 or self.tolerance < 0:
            raise ValueError("give_up and tolerance cannot be negative")
        _require_address(self.url)

    def shaping(self) -> "RemoteSettings":
        """What shapes answers, without how they are fetched and what they may cost: a run may go on with more money."""
        free = RemoteSettings()
        return msgspec.structs.replace(self, **{name: getattr(free, name) for name in FETCHING})

    @property
    def name(self) -> str:
        """What the model is called in records."""
        return self.model

    @property
    def rows(self) -> int:
        """How many rows a chunk should have, so that the window stays full: a chunk's last answers are waited for."""
        return 16 * self.concurrency

    @property
    def where(self) -> str:
        """Whom an error speaks of."""
        return self.url or f"the server of {self.backend}"

    @property
    def exact(self) -> bool:
        """Whether options are read at the tokens of a known tokenizer."""
        return self.api == "completions" and bool(self.tokenizer)

    @property
    def digest(self) -> str:
        """What a stage's statement says of a model that nobody here holds: where it was asked for, by which name."""
        return digest([self.backend, self.url, self.model, self.api, self.prefill, self.answers, self.votes])


FETCHING = (
    *("key", "concurrency", "batch", "deadline", "attempts", "give_up", "cache", "budget_tokens", "budget_usd"),
    *("prices", "anchors"),
)
"""Settings that change no answer."""


_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,39}|[a-z][a-z0-9_]{0,39}")
"""How variables are called. What looks otherwise, or has many digits, may be a key that was put in their place."""


def key_of(settings: RemoteSettings) -> str:
    """The key, from the environment variable that the settings name, without white space around it.

    Raises ``UsageError`` if it is not there, or cannot be one; what may be a key is not repeated.
    """
    if not settings.key:
        return ""
    found = secret_of(settings)
    if not found:
        named = _NAME.fullmatch(settings.key) and sum(map(str.isdigit, settings.key)) < 4
        raise UsageError(
            f"models.judge.key names the environment variable {settings.key}, which is not set"
            if named
            else "models.judge.key is the NAME of an environment variable, and none is called what stands there. If "
            "that is the key itself, put it into a variable (export JUDGE_KEY=…) and name this: key = 'JUDGE_KEY'"
        )
    if not (found.isascii() and found.isprintable()):
        raise UsageError(f"the key in {settings.key} has signs that none can have: copy it anew")
    return found


def secret_of(settings: RemoteSettings) -> str:
    """The key as it is sent, or "" where there is none."""
    return os.environ.get(settings.key, "").strip() if settings.key else ""


def _require_address(url: str) -> None:
    """Raise ``ValueError`` for a URL that no call can go to. It is not repeated: there may be a password in it."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port above 65535, half an IPv6 address
        sound = False
    if not sound or not url.isprintable() or " " in url:
        raise ValueError("url is no address: it begins with http:// or https://, as in http://localhost:8000/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url has a name or a password in it: put a key into a variable, and name this as key")
    if parts.query or parts.fragment:
        raise ValueError(
            "url has a ? or a # in it: it ends where the API's paths begin, as in http://localhost:8000/v1"
        )
