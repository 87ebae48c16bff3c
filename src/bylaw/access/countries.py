"""Countries by code or name, former ones too. Data: countries.tsv (ISO 3166-1 and -3, UN terms, CLDR; PDDL source).

A former country stays itself (``su``) and agrees with each of its successors: somebody born in the Soviet Union may
be Russian or Estonian.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
from anyascii import anyascii

from bylaw.errors import UsageError


class Country(msgspec.Struct, frozen=True):
    """``successors`` is empty for a country that exists."""

    code: str
    name: str
    successors: tuple[str, ...] = ()


_FORMER_FTM = {"suhh": "su", "yucs": "yu", "csxx": "cs", "ddde": "dd", "zrcd": "zr", "bumm": "bu", "anhh": "an"}
_ABSENT = {"", "na", "n/a", "none", "unknown", "undetermined", "stateless"}


def country_of(text: str) -> Country:
    """The country a person means. Raises ``UsageError`` for a code or name that is none."""
    found = find(text)
    if found is None:
        raise UsageError(f"unknown country: {text!r}; give an ISO 3166 code such as 'ir' or an English name")
    return found


@lru_cache(maxsize=1 << 14)
def find(text: str) -> Country | None:
    """The country of a code (two or three letters) or an English name; None if there is none."""
    key = _key(text)
    return _table().get(_FORMER_FTM.get(key, key))


def split_countries(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(codes, texts that are no country), each once and in order; words for "not known" are neither."""
    codes: dict[str, None] = {}
    unread: dict[str, None] = {}
    for text in texts:
        country = find(text)
        if country:
            codes[country.code] = None
        elif _key(text) not in _ABSENT:
            unread[text] = None
    return tuple(codes), tuple(unread)


@lru_cache(maxsize=1 << 14)
def same(first: str, second: str) -> bool:
    """Whether two codes may mean one nationality: equal, or one is a successor of the other."""
    table = _table()
    return (
        first == second
        or (first in table and second in table[first].successors)
        or (second in table and first in table[second].successors)
    )


@cache
def _table() -> dict[str, Country]:
    table: dict[str, Country] = {}
    lines = files(__package__).joinpath("countries.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        code, alpha3, successors, names = line.split("\t")
        country = Country(code, names.split("|")[0], tuple(successors.split()))
        for word in (code, alpha3, *names.split("|")):
            table.setdefault(_key(word), country)
    table.pop("", None)
    return table


def _key(text: str) -> str:
    """Lower-case ASCII letters in words; "the", brackets and punctuation fall away."""
    plain = re.sub(r"[^a-z0-9]+", " ", anyascii(text).lower().replace("&", " and ")).strip()
    return re.sub(r"\bthe\b ?", "", plain).strip()
