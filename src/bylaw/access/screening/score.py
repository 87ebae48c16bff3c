"""How alike two names are: words aligned free of order, then ten weights, then one probability.

``FITTED`` is a logistic regression on name-pairs-dev.csv (``bench/access_screening.py --fit``). ``JUDGED`` are for what
those pairs hardly show and a long list meets all the time, names alike by chance: docs/screening.md.
"""

from collections.abc import Callable
from math import exp, inf
from operator import mul
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from bylaw.access.screening.abjad import bare, difference
from bylaw.access.screening.fold import ABJAD
from bylaw.access.screening.names import Parts
from bylaw.access.screening.sounds import rough, sound
from bylaw.access.screening.syllables import hangul, korean

Way = Literal["same", "alike", "initial", "joined"]

THRESHOLD = 0.5
"""Names with this probability or more match: the one threshold for pairs, screens and bulk."""

FAR = 0.67
"""Words that differ in more of their letters than this are two words, not one with errors."""

WHOLE = 0.2
"""Leftover words run together may differ in this share of their letters to count as one (``Good Will``)."""

SOUND = 0.5
"""Edits that a difference in sound adds where the spelling is further apart."""

THIN = 7
"""Letters that must agree before a name in syllables counts in full; half before one counts that lacks words."""

ALPHABET, LETTERS, HAN, HANGUL = 1, 2, 3, 4
"""Ways to compare across scripts: a name is in another alphabet, in letters without vowels, in Han, in Hangul."""

FEW = 8
"""Letters that must agree before a name without vowels counts in full: each tells less than one of Latin."""

UNHEARD = 2.0
"""Edits that a letter counts which differs across scripts: much is forgiven there, so what is not tells more."""

FITTED = (-1.36, -4.31, -7.22, -6.08)
JUDGED = (-2.6, -3.0, -1.0, -1.0, -3.0, -2.0)
WEIGHTS = FITTED + JUDGED
BIAS = 3.26

_distance: Callable[..., int] = OSA.distance


class Pair(NamedTuple):
    """Two aligned words, how they agree, and what it costs."""

    word: str
    listed: str
    way: Way
    edits: float
    size: int


_Pair = tuple[str, str, Way, float, int]
"""A ``Pair`` that is not yet one: millions are made and few are shown."""

_Choice = tuple[float, int, int, _Pair]
_Alignment = tuple[list[_Pair], list[str], list[str]]
_Values = tuple[float, float, bool, bool, float, bool, float, float, float, int]


class Alignment(NamedTuple):
    """Aligned words and those left over on either side."""

    pairs: list[Pair]
    extra: list[str]
    missing: list[str]


class Features(NamedTuple):
    """What two names differ in.

    edits: letters that differ in the worst pair (at most 4); conflict: leftover words on both sides (at most 2);
    reversed: child and father are exchanged; forms: both are companies, of different form; missing: share of words
    that only the longer name has; single: of a person's several words only one agrees; thin: letters lacking to
    ``THIN``, which names in two scripts and names of different length must share; others: letters that differ beside
    the worst pair, sound alike left aside (at most 4); doubtful: letters beyond sound in the worst pair of names of
    different length, or without an equal word; half: words that only one person's name has, beyond what agrees.
    """

    edits: float
    conflict: float
    reversed: bool
    forms: bool
    missing: float
    single: bool
    thin: float
    others: float
    doubtful: float
    half: int


def compare(name: Parts, listed: Parts) -> float:
    """Probability that two parsed names are meant to be one; 0 to 1."""
    return probability(odds(name, listed))


def probability(log_odds: float) -> float:
    """The probability that log-odds stand for."""
    return 1 / (1 + exp(-log_odds)) if log_odds > -50 else 0.0


def odds(name: Parts, listed: Parts) -> float:
    """The same as log-odds; minus infinity where a name has no words."""
    if not name.words or not listed.words:
        return -inf
    return float(sum(map(mul, WEIGHTS, _values(name, listed, _align(name, listed))), BIAS))


def align(name: Parts, listed: Parts) -> Alignment:
    """Pairs of words, best first. Two names in Han or Hangul are compared character by character."""
    pairs, extra, missing = _align(name, listed)
    return Alignment([Pair._make(pair) for pair in pairs], extra, missing)


def features(name: Parts, listed: Parts) -> Features:
    """The features of two names that both have words."""
    return Features._make(_values(name, listed, _align(name, listed)))


def _values(name: Parts, listed: Parts, alignment: _Alignment) -> _Values:
    pairs, extra, missing = alignment
    size, differ, edits, equal = 0, 0.0, 0.0, False
    for _, _, _, differing, letters in pairs:
        size += letters
        equal = equal or not differing
        if differing:
            differ += differing if differing > SOUND else 0.0
            edits = max(edits, differing)
    if not pairs:
        differ, edits = 3.0, 3.0
    fewer, more = len(extra), len(missing)
    if fewer > more:
        fewer, more = more, fewer
    count, many, cross, wanted = len(pairs) + more, len(pairs), 0, 0.0
    partly = name.person and more > fewer
    if partly:
        wanted = THIN / 2
    if name.script or listed.script or name.east or listed.east:
        cross = _across_scripts(name, listed)
        if cross >= HAN:
            fewer, wanted = more, wanted + THIN
        elif cross == LETTERS and name.script != listed.script:
            wanted += FEW if name.person else FEW / 2
    return (
        edits if edits < 4 else 4.0,
        fewer if fewer < 2 else 2,
        bool(name.lines and listed.lines) and any((b, a) in listed.lines for a, b in name.lines),
        bool(name.forms and listed.forms) and name.forms.isdisjoint(listed.forms),
        (more - fewer) / count,
        name.person and many == 1 < count and pairs[0][2] != "joined",
        max(0.0, wanted - size + differ) if wanted else 0.0,
        min(differ - edits, 4.0) if differ > edits and pairs else 0.0,
        edits - SOUND if (partly and edits > SOUND) or (edits > 1 and many > 1 and not (equal or cross)) else 0.0,
        more - max(1, many - 1) if partly and more > 1 and more >= many else 0,
    )


def _align(name: Parts, listed: Parts) -> _Alignment:
    if name.words == listed.words:
        return [(word, word, "same", 0.0, len(word)) for word in name.words], [], []
    if name.script or listed.script or name.east or listed.east:
        if name.east and listed.east:
            return _aligned(list(name.east), list(listed.east), 0)
        return _aligned(list(name.words), list(listed.words), _across_scripts(name, listed))
    return _aligned(list(name.words), list(listed.words), 0)


def _across_scripts(name: Parts, listed: Parts) -> int:
    if bool(name.east) != bool(listed.east):
        return HANGUL if hangul(name.east or listed.east) else HAN
    if name.script == ABJAD or listed.script == ABJAD:
        return LETTERS
    return ALPHABET if name.script != listed.script else 0


def _aligned(words: list[str], others: list[str], cross: int) -> _Alignment:
    pairs: list[_Pair] = []
    for word in words[:]:
        if word in others:
            words.remove(word)
            others.remove(word)
            pairs.append((word, word, "same", 0.0, len(word)))
    if not words or not others:
        return pairs, words, others
    if len(words) == 1 == len(others):
        pair = _pair(words[0], others[0], cross)
        return ([*pairs, pair], [], []) if pair else (pairs, words, others)
    found = _closest(words, others, cross)
    if (len(words) != len(others) or len(found) < len(words)) and (joined := _joined(words, others, cross)):
        return [*pairs, joined], [], []
    used, taken = {at for _, at, _, _ in found}, {at for _, _, at, _ in found}
    return (
        pairs + [pair for *_, pair in found],
        [word for at, word in enumerate(words) if at not in used],
        [word for at, word in enumerate(others) if at not in taken],
    )


def _joined(words: list[str], others: list[str], cross: int) -> _Pair | None:
    """Both leftovers run together, if that makes them nearly the same; across scripts of syllables, the same."""
    word, other = "".join(words), "".join(others)
    size = max(len(word), len(other))
    limit = int(WHOLE * size) if cross < HAN else 0
    if size < 4 or (abs(len(word) - len(other)) > limit and cross != LETTERS):
        return None
    if cross == LETTERS and word.isupper() != other.isupper():
        edits = _unheard(word, other)
    else:
        edits = _distance(word, other, score_cutoff=limit)
    return (word, other, "joined", edits, size) if edits <= limit else None


def _closest(words: list[str], others: list[str], cross: int) -> list[_Choice]:
    """Greedy pairs with their places, the cheapest first, each word once."""
    choices: list[_Choice] = []
    for at, word in enumerate(words):
        for to, other in enumerate(others):
            pair = _pair(word, other, cross)
            if pair is not None:
                choices.append((pair[3] / pair[4], at, to, pair))
    return _each_once(sorted(choices)) if len(choices) > 1 else choices


def _each_once(choices: list[_Choice]) -> list[_Choice]:
    found, used, taken = [], set(), set()
    for choice in choices:
        if choice[1] not in used and choice[2] not in taken:
            used.add(choice[1])
            taken.add(choice[2])
            found.append(choice)
    return found


def _pair(word: str, other: str, cross: int) -> _Pair | None:
    """Two words as a ``Pair`` if they differ in few enough letters."""
    if cross:
        return _across(word, other, cross)
    if len(word) == 1 or len(other) == 1:
        return (word, other, "initial", 0.0, 1) if word[0] == other[0] else None
    size, short = len(word), len(other)
    if size < short:
        size, short = short, size
    limit = FAR * size
    if size - short > limit:
        return None
    edits: float = _distance(word, other)
    if edits > limit + 2:
        return None
    if edits:
        edits = min(edits, SOUND + _distance(sound(word), sound(other)))
        if edits > 1 and (word[:3] == "abd") != (other[:3] == "abd"):
            edits = min(edits, 1 + _distance(word.removeprefix("abd"), other.removeprefix("abd")))
    return (word, other, "alike", edits, size) if edits <= limit else None


def _across(word: str, other: str, cross: int) -> _Pair | None:
    """Words of two scripts: by letters, or by syllables, which are the same or are not."""
    if cross == LETTERS:
        if word.isupper() == other.isupper():
            return _pair(word, other, 0)
        size = len(word) if word.isupper() else len(other)
        edits = _unheard(word, other)
        return (word, other, "alike", edits, size) if edits <= FAR * size else None
    if cross == ALPHABET:
        return _roughly(word, other)
    same = word == other or (cross == HANGUL and korean(word) == korean(other))
    return (word, other, "alike", 0.0, len(word)) if same else None


def _roughly(word: str, other: str) -> _Pair | None:
    """Words of two alphabets: as they are spelled, or by what both alphabets tell apart."""
    pair, size = _pair(word, other, 0), max(len(word), len(other))
    edits: float = _distance(rough(word), rough(other)) + SOUND / 2
    if size == 1 or edits > FAR * size or (pair and pair[3] <= edits):
        return pair
    return word, other, "alike", edits, size


def _unheard(word: str, other: str) -> float:
    """Edits between a word in capital letters and one in Latin, in whichever order."""
    letters, latin = (word, other) if word.isupper() else (other, word)
    edits, plain = difference(letters, latin), bare(latin)
    return UNHEARD * (edits if plain == latin else min(edits, difference(letters, plain)))


def likeness(word: str, other: str, way: int = 0) -> float:
    """Share of letters in which two words agree; 0 if they are two words."""
    pair = _pair(word, other, LETTERS if word.isupper() or other.isupper() else way)
    return 1 - pair[3] / pair[4] if pair else 0.0
