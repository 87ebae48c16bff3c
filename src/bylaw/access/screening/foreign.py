"""What a word in another script is of the words one knows: by its sound, or by what it means.

A clerk writes an English word of a name as it sounds ("trading" in Arabic letters) or says it in his own language.
Titles, particles, company forms and words of no weight are known either way; generic words (bank, trading) are
translated, and the words a translation may stand for are kin: they agree across scripts.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import inf

from rapidfuzz.distance import OSA

from bylaw.access.screening.abjad import difference, skeleton
from bylaw.access.screening.fold import ABJAD, ALPHABET, fold
from bylaw.access.screening.generic import ROWS
from bylaw.access.screening.sounds import rough, soft
from bylaw.access.screening.words import FILLERS, FORMS, NUMBERS, PARTICLES, SON_OF, SPELLINGS, TITLES

_LEAST = 4
"""Letters of a stem, and of a word that is known by its sound, at least: shorter ones begin words of every kind."""

_SHORT = frozenset(("the", "of", "and", "for", "one", "two", "llc", "int", "org"))
"""Shorter words that are known by their sound all the same."""

_MISHEARD = {"kv": "cv", "sk": "sc", "tvo": "two", "S": "s", "Z": "z", "KF": "cv", "SA": "sa", "RL": "rl"}
"""Short words whose letters sound otherwise in another script."""

_HEARD = frozenset(("VY", "AWF", "AND", "FWR", "TWW"))
"""*The*, *of*, *and*, *for*, *two* in Arabic letters: shorter than what else is known by its sound."""

_LINKED = ("WALL", "WLL", "WAL", "LL", "BAL", "W")
"""What Arabic writes together with a word: and, in, for, each with the article."""


class _Vocabulary:
    """Words found by their sound in another script.

    ``spelt`` is by how many letters a word without vowels may differ from what it is taken to sound like, for each
    four letters beyond the first four.
    """

    def __init__(self, words: Iterable[str], spelt: float) -> None:
        self._rough: dict[str, str] = {}
        self._bones: dict[str, list[str]] = {}
        self._words, self._spelt = frozenset(words), spelt
        for word in sorted(self._words, key=lambda word: (-len(word), word)):
            if word.isupper() or (len(word) < _LEAST and word not in _SHORT):
                continue
            self._rough[rough(word)] = word
            for bones in {skeleton(word), skeleton(soft(word))} if spelt or len(word) > _LEAST else ():
                self._bones.setdefault(bones, []).append(word)

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def sounding(self, word: str, script: int) -> str | None:
        """The word that one in another script sounds like."""
        if word in self._words:
            return word
        if script != ABJAD:
            heard = rough(word)
            found = _MISHEARD.get(word) or self._rough.get(heard)
            return found if found and (len(heard) > 2 or OSA.distance(word, found) < _LEAST - 1) else None
        if len(word) < _LEAST and word not in _HEARD:
            return _MISHEARD.get(word)
        bones = skeleton(word)
        near = [(difference(word, each, 2), abs(len(word) - len(each)), each) for each in self._bones.get(bones, ())]
        cost, _, nearest = min(near, default=(inf, 0, ""))
        return nearest if cost <= self._spelt * max(0, len(word) // _LEAST - 1) else None


class _Lexicon:
    """Translations: whole words, and stems that take any ending."""

    def __init__(self, rows: str) -> None:
        self.kin: dict[str, str] = {}
        self.kindred: dict[str, tuple[str, ...]] = {}
        self.formal: dict[str, tuple[str, ...]] = {}
        self.han: dict[str, str] = {}
        self._whole: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        for row in rows.strip().replace("\n ", " ").splitlines():
            self._add(*(cell.strip() for cell in f"{row} ||||".split("|")[:5]))
        self._longest = max(map(len, self._stems))

    def _add(self, latin: str, *others: str) -> None:
        kin, known, _ = latin.partition("=")
        meaning = kin.strip() if known else kin.split()[0]
        if not known:
            self.kin |= dict.fromkeys(kin.split(), meaning)
            self.kindred[meaning] = tuple(kin.split())
        for word in " ".join(others[:3]).split():
            folded = fold(word.removesuffix("-")).replace("'", "")
            if known:
                self.formal.setdefault(folded, tuple(meaning.split()))
            else:
                (self._stems if word.endswith("-") else self._whole).setdefault(folded, meaning)
        self.han |= dict.fromkeys(others[3].split(), meaning)

    def meaning(self, word: str, script: int) -> str | None:
        """What a folded word says in English, which may be several words."""
        if script == ABJAD:
            linked = [word[len(link) :] for link in ("", *_LINKED) if word.startswith(link)]
            return next(filter(None, map(self._arabic, linked)), None)
        found = self._whole.get(word)
        sizes = range(min(len(word), self._longest), _LEAST - 1, -1)
        return found or next((self._stems[word[:size]] for size in sizes if word[:size] in self._stems), None)

    def _arabic(self, word: str) -> str | None:
        """With or without the ending of an adjective."""
        bare = word[:-1] if word[-1:] in "HY" and len(word) > _LEAST else word
        return next(filter(None, map(self._whole.get, (word, bare, word.removeprefix("AL")))), None)


_LEXICON = _Lexicon(ROWS)


_PHRASES = [word for form in FORMS for word in form.split()]
_NAMESAKES = {"sir", "rev", "hon", "gen", "lt", "e", "y", "i", "a", "monsieur", "ayatollah"}
"""Titles and particles that in other letters sound like names: *Mansur* is no monsieur, *Atul* no ayatollah."""

_PERSONAL = _Vocabulary((TITLES | PARTICLES | SON_OF) - _NAMESAKES, 0)
_COMMON = _Vocabulary((*_PHRASES, *FILLERS, *SPELLINGS, *NUMBERS), 0.5)


def familiar(words: list[str], script: int, person: bool) -> list[str]:
    """Words of a name in another script, with those that one knows in the spelling of words.py."""
    if person:
        return [_titled(word, script) for word in words]
    return [each for word in words for each in _known(word, script)]


@lru_cache(maxsize=1 << 15)
def _titled(word: str, script: int) -> str:
    if script == ABJAD and not word.isupper():
        return word
    return _PERSONAL.sounding(word, script) or word


@lru_cache(maxsize=1 << 15)
def _known(word: str, script: int) -> tuple[str, ...]:
    if script == ABJAD and not word.isupper():
        return (word,)
    formal = _LEXICON.formal.get(word)
    if formal and word not in _COMMON:
        return formal
    found = _COMMON.sounding(word, script)
    return (found or (_unlinked(word) if script == ABJAD else word),)


def _unlinked(word: str) -> str:
    """An Arabic word without "and the" and "for the"; what else may be linked is as often the word's own."""
    bare = (word[len(link) :] for link in _LINKED[:-2] if word.startswith(link) and len(word) > len(link) + 2)
    return next(bare, word)


def translated(text: str) -> str:
    """A text in Han with the words that say what an organization is in English."""
    for han, meaning in _HAN:
        if han in text:
            text = text.replace(han, f" {meaning} ")
    return text


_HAN = sorted(_LEXICON.han.items(), key=lambda pair: -len(pair[0]))


@lru_cache(maxsize=1 << 16)
def meanings(word: str) -> tuple[str, ...]:
    """The generic words that a word of another script, as it is folded, may be a translation of."""
    found = _LEXICON.meaning(word, ABJAD if word.isupper() else ALPHABET)
    return _LEXICON.kindred[found] if found else ()


def kindred(word: str, other: str) -> bool:
    """Whether one of two words may be a translation of the other, or both of a third."""
    kin = _LEXICON.kin
    return other in meanings(word) or word in meanings(other) or (word in kin and kin[word] == kin.get(other))
