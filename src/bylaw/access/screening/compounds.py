"""Names of Arabic origin that are written as one word or as several: servant of God, light of the faith.

However they are split, they become one word: ``abd`` and whom one serves; what the faith is given, and ``din``.
"""

import re
from functools import lru_cache

from bylaw.access.screening.slips import shortened
from bylaw.access.screening.words import SON_OF, words_of

SERVANTS = words_of(
    "abd abdu abdul abdel abdal abdol abdoul abdil abdur abder abdar abdor abdus abdes abdas abdud abded"
)
_ARTICLES = words_of("al el ul ur ar as us ol er es ad an ra il ud ed at ut et a e u i")
_GOD = frozenset(("allah", "ullah", "ollah", "alah", "lah", "llah"))
_OF_GOD = re.compile(r"abd[aeou]{0,2}l?a?l{1,2}[aeo](?:k?h)?")
_ATTACHED = re.compile(r"abd(?:[aeou]{1,2}|i)(?:l|r(?=r)|s(?=s))?(\w{3,})")
_LINK = r"(?:(?:al|el|ul|ud|ad|ed|a|e|u|i)[dl]?)?d(?:i|ee|y)ne?"
_OF_FAITH = re.compile(rf"(\w{{2,}}?){_LINK}")
_FAITH = re.compile(_LINK)

PLAIN, SERVANT, FAITH = 0, 1, 2


def compounded(words: list[str]) -> list[str]:
    """Words with each compound as one word."""
    out: list[str] = []
    serving = False
    for each in words:
        role, word = _role(each)
        if serving and word in _ARTICLES:
            continue
        if serving and word not in SON_OF and len(word) > 1:
            out[-1] = "abdlah" if word in _GOD else f"abd{word}"
            serving = False
        elif role == FAITH and any(len(before) > 2 for before in out):
            while len(out) > 1 and out[-1] in _ARTICLES:
                out.pop()
            out[-1] += "din"
        else:
            out.append(word)
            serving = role == SERVANT
    return out


@lru_cache(maxsize=1 << 16)
def _role(word: str) -> tuple[int, str]:
    """(whether a word is one half of a compound, the word; a whole compound in its one spelling)."""
    if word[:3] == "abd":
        if word in SERVANTS:
            return SERVANT, word
        if _OF_GOD.fullmatch(word):
            return PLAIN, "abdlah"
        if found := _ATTACHED.fullmatch(word):
            word = f"abd{found[1]}"
    if _FAITH.fullmatch(word):
        return FAITH, "din"
    found = _OF_FAITH.fullmatch(word)
    return PLAIN, f"{found[1]}din" if found else word


@lru_cache(maxsize=1 << 16)
def nearly_servant(word: str) -> bool:
    """Whether a word is a spelling of *Abdul* with one slip of the pen, or a true one."""
    return word in SERVANTS or (3 <= len(word) <= 7 and not _SLIPPED.isdisjoint(shortened(word)))


_SLIPPED = frozenset(
    slip for right in ("abdul", "abdel", "abdal", "abdol", "abdur", "abder") for slip in shortened(right)
)
