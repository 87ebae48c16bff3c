"""Whether a server still answers what it is asked: in another language, with refusals, with thoughts it is no judge."""

from collections import deque

from bylaw.errors import RemoteError
from bylaw.models.remote import wording
from bylaw.models.remote.asked import Backend, Reply, Request
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.settings import RemoteSettings

ENOUGH, LAST = 50, 200
"""Questions after which a server that never names an option is no judge; how many of the last ones count."""
READABLE = 0.05


class Heard:
    """The last answers to questions with options: whether they named one, and under which key they are kept."""

    def __init__(self, settings: RemoteSettings, backend: Backend, cache: Cache) -> None:
        self._settings = settings
        self._backend = backend
        self._cache = cache
        self._last: deque[tuple[bool, str]] = deque()

    def clear(self) -> None:
        """Listen anew."""
        self._last.clear()

    def take(self, key: str, request: Request, reply: Reply) -> None:
        """Raise ``RemoteError`` where hardly any of the last answers named an option.

        Those are forgotten: whoever goes on with a server that was mended would be told the same again.
        """
        if request.options is None:
            return
        top = reply.top or {}
        self._last.append((self._names(request.options, top, reply.text), key))
        times = self._settings.votes if self._backend.sampled else 1
        while len(self._last) > LAST * times:
            self._last.popleft()
        read = sum(named for named, _ in self._last)
        if len(self._last) < ENOUGH * times or read >= READABLE * len(self._last):
            return
        self._cache.forget([key for named, key in self._last if not named])
        said = max(top, key=top.__getitem__) if top else reply.text
        raise RemoteError(
            f"{self._settings.model} names none of the options: {read} of the last {len(self._last)} answers could be "
            f"read, and another began {said.strip()[:60]!r}. Is it a judge, and asked by the right api? Those are not "
            "kept, and every other answer is"
        )

    def _names(self, options: tuple[frozenset[str], ...], top: dict[str, float], text: str) -> bool:
        if self._backend.sampled:
            return wording.letter(text, options) is not None
        exact = self._settings.api == "completions" and bool(self._settings.tokenizer)
        return any(wording.option_of(token, options, exact) is not None for token in top)
