"""How to bring what would settle an unknown: texts from ``bring.toml``."""

from functools import cache
from pathlib import Path

import msgspec

from bylaw.settings import load

FILE = Path(__file__).with_name("bring.toml")


class _Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bring: dict[str, str]


@cache
def texts() -> dict[str, str]:
    """Text by the name of a fact, or of what is missing about one; ``{detail}`` in it is a list or a directive."""
    return load(_Texts, FILE).bring


def bring(why: str, detail: str = "") -> str:
    """How to bring it."""
    return texts()[why].replace("{detail}", detail)
