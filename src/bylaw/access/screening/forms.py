"""What a company's name is dressed with: its legal form, words of no weight, numbers and abbreviations spelled out."""

from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from bylaw.access.screening.slips import shortened
from bylaw.access.screening.words import FILLERS, FORMS, NUMBERS, SPELLINGS, TENS

LONG = 7
"""Letters from which on a word that has another spelling is known with one slip of the pen."""

NONE: frozenset[str] = frozenset()
"""The forms of a name without any."""

_PHRASES = sorted((tuple(form.split()) for form in FORMS if " " in form), key=len, reverse=True)
_TELLING = frozenset(word for phrase in _PHRASES for word in phrase if len(word) > 3) - {
    *FORMS, "capital", "closed", "open", "public"
}  # fmt: skip
"""Words of a form in several words that are seldom met outside one: where one is left over, another was misspelt."""


class _Known(NamedTuple):
    """What a word may be: the begin of forms in several words, a form, a filler, another spelling of a word."""

    phrases: tuple[tuple[str, ...], ...]
    form: str
    filler: bool
    written: str


_KNOWN = {
    word: _Known(
        tuple(phrase for phrase in _PHRASES if phrase[0] == word),
        FORMS.get(word, ""),
        word in FILLERS,
        SPELLINGS.get(word, word),
    )
    for word in {*SPELLINGS, *FILLERS, *NUMBERS, *TENS, *_TELLING, *(form.split()[0] for form in FORMS)}
}
_SPECIAL, _COUNTS = frozenset(_KNOWN), frozenset((*NUMBERS, *TENS))


def unformed(words: list[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """(words without the company's forms and fillers, the forms)."""
    if _SPECIAL.isdisjoint(words):
        return tuple(words), NONE
    if "cv" in words:
        words = _with_variable_capital(words)
    bare, forms, fillers = _split(words)
    if not _TELLING.isdisjoint(bare):
        bare, forms, fillers = _split(_mended(words))
    kept = bare or fillers or words
    if not _COUNTS.isdisjoint(kept):
        kept = _counted(kept)
    return tuple(kept), frozenset(forms) if forms else NONE


def _split(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """(words that tell, canonical forms, fillers)."""
    bare: list[str] = []
    forms: list[str] = []
    fillers: list[str] = []
    skipped = 0
    for at, word in enumerate(words):
        if skipped:
            skipped -= 1
            continue
        known = _KNOWN.get(word)
        if known is None:
            bare.append(_respelled(word) if len(word) >= LONG else word)
            continue
        phrases, form, filler, written = known
        for phrase in phrases:
            if tuple(words[at : at + len(phrase)]) == phrase:
                skipped, form = len(phrase) - 1, FORMS[" ".join(phrase)]
                break
        if form:
            forms.append(form)
        else:
            (fillers if filler else bare).append(written)
    return bare, forms, fillers


@lru_cache(maxsize=1 << 16)
def _respelled(word: str) -> str:
    return next((_SLIPS[cut] for cut in sorted(shortened(word)) if cut in _SLIPS), word)


_SLIPS = {cut: right for spelling, right in SPELLINGS.items() if len(spelling) >= LONG for cut in shortened(spelling)}


def _mended(words: list[str]) -> list[str]:
    """Words with a form of several words in its right spelling, where one of its words has one slip."""
    for phrase in _PHRASES:
        size = len(phrase)
        for at in range(len(words) - size + 1):
            window = words[at : at + size]
            wrong = [pair for pair in zip(window, phrase, strict=True) if pair[0] != pair[1]]
            if len(wrong) == 1 and len(wrong[0][1]) > 3 and OSA.distance(*wrong[0], score_cutoff=1) == 1:
                return [*words[:at], *phrase, *words[at + size :]]
    return words


def _with_variable_capital(words: list[str]) -> list[str]:
    """``S.A. DE C.V.`` and ``S. DE R.L. DE C.V.`` as one word, with a slip in a small word, or the last put first."""
    kind = next((kind for kind in ("sa", "rl") if kind in words), "")
    if not kind:
        return words
    at, last = words.index(kind), words.index("cv")
    first = at - 2 if kind == "rl" and at > 1 and len(words[at - 1]) < 4 else at
    if at < last < at + 3:
        return [*words[:first], _VARIABLE[kind], *words[last + 1 :]]
    return [*words[1:first], _VARIABLE[kind]] if last == 0 and at >= len(words) - 2 else words


_VARIABLE = {"sa": "sadecv", "rl": "srl"}


def _counted(words: list[str]) -> list[str]:
    """Number words as digits: ``forty four`` becomes ``44``."""
    out: list[str] = []
    for word in words:
        if word in NUMBERS and out and out[-1] in TENS:
            out[-1] = str(TENS[out[-1]] + int(NUMBERS[word]))
        else:
            out.append(NUMBERS.get(word, word))
    return [str(TENS[word]) if word in TENS else word for word in out]
