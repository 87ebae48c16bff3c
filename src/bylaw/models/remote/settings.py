"""What a run says of a model behind a server: one table, ``[models.judge]``."""

import os
from typing import Literal

import msgspec

from bylaw.canonical import digest
from bylaw.errors import UsageError


class RemoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model behind a server. ``backend`` "" is none: the judge is then a directory or hub id.

    ``url`` ends where the API's paths begin (``http://localhost:8000/v1``). ``key`` is the NAME of an environment
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
        if self.budget_tokens < 0 or self.budget_usd < 0:
            raise ValueError("a budget cannot be negative; 0 is no bound")

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
    def digest(self) -> str:
        """What a stage's statement says of a model that nobody here holds: where it was asked for, by which name."""
        return digest([self.backend, self.url, self.model, self.api, self.prefill, self.answers, self.votes])


FETCHING = (
    *("key", "concurrency", "batch", "deadline", "attempts", "give_up", "cache", "budget_tokens", "budget_usd"),
    *("prices", "anchors"),
)
"""Settings that change no answer."""


def key_of(settings: RemoteSettings) -> str:
    """The key, from the environment variable that the settings name. Raises ``UsageError`` if it is not there."""
    if not settings.key:
        return ""
    found = os.environ.get(settings.key, "")
    if not found:
        raise UsageError(f"models.judge.key names the environment variable {settings.key}, which is not set")
    return found
