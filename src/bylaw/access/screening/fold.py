"""One spelling for what looks or sounds the same: Unicode forms, invisible characters, homoglyphs, scripts.

Everything becomes lower-case ASCII, by anyascii's transliteration; but letters that are written without their vowels
become capitals (abjad.py), since what they sound like is not known. A word that mixes Latin with Cyrillic or Greek
look-alikes is read as Latin (UTS 39 calls it mixed-script confusable); a word of one script is transliterated.
"""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from bylaw.access.screening.abjad import lettered, written

LATIN, ALPHABET, ABJAD = 0, 1, 2
"""Scripts: nothing to bridge; letters of another alphabet with other sounds; letters without vowels."""

_ALPHABETS = re.compile(r"[\u0370-\u058f\u10a0-\u10ff]")
"""Greek, Cyrillic, Armenian, Georgian."""

_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХЗЬабвеѕіјкмнорстухһԁԛԝӏᴀΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχγ",
    "ABESIJKMHOPCTYX3babbesijkmhopctyxhdqwlaABEZHIKMNOPTYXaikvoptuxy",
)
_LEET = str.maketrans("013457@$9", "oieastasg")
_MARKS = str.maketrans(dict.fromkeys("’‘ʼʻ´ʿʾ", "'"))
_DIGRAPHS = {
    "ντσ": "nts", "ντζ": "nj", "μπ": "b", "ντ": "d", "γκ": "g", "τζ": "j", "ου": "u", "χ": "h", "αυ": "av", "ευ": "ev",
}  # fmt: skip
_GREEK = re.compile("|".join(_DIGRAPHS), re.IGNORECASE)
"""Greek letters that together stand for a sound of their own."""
_YO = re.compile(r"\bё", re.IGNORECASE)
"""The Russian letter that begins *Yo*; within a word it is as often *e*."""
_WORD = re.compile(r"\S+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LOOKING = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_DIGIT_INSIDE = re.compile(r"(?<=[a-z])[013457@$9](?=[a-z])")
_EAST = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
"""Han and Hangul: one character is one syllable of a name."""
_ARTICLE = re.compile(r"\b\u0627\u0644(?:[- ]|(?=\w{3})|(?!\u0644\u0647)(?=\w\w\b))")
"""The Arabic article, written together with its word; not the first letters of the name of God."""


def fold(text: str) -> str:
    """Lower-case ASCII, capitals for Arabic and Hebrew letters; whatever is between words stays between them."""
    return undisguised(text.lower()) if text.isascii() else " ".join(map(_fold, text.split()))


def undisguised(folded: str) -> str:
    """Lower-case ASCII with the digits and signs that stand for a letter inside a word as that letter."""
    return _DIGIT_INSIDE.sub(_letter, folded)


@lru_cache(maxsize=1 << 17)
def _fold(text: str) -> str:
    """A word; names are made of the same ones again and again."""
    if text.isascii():
        return fold(text)
    if max(text) < "\u0250":
        return fold(anyascii(visible(unicodedata.normalize("NFKC", text)).translate(_MARKS)))
    plain = visible(unicodedata.normalize("NFKC", text))
    plain = _WORD.sub(lambda word: _unmixed(word[0]), plain)
    plain = _GREEK.sub(lambda pair: _DIGRAPHS[pair[0].lower().replace("ς", "σ")], plain)
    plain = _ARTICLE.sub("", _YO.sub("йо", plain))
    if east(plain):
        plain = _EAST.sub(lambda character: f" {anyascii(character[0])} ", plain)
    pieces = written(plain)
    pieces[::2] = [_DIGIT_INSIDE.sub(_letter, anyascii(piece.translate(_MARKS)).lower()) for piece in pieces[::2]]
    pieces[1::2] = map(lettered, pieces[1::2])
    return "".join(pieces)


def visible(text: str) -> str:
    """Without zero-width and direction characters, control characters and accents; white space becomes a space."""
    return text.translate(_VISIBLE)


class _Visible(dict[int, str | None]):
    """What each character is shown as, worked out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        category = unicodedata.category(character)
        if character.isspace():
            self[code] = " "
        elif category in ("Cf", "Cc") or (category == "Mn" and not 0x0900 <= code <= 0x0EFF):
            self[code] = None  # marks that are vowels (Indic, Thai) stay
        else:
            self[code] = character
        return self[code]


_VISIBLE = _Visible()


def east(text: str) -> tuple[str, ...]:
    """The Han and Hangul characters of a text, in order."""
    return tuple(_EAST.findall(text))


def script_of(text: str, folded: str) -> int:
    """How a name's sounds reach Latin, from the name and what it folds to."""
    if folded != folded.lower():
        return ABJAD
    return ALPHABET if _ALPHABETS.search(text) else LATIN


def _unmixed(word: str) -> str:
    return word.translate(_LOOKALIKES) if _LATIN.search(word) and _LOOKING.search(word) else word


def _letter(found: re.Match[str]) -> str:
    return found[0].translate(_LEET)
