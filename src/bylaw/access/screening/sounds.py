"""How a folded word sounds, roughly and across romanisations; and its consonants alone."""

import re
from functools import lru_cache

_STEPS = (
    ("tsch", "C"), ("shch", "s"), ("sch", "s"), ("tch", "C"), ("ch", "C"), ("dzh", "j"), ("zh", "j"), ("dj", "j"),
    ("dsh", "j"),
    ("kh", "h"), ("gh", "g"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("sh", "s"), ("ts", "s"), ("tz", "s"), ("cz", "C"),
    ("ck", "k"), ("x", "ks"), ("q", "k"), ("w", "v"), ("z", "s"),
)  # fmt: skip
_SOFT = re.compile(r"c(?=[eiy])")
_VOWELS = re.compile(r"[aeiouy]+")
_DOUBLE = re.compile(r"([a-zC])\1+")
_INNER_H = re.compile(r"(?<=.)h")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=1 << 18)
def sound(word: str) -> str:
    """A key that spellings of one name mostly share: ``Usama`` and ``Osama``, ``Ladin`` and ``Laden``."""
    for spelling, key in _STEPS:
        if spelling in word:
            word = word.replace(spelling, key)
    if "c" in word:
        word = soft(word).replace("c", "k")
    word = _VOWELS.sub(_vowel, word)
    word = _INNER_H.sub("", word) if "h" in word else word
    return _DOUBLE.sub(r"\1", _VOWELS.sub(_vowel, word))


def soft(word: str) -> str:
    """A word with *s* for each *c* before a bright vowel."""
    return _SOFT.sub("s", word)


def _vowel(found: re.Match[str]) -> str:
    """One letter for a run of vowels: ``u`` for the dark ones, ``i`` for the bright ones, else ``a``."""
    run = found[0]
    if "a" in run:
        return "a"
    return "u" if "u" in run or "o" in run else "i"


def once(word: str) -> str:
    """A word without letters that follow themselves."""
    return _TWICE.sub(r"\1", word)


_ROUGH = tuple(
    (re.compile(spelling), key)
    for spelling, key in (
        ("c(?=[eiy])", "s"), ("sch|sh|tch|ch|ts|tz|dz|zh|dj|cz", "s"), ("[jz]", "s"), ("m[bp]", "b"), ("n[dt]", "d"),
        ("n[gkcq]h?", "g"), ("ck|[cq]", "k"), ("x", "ks"), ("k[vw]", "ku"), ("ph", "f"), ("kh", ""),
        ("gh?|k", "k"), ("h", ""), ("ou|oo|w", "u"), ("ee|ei|oi|y", "i"), ("ai|ae", "e"), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=1 << 17)
def rough(word: str) -> str:
    """What is left of a word's sound in an alphabet with fewer letters: Greek has one for *s*, *sh*, *ch* and *j*, and
    writes *b*, *d*, *g* as *mp*, *nt*, *gk*; Cyrillic has no *w*, *q*, *x*."""
    for spelling, key in _ROUGH:
        word = spelling.sub(key, word)
    return word
