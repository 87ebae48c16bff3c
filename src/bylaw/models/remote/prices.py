"""What tokens cost: a data file with dates and sources, and the user's own beside it, which is read first."""

import math
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from bylaw.errors import SettingsError
from bylaw.models.remote.asked import Reply

_SHIPPED = Path(__file__).with_name("prices.toml")


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars for a million tokens. ``model`` is a name or a pattern (``gpt-4.1-mini*``).

    ``cached``: prompt tokens read from the server's prefix cache; ``written``: those put there (Anthropic charges more
    for them). Without them they cost as ``prompt``. ``as_of`` is the day the ``source`` said so.
    """

    model: str
    prompt: float
    generated: float
    cached: float | None = None
    written: float | None = None
    as_of: str
    source: str

    def __post_init__(self) -> None:
        said = [one for one in (self.prompt, self.generated, self.cached, self.written) if one is not None]
        if not all(math.isfinite(one) and one >= 0 for one in said):
            raise ValueError(f"what {self.model} costs must be numbers from 0")

    def of(self, reply: Reply) -> float:
        """What one answer cost, in US dollars."""
        plain = reply.prompt_tokens - reply.cached_tokens - reply.written_tokens
        read = self.prompt if self.cached is None else self.cached
        put = self.prompt if self.written is None else self.written
        prompt = plain * self.prompt + reply.cached_tokens * read + reply.written_tokens * put
        return (prompt + reply.generated_tokens * self.generated) / 1e6

    def worst(self, prompt: int, generated: int) -> float:
        """The most that so many tokens can cost."""
        return (prompt * max(self.prompt, self.written or 0.0) + generated * self.generated) / 1e6


class _File(msgspec.Struct, forbid_unknown_fields=True):
    price: list[Price]


def price_of(model: str, own: str = "") -> Price | None:
    """The price of a model, from the file ``own`` first; None where no file knows it."""
    for path in ([Path(own)] if own else []) + [_SHIPPED]:
        for price in _read(path):
            if fnmatchcase(model, price.model):
                return price
    return None


def _read(path: Path) -> list[Price]:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).price
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", str(path)) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise SettingsError(f"is no file of prices: {error}", str(path)) from error
