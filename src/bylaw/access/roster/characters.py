"""Characters that make two texts look alike, or a text look like another: zero-width, bidirectional, mixed scripts.

An id with any of them is refused, since two subjects would look like one. A name may have them (people's names do); it
is kept as it is, and told. Scripts are read off Unicode's character names, look-alikes off a list (after UTS 39).
"""

import re
import unicodedata
from functools import lru_cache

_LOOKALIKES = set(
    "АВЕЅІЈКМНОРСТУХЗЬаевеѕіјкмнорстухһԁԛԝӏᴀ"  # Cyrillic
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχγ"  # Greek
    "ՕՍՏօսոզ"  # Armenian
)
_DISGUISED = set("ıɑɡɩʀɴʟ\ufffd") | {chr(code) for code in range(0x2010, 0x2016)} | {"\u2212", "\u2e3a", "\ufe58"}
"""Letters and dashes that are taken for others and are no other form of them, and what stands for one that was lost."""
_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_MARKS = {"\u200e", "\u200f", "\u061c"}
_EAST = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"}
_WORD = re.compile(r"\w+")
LONGEST = 200
"""Characters of an id."""


def id_fault(text: str) -> str:
    """What is wrong with an id; empty: nothing."""
    if text.isascii() and text.isprintable() and " " not in text and 0 < len(text) <= LONGEST and text[0] != "-":
        return ""
    return _id_fault(text)


@lru_cache(maxsize=1 << 16)
def oddities(text: str) -> tuple[str, ...]:
    """What there is to tell of a name."""
    if text.isascii() and text.isprintable():
        return ()
    found = (_control(text), _hidden(text), _mixed(text), _lookalike(text), _composed(text))
    return tuple(filter(None, found))


def unseen(text: str) -> str:
    """What in a text a reader would not see, or not as it stands: line breaks, controls, zero-width characters, such as
    turn the direction of writing; empty: nothing.
    """
    return "" if text.isprintable() else _control(text) or _hidden(text)


def controls(text: str) -> bool:
    """Whether a text holds control characters, line breaks too, or such as mean nothing."""
    return not text.isprintable() and any(unicodedata.category(one) in ("Cc", "Cs", "Co", "Cn") for one in text)


def _id_fault(text: str) -> str:
    if not text:
        return "there is no id"
    if len(text) > LONGEST:
        return f"an id has {LONGEST} characters at most, and this one {len(text)}"
    if any(character.isspace() for character in text):
        return "an id has no white space in it"
    if text.startswith("-"):
        return "an id does not begin with '-', as an option does"
    return next((f"{odd}; an id may not" for odd in (*oddities(text), _disguised(text)) if odd), "")


def _control(text: str) -> str:
    return "it has a line break or control characters in it" if controls(text) else ""


def _hidden(text: str) -> str:
    """Characters that are not seen."""
    for character in text:
        name = f"U+{ord(character):04X} {unicodedata.name(character, '').lower()}".strip()
        if unicodedata.bidirectional(character) in _BIDI or character in _MARKS:
            return f"it turns the direction of writing ({name})"
        if unicodedata.category(character) in ("Cf", "Zl", "Zp"):
            return f"it has a character that is not seen ({name})"
    return ""


def _mixed(text: str) -> str:
    """A word of letters from several scripts."""
    for word in _WORD.findall(text):
        scripts = sorted({_script(character) for character in word if character.isalpha()} - {""})
        if len(scripts) > 1:
            return f"it mixes {' and '.join(scripts)} in one word ({word})"
    return ""


def _lookalike(text: str) -> str:
    """A word of another script, every letter of which looks Latin."""
    for word in _WORD.findall(text):
        letters = [character for character in word if character.isalpha()]
        if letters and all(character in _LOOKALIKES for character in letters):
            return f"it looks Latin and is {_script(letters[0])} ({word})"
    return ""


def _disguised(text: str) -> str:
    """Characters that stand for others: full-width, bold, ligatures, dashes that are no hyphen."""
    plain = unicodedata.normalize("NFKC", text)
    if plain != unicodedata.normalize("NFC", text):
        return f"it would be read as {plain!r}"
    odd = next((character for character in text if character in _DISGUISED), "")
    return f"it has a character that is taken for another (U+{ord(odd):04X})" if odd else ""


def _composed(text: str) -> str:
    if unicodedata.is_normalized("NFC", text):
        return ""
    return "it is written with characters that Unicode writes another way (not NFC)"


@lru_cache(maxsize=1 << 14)
def _script(character: str) -> str:
    """The script of a letter, as Unicode's name for it begins; Han, kana and Hangul are written together."""
    name = unicodedata.name(character, "")
    first = re.split(r"[ -]", name)[0]
    if first in _EAST or name.startswith(("FULLWIDTH", "HALFWIDTH")):
        return "Han, kana or Hangul" if first in _EAST else "full-width Latin"
    if first == "MODIFIER" or unicodedata.category(character) == "Lm":
        return ""
    return first.capitalize()
