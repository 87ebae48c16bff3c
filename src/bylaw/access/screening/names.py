"""A name taken apart: the words that tell it from others, their sounds, and what it is dressed with.

Persons lose titles and particles; Arabic compounds become one word however they are split (compounds.py).
Organizations lose their form (Ltd, OOO, Aktiengesellschaft), which is kept aside, and words such as "the" (forms.py).
Most names are plain letters and take a short way; the rest of the work is for those that are not.
"""

import re
from functools import lru_cache, partial
from typing import NamedTuple

from bylaw.access.screening.abjad import compounds
from bylaw.access.screening.compounds import compounded
from bylaw.access.screening.fold import ABJAD, LATIN, east, fold, script_of, undisguised
from bylaw.access.screening.foreign import familiar, translated
from bylaw.access.screening.forms import NONE, unformed
from bylaw.access.screening.sounds import sound
from bylaw.access.screening.words import PARTICLES, SON_OF, TITLES


class Parts(NamedTuple):
    """A parsed name. ``lines`` are (child, father); ``east`` are its characters, ``script`` one of fold.py's."""

    words: tuple[str, ...]
    forms: frozenset[str]
    lines: frozenset[tuple[str, str]]
    east: tuple[str, ...]
    script: int
    person: bool


_parts = partial(tuple.__new__, Parts)
"""``Parts`` of a tuple, without the checks of arguments that are half of what making one costs."""
_NO_LINES: frozenset[tuple[str, str]] = frozenset()
_DRESS = TITLES | PARTICLES
_SPLIT = re.compile(r"[0-9]*[A-Z][A-Z0-9]*|[a-z0-9]+")
_MARKS = b""".,;:!?"()[]{}<>/\\|_*+=~^#-&%"""
_CAPITAL = bytes.maketrans(_MARKS, b" " * len(_MARKS))
_SMALL = _CAPITAL.lower()
"""Bytes of an ASCII text with marks between words as spaces, and then in small letters."""
_LETTERS = re.compile(r"\b(?:[A-Za-z][./]){1,}[A-Za-z]\b\.?")
"""Initials with dots or slashes: L.P., A/S."""
_SHORTENED = re.compile(r"\(([A-Z]{2,6})\)$")
_DOTTED = re.compile(r"[./][A-Za-z]")


def parse(text: str, person: bool) -> Parts:
    """The parts of a name; a person's or an organization's way. A text without letters or digits has no words."""
    if not text.isascii():
        return _foreign(text, person)
    if person:
        return _person(_person_words(text), (), LATIN)
    words, forms = unformed(_other_words(text))
    return _parts((words, forms, _NO_LINES, (), LATIN, False))


@lru_cache(maxsize=1 << 15)
def remembered(text: str, person: bool) -> Parts:
    """The same, kept for the next time: who is asked for once is mostly asked for again."""
    return parse(text, person)


def _foreign(text: str, person: bool) -> Parts:
    characters = east(text)
    if characters and not person:
        text = translated(text)
        characters = east(text)
    folded = fold(text)
    script = script_of(text, folded)
    words = _person_words(folded, script) if person else _other_words(folded, script)
    if script == ABJAD:
        words = compounds(words)
    if script != LATIN:
        words = familiar(words, script, person)
    if person and characters:  # a syllable is no particle
        return _parts((tuple(words), NONE, _NO_LINES, characters, script, True))
    if person:
        return _person(words, characters, script)
    kept, forms = unformed(words)
    return Parts(kept, forms, _NO_LINES, characters, script, False)


def _person(words: list[str], characters: tuple[str, ...], script: int) -> Parts:
    if _DRESS.isdisjoint(words):
        return _parts((tuple(words), NONE, _NO_LINES, characters, script, True))
    lines = _NO_LINES if SON_OF.isdisjoint(words) else _lines(words)
    return _parts((_undressed(words), NONE, lines, characters, script, True))


def _person_words(text: str, script: int = LATIN) -> list[str]:
    if "," in text:
        last, _, first = text.partition(",")
        text = f"{first} {last}"
    plain = _plain(text, script)
    words = _split(plain)
    if "binal" in plain:  # Binalshibh
        words = [word[5:] if word[:5] == "binal" and len(word) > 8 else word for word in words]
    if "abd" in plain or "din" in plain or "dee" in plain or "dyn" in plain:
        return compounded(words)
    return words


def _plain(text: str, script: int) -> str:
    """ASCII with spaces for all marks, in small letters; Arabic and Hebrew ones stay capitals."""
    return text.encode().translate(_CAPITAL if script == ABJAD else _SMALL, b"'`").decode()


def _split(plain: str) -> list[str]:
    """Words: runs of letters and digits, capitals apart; a digit that stands for a letter inside a word is one."""
    words = plain.split()
    joined = "".join(words)
    if joined.isalpha() and joined.islower():
        return words
    words = undisguised(plain).split()
    joined = "".join(words)
    return words if joined.isalnum() and joined.lower() == joined else _SPLIT.findall(" ".join(words))


def _undressed(words: list[str]) -> tuple[str, ...]:
    """Without titles and particles, as long as two words are left, or all that there were."""
    bare = [word for word in words if word not in _DRESS]
    if len(bare) < 2 and len(words) > len(bare):
        bare = [word for word in words if word not in TITLES] or words
        bare = bare if len(bare) < 3 else [word for word in bare if word not in SON_OF]
    return tuple(bare)


def _lines(words: list[str]) -> frozenset[tuple[str, str]]:
    """(child, father) around every "bin" and its like."""
    return frozenset(
        (sound(words[at - 1]), sound(words[at + 1]))
        for at in range(1, len(words) - 1)
        if words[at] in SON_OF and words[at - 1] not in PARTICLES and words[at + 1] not in PARTICLES
    )


def _other_words(text: str, script: int = LATIN) -> list[str]:
    if text[-1:] == ")" and (found := _SHORTENED.search(text)):
        text = _without(text[: found.start()], found[1])
    if ("." in text or "/" in text) and _DOTTED.search(text):
        text = _LETTERS.sub(lambda found: found[0].replace(".", "").replace("/", "") + " ", text)
    if "&" in text or "%" in text:
        text = text.replace("&", " and ").replace("%", " percent")
    return _split(_plain(text, script))


def _without(name: str, short: str) -> str:
    """A name without the abbreviation behind it, if that is made of its words' first letters: it says nothing more."""
    initials = iter([word[0] for word in re.split(r"[\W_]+", name.upper()) if word])
    made = all(letter in initials for letter in short)
    return name if made else f"{name} ({short})"
