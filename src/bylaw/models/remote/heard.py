"""Whether a server still answers what it is asked: in another language, with refusals, with thoughts it is no judge.

An answer that names no option may be the model's own, or the first of a server that has gone wrong: which it is shows
later. Until then it is kept in memory alone, so that whoever goes on after a stop asks anew what may have been damaged.
"""

import math
from collections import deque

from bylaw.errors import RemoteError
from bylaw.models.remote import wording
from bylaw.models.remote.asked import Backend, Reply, Request
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.saying import shown
from bylaw.models.remote.settings import RemoteSettings

ENOUGH, LAST = 50, 200
"""Questions after which a server that never names an option is no judge; how many of the last ones count."""
READABLE = 0.05
_LEAST = math.log(1e-6)
"""A token less likely than this names nothing, though the server lists it."""


class Heard:
    """The last answers to questions with options: whether they named one, and under which key they are kept."""

    def __init__(self, settings: RemoteSettings, backend: Backend, cache: Cache) -> None:
        self._settings = settings
        self._backend = backend
        self._cache = cache
        self._last: deque[tuple[bool, str]] = deque()
        self.unsure: dict[str, Reply] = {}
        self.any = False

    def begin(self, anew: bool) -> None:
        """Go on with other programs; ``anew`` after a stop: what was heard before then says nothing any more."""
        self.unsure.clear()
        if anew:
            self._last.clear()
            self.any = False

    def take(self, key: str, request: Request, reply: Reply) -> bool:
        """Hear one answer, and say whether it may be kept at once."""
        if request.options is None:
            return True
        named = self.names(request, reply)
        self.any = self.any or named
        self._last.append((named, key))
        while len(self._last) > LAST * self._times:
            self._last.popleft()
        if not named:
            self.unsure[key] = reply
        return named

    def require(self) -> None:
        """Raise ``RemoteError`` where hardly any of the last answers named an option."""
        read = sum(named for named, _ in self._last)
        if len(self._last) >= ENOUGH * self._times and read < READABLE * len(self._last):
            raise self.mute(f"{read} of the last {len(self._last)} answers could be read")

    def mute(self, why: str) -> RemoteError:
        """The error of a server that is no judge. Whoever goes on with a mended one must not be told the same again."""
        self._cache.forget([key for named, key in self._last if not named])
        last = next(reversed(self.unsure.values()), Reply())
        self.unsure.clear()
        said = max(last.top, key=last.top.__getitem__) if last.top else last.text
        return RemoteError(
            f"{self._settings.model} names none of the options: {why}, and another began "
            f"{shown(said, self._settings)[:60]!r}. Is it a judge, and asked by the right api? Those are not "
            "kept, and every other answer is"
        )

    def settle(self) -> None:
        """The server is well: what it said without an option is its own, and kept as everything else."""
        self._cache.put(list(self.unsure.items()))
        self.unsure.clear()

    def names(self, request: Request, reply: Reply) -> bool:
        """Whether an answer names an option at all."""
        options = request.options or ()
        if self._backend.sampled:
            return wording.letter(reply.text, options) is not None
        likely = (token for token, value in (reply.top or {}).items() if value > _LEAST)
        return any(wording.option_of(token, options, self._settings.exact) is not None for token in likely)

    @property
    def _times(self) -> int:
        return self._settings.votes if self._backend.sampled else 1
