"""Models behind a server: any judge at the one seam. Nothing here needs torch, or a client until one is opened.

``settings.py`` the table of a run · ``asked.py`` requests, replies, failures · ``wording.py`` asks as a server takes
them, and by which tokens an option is known · ``replies.py`` reading what comes back · ``openai_compatible.py``,
``anthropic_messages.py`` a backend each · ``posting.py`` one call over HTTP · ``calling.py`` what its exceptions mean ·
``limit.py`` how many calls are under way · ``cache.py`` answers on disk · ``prices.py`` with ``prices.toml`` ·
``spending.py`` ledger and budget · ``drift.py`` is it still the same model · ``heard.py`` does it answer the question ·
``caller.py`` one question, however often it takes · ``model.py`` programs · ``estimate.py`` what it will cost, before.
"""

from collections.abc import Callable
from pathlib import Path

from bylaw import storage
from bylaw.errors import UsageError
from bylaw.models.remote.asked import Backend
from bylaw.models.remote.cache import Cache
from bylaw.models.remote.model import RemoteModel
from bylaw.models.remote.prices import price_of
from bylaw.models.remote.settings import RemoteSettings
from bylaw.models.remote.spending import Spending


def _openai_compatible(settings: RemoteSettings, sampled: bool) -> Backend:
    from bylaw.models.remote.openai_compatible import OpenAICompatible

    return OpenAICompatible(settings, sampled)


def _anthropic(settings: RemoteSettings, sampled: bool) -> Backend:
    from bylaw.models.remote.anthropic_messages import AnthropicMessages

    return AnthropicMessages(settings, sampled)


BACKENDS: dict[str, Callable[[RemoteSettings, bool], Backend]] = {
    "openai_compatible": _openai_compatible,
    "anthropic": _anthropic,
}
"""By the name that ``models.judge.backend`` takes: opens the client; the flag says whether votes are sampled."""

SAMPLED = frozenset({"anthropic"})
"""Backends that never give log-probabilities."""


def open_remote(settings: RemoteSettings, ledger: Path | None = None) -> RemoteModel:
    """The model that settings name; what is paid is entered in ``ledger`` (None: nowhere that lasts).

    Raises ``UsageError`` for a backend that is none, a key that is not there, and a budget in dollars without a price.
    """
    if settings.backend not in BACKENDS:
        raise UsageError(f"models.judge.backend is {settings.backend!r}; there are {', '.join(BACKENDS)}")
    price = price_of(settings.model, settings.prices)
    if settings.budget_usd and price is None:
        raise UsageError(
            f"models.judge.budget_usd cannot be kept: no price is known for {settings.model!r}. Name a file of prices "
            "(models.judge.prices), or give the budget in tokens (models.judge.budget_tokens)"
        )
    sampled = settings.answers == "votes" or settings.backend in SAMPLED
    backend = BACKENDS[settings.backend](settings, sampled)
    spending = Spending(ledger, price, settings.budget_tokens, settings.budget_usd)
    return RemoteModel(settings, backend, Cache(cache_path(settings)), spending)


def cache_path(settings: RemoteSettings) -> Path | None:
    """The file of answers: as named, the user's own, or none."""
    if settings.cache == "off":
        return None
    if settings.cache:
        return Path(settings.cache).expanduser()
    return storage.cache_home() / "answers.db"


__all__ = ["BACKENDS", "SAMPLED", "RemoteModel", "cache_path", "open_remote"]
