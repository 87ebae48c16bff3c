"""Names in Han and Hangul against names in Latin: each character is a syllable, and a syllable is the same or is not.

A letter more or less makes another person (``Zhang``, ``Zheng``), so nothing is forgiven in pinyin. Hangul is written
in Latin after several systems (Revised, McCune-Reischauer, the North's, family habits): ``korean`` is what they share.
"""

import re
from functools import lru_cache

_STEPS = (
    (r"^(?:rh?|l)(?=i|e[aei]?$|y)", ""), (r"^n(?=y|i)", ""), (r"^(?:kk?|gg?)", "k"), (r"^(?:tt?|dd?)", "t"),
    (r"^(?:pp?|bb?)", "p"), (r"^(?:ch|jj?|ts)", "c"), (r"^s[hs]", "s"), (r"^(?:r|l)", "l"),
    (r"yi$|yi(?=[mn])|ee|eui|ui|ie$", "i"), (r"y(?:eo|ou|oo|o|u)", "yo"), (r"w(?:eo|o)|uo", "wo"),
    (r"oe|oi|wi|we", "we"), (r"ae|ai|ay$", "e"), (r"eo|eu|oo|ou|u", "o"), (r"ar?k$|ag$", "ak"), (r"g$(?<!ng)", "k"),
    (r"b$", "p"), (r"[rl]$", "l"), (r"[td]$", "t"),
)  # fmt: skip
_RULES = tuple((re.compile(spelling), key) for spelling, key in _STEPS)


@lru_cache(maxsize=1 << 14)
def korean(syllable: str) -> str:
    """A key that romanisations of one Korean syllable mostly share: ``choe`` and ``choi``, ``ri`` and ``yi``."""
    for spelling, key in _RULES:
        syllable = spelling.sub(key, syllable)
    return syllable or "i"


def hangul(characters: tuple[str, ...]) -> bool:
    """Whether they are Hangul rather than Han."""
    return any("\uac00" <= character <= "\ud7af" for character in characters)
