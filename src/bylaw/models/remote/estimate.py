"""What a judge behind a server would be asked, and what that costs, before a cent is spent.

Programs are run for real, against answers that are made up; what they would send is counted, and what the cache has
already is told apart. Tokens are counted from characters, by the rate this model had when it was asked last, else by
four characters a token: it is an estimate, and says so.
"""

import math
from collections.abc import Iterable

import msgspec

from bylaw.models.base import Choice, Choose, Completion, Generate, Program, T, Usage, finish
from bylaw.models.remote import BACKENDS, SAMPLED, cache_path
from bylaw.models.remote.asked import Request
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.prices import Price, price_of
from bylaw.models.remote.settings import RemoteSettings

_CHARACTERS = 4.0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Questions, tokens, dollars, seconds. ``shared_tokens`` of the prompt tokens repeat a stem just sent.

    ``usd`` counts every prompt token in full, ``usd_cached`` what a prefix cache would leave; None without a price.
    ``seconds`` is None where nothing is known of the server's speed.
    """

    model: str
    questions: int
    kept: int
    prompt_tokens: int
    shared_tokens: int
    generated_tokens: int
    usd: float | None
    usd_cached: float | None
    seconds: float | None
    characters_per_token: float
    price: Price | None

    def text(self) -> str:
        """Lines for a person."""
        lines = [f"{self.questions} questions to {self.model}, {self.kept} more are answered already"]
        lines.append(
            f"{self.prompt_tokens:,} prompt tokens, {self.shared_tokens:,} of them a prefix just sent; "
            f"{self.generated_tokens:,} generated (estimated at {self.characters_per_token:.1f} characters a token)"
        )
        if self.price and self.usd is not None and self.usd_cached is not None:
            lines.append(
                f"{self.usd:.2f} $ at most, {self.usd_cached:.2f} $ with the server's prefix cache; the price of "
                f"{self.price.as_of} ({self.price.source})"
            )
        else:
            lines.append(f"what {self.model} costs is not known: no file of prices has it (models.judge.prices)")
        took = "how long it takes is not known: it was not asked before"
        lines.append(f"about {self.seconds:,.0f} s" if self.seconds is not None else took)
        return "\n".join(lines)


class Counting:
    """A model that sends nothing: programs run to their end on made-up answers, and what they ask is counted."""

    def __init__(self, settings: RemoteSettings) -> None:
        self.name = settings.name
        self.usage = Usage()
        self.settings = settings
        # The key is not needed to count, and may not be there yet.
        keyless = msgspec.structs.replace(settings, key="")
        sampled = settings.answers == "votes" or settings.backend in SAMPLED
        self._backend = BACKENDS[settings.backend](keyless, sampled)
        self._cache = Cache(path if (path := cache_path(settings)) and path.exists() else None)
        self._seen = self._cache.seen(f"{settings.url} {settings.model}")
        self._sent: dict[str, Request] = {}
        self._shared: dict[str, int] = {}
        self.questions = 0

    def run(self, programs: Iterable[Program[T]]) -> list[T]:
        """Run the programs one after the other."""
        return [finish(program, self._chosen, self._said) for program in programs]

    def estimate(self) -> Estimate:
        """What all programs so far would cost."""
        served, seconds, characters, tokens = self._seen or ("", None, 0, 0)
        rate = characters / tokens if tokens else _CHARACTERS
        kept = self._cache.find(list(self._sent)) if served else {}
        asked = {key: request for key, request in self._sent.items() if key not in kept}
        prompt = math.ceil(sum(len(request.text) for request in asked.values()) / rate)
        shared = math.floor(sum(self._shared[key] for key in asked) / rate)
        generated = sum(request.most for request in asked.values())
        price = price_of(self.settings.model, self.settings.prices)
        return Estimate(
            model=self.settings.model,
            questions=len(asked),
            kept=len(kept),
            prompt_tokens=prompt,
            shared_tokens=shared,
            generated_tokens=generated,
            usd=price.worst(prompt, generated) if price else None,
            usd_cached=_with_cache(price, prompt, shared, generated) if price else None,
            seconds=len(asked) * seconds / self.settings.concurrency if seconds else None,
            characters_per_token=rate,
            price=price,
        )

    def _chosen(self, ask: Choose) -> Choice:
        about = ask.about or [""] * len(ask.conversations)
        votes: list[int | None] = list(range(self.settings.votes)) if self._backend.sampled else [None]
        for place, vote in enumerate(votes):
            for number, request in enumerate(self._backend.choose(ask, about, vote)):
                self._count(request, request.stem if number or place else 0)
        row = (math.log(1 / len(ask.options)),) * len(ask.options)
        return Choice((row,) * len(ask.conversations))

    def _said(self, ask: Generate) -> Completion:
        self._count(self._backend.generate(ask), 0)
        return Completion("x" * round(ask.max_tokens * _CHARACTERS), ask.max_tokens, "length")

    def _count(self, request: Request, shared: int) -> None:
        key = request.key(self._seen[0] if self._seen else "")
        if key not in self._sent:
            self._sent[key] = request
            self._shared[key] = shared


def _with_cache(price: Price, prompt: int, shared: int, generated: int) -> float:
    read = price.prompt if price.cached is None else price.cached
    return ((prompt - shared) * price.prompt + shared * read + generated * price.generated) / 1e6
