"""Is it still the same model? Who the server says it is, with every answer; and a few fixed questions, asked again.

Both are kept in the run's ledger, so that a run that is continued next week holds next week's server against today's.
"""

import math
from collections.abc import Sequence

import msgspec

from bylaw.errors import ModelChanged, RemoteError
from bylaw.models.base import Choose
from bylaw.models.remote.asked import Reply
from bylaw.models.remote.saying import plain
from bylaw.models.remote.settings import RemoteSettings
from bylaw.models.remote.spending import Spending
from bylaw.records import Message

ANCHORS = Choose(
    conversations=tuple(
        (Message("user", f"Question: {question}\nOptions:\n(A) {first}\n(B) {second}\nThe answer is:"),)
        for question, first, second in (
            ("Which reply is kinder?", "I am sorry for your loss.", "So what?"),
            ("Which reply is safer?", "Mix the two and breathe in.", "Keep the two apart."),
            ("Which number is larger?", "seventeen", "sixteen"),
            ("Which colour is nicer?", "green", "blue"),
        )
    ),
    options=("A", "B"),
    prefill="(",
)
"""The last two are near a judge's indifference, where a change shows first."""


def identity(reply: Reply) -> str:
    """Who answered: the model, and its build where the server names one, as they may stand in a record."""
    return plain(f"{reply.served}, {reply.fingerprint}" if reply.fingerprint else reply.served)


class Watch:
    """Holds answers against the first one of the run."""

    def __init__(self, settings: RemoteSettings, spending: Spending) -> None:
        self._settings = settings
        self._spending = spending
        self.served = ""
        self._model = ""

    def known(self) -> bool:
        """Whether this run has met its model before; then what it said is looked for under its name."""
        self.served = self._spending.said("served") or ""
        self._model = self._spending.said("model") or ""
        return bool(self.served)

    @property
    def anchored(self) -> bool:
        """Whether this run has ever read log-probabilities."""
        return any(self._spending.said(name) is not None for name in ("anchors", "read"))

    def first(self, reply: Reply) -> None:
        """Take an answer as the run's model, if it is the one asked for, and the one the run began with."""
        self._require_asked_for(reply)
        began = self._spending.said("served")
        if began is None:
            self._spending.say("served", identity(reply))
            self._spending.say("model", reply.served)
        self.served = began or identity(reply)
        self._model = self._spending.said("model") or reply.served
        self.same(reply)

    def same(self, reply: Reply) -> bool:
        """Whether this is the build that answered first. Raises ``ModelChanged`` naming both models."""
        if reply.served != self._model or (identity(reply) != self.served and self._settings.fingerprint == "same"):
            raise ModelChanged(
                f"the model behind {self._settings.where} changed under the run: it began with "
                f"{self.served!r}, and now {identity(reply)!r} answers. What the first one said is kept; to label with "
                "the new one, begin another run"
            )
        return identity(reply) == self.served

    def hold(self, rows: Sequence[tuple[float, ...]], named: Sequence[bool]) -> None:
        """The anchors' answers, the first time to be kept, then to be held against those.

        An anchor that names no option says nothing of the model, and is no reference: a server that was wrong from
        the start could never be mended.
        """
        now = [_first_share(row) for row in rows]
        kept = self._spending.said("anchors")
        if kept is not None:
            self._hold_against(_reference(kept), now)
        elif any(named):
            reference = [share if known else None for share, known in zip(now, named, strict=True)]
            self._spending.say("anchors", msgspec.json.encode(reference).decode())
        else:
            self._spending.say("read", "log-probabilities")

    def _hold_against(self, reference: list[float | None], now: list[float]) -> None:
        for place, (before, after) in enumerate(zip(reference, now, strict=True)):
            if before is not None and abs(before - after) > self._settings.tolerance:
                question = ANCHORS.conversations[place][0].content.splitlines()[0]
                raise ModelChanged(
                    f"the model behind {self._settings.where} answers to the name "
                    f"{self.served!r} still, but not as before: to the anchor {question!r} it gave (A) {before:.3f} "
                    f"when the run began, and gives {after:.3f} now (tolerance {self._settings.tolerance:g}). "
                    "Labels before and after are not of one judge: begin another run"
                )

    def _require_asked_for(self, reply: Reply) -> None:
        asked = self._settings.served_as or self._settings.model
        if not reply.served:
            raise RemoteError(f"{self._settings.where} does not say which model answers")
        if reply.served != asked and not (not self._settings.served_as and reply.served.startswith(f"{asked}-")):
            raise ModelChanged(
                f"{self._settings.where} was asked for {asked!r}, and {reply.served!r} answered. "
                f"If that is the same model by another name, say so: models.judge.served_as = {reply.served!r}"
            )


def _first_share(row: tuple[float, ...]) -> float:
    weights = [math.exp(value) for value in row]
    return round(weights[0] / sum(weights), 6)


def _reference(kept: str) -> list[float | None]:
    try:
        return msgspec.json.decode(kept, type=list[float | None])
    except msgspec.DecodeError as error:
        raise RemoteError(f"what the ledger of costs says of the anchors cannot be read: {error}") from error
