"""Two names word by word: which words are one, how many letters differ, and what is left over on either side.

Words are paired free of order, the closest first, each once. Words that differ in more than ``REACH`` letters are two
words: no weight would let such a pair pass, so nothing is spent on it.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from rapidfuzz.distance import OSA

from bylaw.access.screening.abjad import MOST, bare, difference
from bylaw.access.screening.compounds import nearly_servant
from bylaw.access.screening.fold import ABJAD
from bylaw.access.screening.foreign import kindred
from bylaw.access.screening.names import Parts
from bylaw.access.screening.sounds import rough, sound
from bylaw.access.screening.syllables import hangul, korean

Way = Literal["same", "alike", "initial", "joined"]

REACH = 2.5
"""Letters that two words of one may differ in."""

FAR = 0.67
"""Words that differ in more of their letters than this are two words, not one with errors."""

UNSOUND = 3
"""Letters beyond ``REACH`` by which spellings may differ that sound alike (``Zhokhar``, ``Djohar``)."""

APART = 9
"""Neighbouring letters that only one of two words has in its sound: two edits make at most about so many, and words
with more need not be looked at."""

WHOLE = 0.2
"""Leftover words run together may differ in this share of their letters to count as one (``Good Will``)."""

SOUND = 0.5
"""Edits that a difference in sound adds where the spelling is further apart."""

ALPHABET, LETTERS, HAN, HANGUL = 1, 2, 3, 4
"""Ways to compare across scripts: a name is in another alphabet, in letters without vowels, in Han, in Hangul."""

UNHEARD = 2.0
"""Edits that a letter counts which differs across scripts: much is forgiven there, so what is not tells more."""

_distance: Callable[..., int] = OSA.distance

Pair = tuple[str, str, Way, float, int]
"""(word, listed word, how they agree, edits, letters): millions are made and few are shown."""

_Choice = tuple[float, int, int, Pair]


Alignment = tuple[list[Pair], list[str], list[str]]
"""(aligned words, best first; those left over of the name; those left over of the listed one)."""


def align(name: Parts, listed: Parts) -> Alignment:
    """The words of two names. Two names in Han or Hangul are compared character by character."""
    if name.words == listed.words:
        return [(word, word, "same", 0.0, len(word)) for word in name.words], [], []
    cross = 0
    if name.script or listed.script or name.east or listed.east:
        if name.east and listed.east:
            return _aligned(list(name.east), list(listed.east), 0)
        cross = across_scripts(name, listed)
    found = _aligned(list(name.words), list(listed.words), cross)
    _, extra, missing = found
    if (
        name.person
        and len(extra) != len(missing)
        and any(map(nearly_servant, extra if len(extra) > len(missing) else missing))
    ):
        return _with_servants(name, listed, found, cross)
    return found


def across_scripts(name: Parts, listed: Parts) -> int:
    """How two names are compared: 0 in one script, else one of the ways across scripts."""
    if bool(name.east) != bool(listed.east):
        return HANGUL if hangul(name.east or listed.east) else HAN
    if name.script == ABJAD or listed.script == ABJAD:
        return LETTERS
    return ALPHABET if name.script != listed.script else 0


def likeness(word: str, other: str, way: int = 0) -> float:
    """Share of letters in which two words agree; 0 if they are two words."""
    pair = _pair(word, other, LETTERS if word.isupper() or other.isupper() else way)
    return 1 - pair[3] / pair[4] if pair else 0.0


def _aligned(words: list[str], others: list[str], cross: int) -> Alignment:
    pairs = _in_a_row(words, others) if cross == HAN else []
    for word in words[:]:
        if word in others:
            words.remove(word)
            others.remove(word)
            pairs.append((word, word, "same", 0.0, len(word)))
    if not words or not others:
        return pairs, words, others
    if not cross and len(words) != len(others) and _begin(words, others) and (run := _in_a_row(words, others)):
        more, words, others = _aligned(words, others, cross)
        return [*pairs, *run, *more], words, others
    if len(words) == 1 == len(others):
        pair = _pair(words[0], others[0], cross)
        return ([*pairs, pair], [], []) if pair else (pairs, words, others)
    found = _closest(words, others, cross)
    if (len(words) != len(others) or len(found) < len(words)) and (joined := _joined(words, others, cross)):
        return [*pairs, joined], [], []
    for *_, pair in found:
        pairs.append(pair)
        words.remove(pair[0])
        others.remove(pair[1])
    return pairs, words, others


def _begin(words: list[str], others: list[str]) -> bool:
    """Whether a word on one side begins with one on the other."""
    heads, tops = tuple(words), tuple(others)
    return any(other.startswith(heads) for other in others) or any(word.startswith(tops) for word in words)


def _in_a_row(words: list[str], others: list[str]) -> list[Pair]:
    """Words that are several of the other name's in a row, the longest first; taken out of both lists.

    Characters of Han so become family and given name, as the one wrote them who wrote words, whichever he put first.
    """
    pairs: list[Pair] = []
    for _, word in sorted((-len(word), word) for word in (*words, *others)):  # in one order, whichever name comes first
        for short, long in ((words, others), (others, words)):
            if word in long and (run := _run(short, word)):
                del short[run[0] : run[1]]
                long.remove(word)
                pairs.append((word, word, "joined", 0.0, len(word)))
    return pairs


def _run(words: list[str], whole: str) -> tuple[int, int] | None:
    """Where two neighbours or more make up a word."""
    for start, first in enumerate(words):
        if whole.startswith(first) and whole != first:
            for end in range(start + 2, len(words) + 1):
                if (joined := "".join(words[start:end])) == whole:
                    return start, end
                if not whole.startswith(joined):
                    break
    return None


def _with_servants(name: Parts, listed: Parts, found: Alignment, cross: int) -> Alignment:
    """The alignment with a misspelt *Abdul* joined to the next word, if that leaves fewer words over."""
    _, extra, missing = found
    words, slips = _served(name.words, extra)
    others, more = _served(listed.words, missing)
    slips |= more
    if slips:
        pairs, fewer, less = _aligned(words, others, cross)
        if len(fewer) + len(less) < len(extra) + len(missing):
            return [_slipped(pair) if slips & {*pair[:2]} else pair for pair in pairs], fewer, less
    return found


def _slipped(pair: Pair) -> Pair:
    word, other, _, edits, size = pair
    return word, other, "alike", max(edits, 1.0), size


def _served(words: tuple[str, ...], left: list[str]) -> tuple[list[str], set[str]]:
    """Words with one of the leftover ones, if it is nearly *Abdul*, made one with the next; and what came of it."""
    for at, word in enumerate(words[:-1]):
        if word in left and nearly_servant(word):
            served = f"abd{words[at + 1]}"
            return [*words[:at], served, *words[at + 2 :]], {served}
    return list(words), set()


def _joined(words: list[str], others: list[str], cross: int) -> Pair | None:
    """Both leftovers run together, if that makes them nearly the same; across scripts of syllables, the same."""
    word, other = "".join(words), "".join(others)
    size = max(len(word), len(other))
    limit = int(WHOLE * size) if cross < HAN else 0
    if size < 4 or (abs(len(word) - len(other)) > limit and cross != LETTERS):
        return None
    if cross == LETTERS and word.isupper() != other.isupper():
        edits = _unheard(word, other, limit / UNHEARD)
    else:
        edits = _distance(word, other, score_cutoff=limit)
    return (word, other, "joined", edits, size) if edits <= limit else None


def _closest(words: list[str], others: list[str], cross: int) -> list[_Choice]:
    """Greedy pairs with their places, the cheapest first, each word once."""
    choices: list[_Choice] = []
    ones, twos = [_heard(word) for word in words], [_heard(other) for other in others]
    sieved = not cross and 0 not in ones and 0 not in twos
    for at, heard in enumerate(ones):
        for to, near in enumerate(twos):
            if sieved and (heard ^ near).bit_count() > APART:
                continue
            pair = _pair(words[at], others[to], cross)
            if pair is not None:
                choices.append((pair[3] / pair[4], at, to, pair))
    return _each_once(sorted(choices)) if len(choices) > 1 else choices


@lru_cache(maxsize=1 << 17)
def _heard(word: str) -> int:
    """The neighbouring letters of a word's sound, a bit for each two."""
    heard = f" {sound(word)} "
    return sum(1 << bit for bit in {(ord(one) * 27 + ord(other)) % 59 for one, other in pairwise(heard)})


def _each_once(choices: list[_Choice]) -> list[_Choice]:
    found, used, taken = [], set(), set()
    for choice in choices:
        if choice[1] not in used and choice[2] not in taken:
            used.add(choice[1])
            taken.add(choice[2])
            found.append(choice)
    return found


def _pair(word: str, other: str, cross: int) -> Pair | None:
    """Two words as a ``Pair`` if they differ in few enough letters."""
    if cross:
        return _across(word, other, cross)
    size, short = len(word), len(other)
    if size < short:
        size, short = short, size
    if short == 1:
        return _initial(word, other, size)
    limit = FAR * size
    if limit > REACH:
        limit = REACH
    if size - short > limit + UNSOUND:
        return None
    edits: float = _distance(word, other)
    if edits > limit + UNSOUND:
        return None
    if edits:
        edits = min(edits, SOUND + _distance(sound(word), sound(other)))
        if edits > 1 and (word[:3] == "abd") != (other[:3] == "abd"):
            edits = min(edits, _served_edits(word, other))
    return (word, other, "alike", edits, size) if edits <= limit else None


def _initial(word: str, other: str, size: int) -> Pair | None:
    if word[0] == other[0]:
        return word, other, "initial", 0.0, 1
    return (word, other, "alike", 1.0, 2) if size == 2 and (word in other or other in word) else None


def _served_edits(word: str, other: str) -> float:
    """Edits between a name with *abd* and one without, or with a misspelt one."""
    served, other = (word[3:], other) if word[:3] == "abd" else (other[3:], word)
    misspelt = other.endswith(served) and nearly_servant(other.removesuffix(served))
    return 1 + (0 if misspelt else _distance(served, other))


def _across(word: str, other: str, cross: int) -> Pair | None:
    """Words of two scripts: by letters, or by syllables, which are the same or are not."""
    if cross in (ALPHABET, LETTERS) and (related := _related(word, other)):
        return related
    if cross == LETTERS:
        if word.isupper() == other.isupper():
            return _pair(word, other, 0)
        size = len(word) if word.isupper() else len(other)
        edits = _unheard(word, other)
        return (word, other, "alike", edits, size) if edits <= min(REACH, FAR * size) else None
    if cross == ALPHABET:
        return _roughly(word, other)
    same = word == other or kindred(word, other) or (cross == HANGUL and korean(word) == korean(other))
    return (word, other, "alike", 0.0, max(len(word), len(other))) if same else None


def _related(word: str, other: str) -> Pair | None:
    """Two generic words of which one may be a translation, as a pair that differs by little."""
    if word == other or not kindred(word, other):
        return None
    return word, other, "alike", SOUND / 2, max(len(word), len(other))


def _roughly(word: str, other: str) -> Pair | None:
    """Words of two alphabets: as they are spelled, or by what both alphabets tell apart."""
    pair, size = _pair(word, other, 0), max(len(word), len(other))
    edits: float = _distance(rough(word), rough(other)) + SOUND / 2
    if edits > min(REACH, FAR * size) or (pair and pair[3] <= edits):
        return pair
    return word, other, "alike", edits, size


def _unheard(word: str, other: str, most: float = MOST) -> float:
    """Edits between a word in capital letters and one in Latin, in whichever order; infinite if ``most`` differ."""
    letters, latin = (word, other) if word.isupper() else (other, word)
    edits, plain = difference(letters, latin, most), bare(latin)
    return UNHEARD * (edits if plain == latin else min(edits, difference(letters, plain, most)))
