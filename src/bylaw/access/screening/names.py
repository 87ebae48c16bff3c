"""A name taken apart: the words that tell it from others, their sounds, and what it is dressed with.

Persons lose titles and particles; the Arabic compounds with *abd* and *din* become one word however they are split.
Organizations lose their form (Ltd, OOO, Aktiengesellschaft), which is kept aside, and words such as "the".
"""

import re
from functools import lru_cache
from typing import NamedTuple

from bylaw.access.screening.abjad import compounds
from bylaw.access.screening.fold import ABJAD, LATIN, east, fold, script_of
from bylaw.access.screening.sounds import sound
from bylaw.access.screening.words import (
    FILLERS,
    FORMS,
    NUMBERS,
    PARTICLES,
    SON_OF,
    SPELLINGS,
    TENS,
    TITLES,
)


class Parts(NamedTuple):
    """A parsed name. ``lines`` are (child, father); ``east`` are its characters, ``script`` one of fold.py's."""

    words: tuple[str, ...]
    forms: frozenset[str]
    lines: frozenset[tuple[str, str]]
    east: tuple[str, ...]
    script: int
    person: bool


_NO_FORMS: frozenset[str] = frozenset()
_NO_LINES: frozenset[tuple[str, str]] = frozenset()
_DRESS = TITLES | PARTICLES
_SILENT = str.maketrans("", "", "'`")
_SPLIT = re.compile(r"[a-z0-9]+|[A-Z]+")
_ABD = re.compile(
    r"\b(?:abd|abdu|abdul|abdel|abdal|abdol|abdoul|abdil)"
    r"(?: (?:al|el|ul|ur|ar|as|us|ol|er|es|ad|an|ra|il))? (\w{2,})"
)
_ABD_WORD = re.compile(r"\babd(?:[aeou]{1,2}|i)(?:l|r(?=r)|s(?=s))?(\w{3,})")
_ALLAH = re.compile(r"\babd[aeou]{0,2}l? ?a?l{1,2}[aeo]h?\b")
_DIN = re.compile(r"(\w{2,}?)(?:[ ]?(?:al|el|ul|ud|ad|ed|a|e|u|i)[dl]?)? ?d(?:i|ee|y)ne?\b")
_LETTERS = re.compile(r"\b(?:[A-Za-z][./]){1,}[A-Za-z]\b\.?")
"""Initials with dots or slashes: L.P., A/S."""


def parse(text: str, person: bool) -> Parts:
    """The parts of a name; a person's or an organization's way. A text without letters or digits has no words."""
    folded = fold(text)
    if "'" in folded or "`" in folded:
        folded = folded.translate(_SILENT)
    characters, script = ((), LATIN) if text.isascii() else (east(text), script_of(text, folded))
    if not person:
        others = _other_words(folded)
        kept, forms = _unformed(compounds(others) if script == ABJAD else others)
        return Parts(kept, forms, _NO_LINES, characters, script, False)
    if "," in folded:
        last, _, first = folded.partition(",")
        folded = f"{first} {last}"
    words = _person_words(folded)
    if script == ABJAD:
        words = compounds(words)
    lines = _NO_LINES if SON_OF.isdisjoint(words) else _lines(words)
    return Parts(_undressed(words), _NO_FORMS, lines, characters, script, True)


@lru_cache(maxsize=1 << 15)
def remembered(text: str, person: bool) -> Parts:
    """The same, kept for the next time: who is asked for once is mostly asked for again."""
    return parse(text, person)


def _slips(word: str) -> set[str]:
    """A word with one letter left out, exchanged with the next, added or replaced."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    slips = {before + after[1:] for before, after in cuts if after}
    slips |= {before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1}
    slips |= {before + each + after for before, after in cuts for each in letters}
    return slips | {before + each + after[1:] for before, after in cuts if after for each in letters}


_RIGHT = ("abdul", "abdel", "abdal", "abdol", "abdoul")
_ABDUL = frozenset(slip for right in _RIGHT for slip in _slips(right) if not slip.startswith(_RIGHT)) - frozenset(
    ("abul", "abdu", "abde", "abda", "abdo", "ahdal")
)
"""*Abdul* with one slip of the pen: unmended it would fall apart from the name it belongs to."""


@lru_cache(maxsize=1 << 16)
def _mended(word: str) -> str:
    """A word that is or begins with a misspelt *Abdul*, with that mended."""
    if word in _ABDUL:
        return "abdul"
    size = next((size for size in (7, 6, 5, 4) if word[:size] in _ABDUL and len(word) > size + 2), 0)
    return f"abdul{word[size:]}" if size else word


def _person_words(folded: str) -> list[str]:
    if "d" in folded and folded.islower():
        folded = " ".join(map(_mended, _split(folded)))
    if "abd" in folded or "din" in folded or "dee" in folded or "dyn" in folded:
        folded = " ".join(_split(folded))
        folded = _ABD.sub(r"abd\1", _ABD_WORD.sub(r"abd\1", _ALLAH.sub("abdlah", folded)))
        folded = _DIN.sub(r"\1din", folded)
    return _split(folded)


def _split(folded: str) -> list[str]:
    """Words: runs of letters and digits, capitals apart. Most names are plain enough for what is faster."""
    plain = folded.replace("-", " ")
    return plain.split() if plain.replace(" ", "").isalpha() and plain.islower() else _SPLIT.findall(folded)


def _undressed(words: list[str]) -> tuple[str, ...]:
    """Without titles and particles, as long as two words are left, or all that there were."""
    if _DRESS.isdisjoint(words):
        return tuple(words)
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


def _other_words(folded: str) -> list[str]:
    if "." in folded or "/" in folded:
        folded = _LETTERS.sub(lambda found: found[0].replace(".", "").replace("/", "") + " ", folded)
    if "&" in folded or "%" in folded:
        folded = folded.replace("&", " and ").replace("%", " percent")
    return _split(folded)


def _unformed(words: list[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """(words without the company's forms and fillers, the forms)."""
    if _SPECIAL.isdisjoint(words):
        return tuple(words), _NO_FORMS
    forms: list[str] = []
    bare: list[str] = []
    at = 0
    while at < len(words):
        length, form = _form_at(words, at) if words[at] in _SPECIAL else (1, "")
        if form:
            forms.append(form)
        else:
            bare.append(words[at])
        at += length
    kept = [word for word in bare if word not in FILLERS] or bare or words
    if not _WRITTEN.isdisjoint(kept):
        kept = _counted([SPELLINGS.get(word, word) for word in kept])
    return tuple(kept), frozenset(forms) if forms else _NO_FORMS


_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _form in sorted(FORMS, key=len, reverse=True):
    if " " in _form:
        _FIRST.setdefault(_form.split()[0], []).append(tuple(_form.split()))


_WRITTEN = frozenset((*SPELLINGS, *NUMBERS, *TENS))
_SPECIAL = _WRITTEN | FILLERS | FORMS.keys() | _FIRST.keys()
"""Words that an organization's name may lose or have rewritten."""


def _form_at(words: list[str], at: int) -> tuple[int, str]:
    """(how many words, canonical form) of the longest form that begins at a word; (1, "") if none does."""
    for phrase in _FIRST.get(words[at], ()):
        if tuple(words[at : at + len(phrase)]) == phrase:
            return len(phrase), FORMS[" ".join(phrase)]
    return 1, FORMS.get(words[at], "")


def _counted(words: list[str]) -> list[str]:
    """Number words as digits: ``forty four`` becomes ``44``."""
    out: list[str] = []
    for word in words:
        if word in NUMBERS and out and out[-1] in TENS:
            out[-1] = str(TENS[out[-1]] + int(NUMBERS[word]))
        else:
            out.append(NUMBERS.get(word, word))
    return [str(TENS[word]) if word in TENS else word for word in out]
