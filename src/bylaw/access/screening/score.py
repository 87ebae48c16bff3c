"""How alike two names are: words aligned free of order, then ten weights, then one probability.

``FITTED`` is a logistic regression on name-pairs-dev.csv (``bench/access_screening.py --fit``). ``BIAS`` and ``JUDGED``
are for what those pairs hardly show and a long list meets all the time, names alike by chance: docs/screening.md.
"""

import re
from math import exp, inf
from operator import mul
from typing import NamedTuple

from bylaw.access.screening.align import HAN, LETTERS, REACH, SOUND, Alignment, across_scripts, align
from bylaw.access.screening.names import Parts
from bylaw.access.screening.words import KUNYA

THRESHOLD = 0.5
"""Names with this probability or more match: the one threshold for pairs, screens and bulk."""

THIN = 7
"""Letters that must agree before a name in syllables counts in full; half before one counts that lacks words."""

FEW = 8
"""Letters that must agree before a name without vowels counts in full: each tells less than one of Latin."""

NUMBERS = re.compile(r"[0-9]+|i{1,3}|iv|vi{0,3}").fullmatch
"""Numbers that count companies: one that only one name has makes another company (*Fund II*, *Brigade 23*)."""

FITTED = (-2.04, -1.03, -8.41, -6.87)
JUDGED = (-4.7, -3.0, -1.0, -1.0, -3.0, -2.5)
WEIGHTS = FITTED + JUDGED
BIAS = 4.61

_Values = tuple[float, float, bool, bool, float, bool, float, float, float, int]


class Features(NamedTuple):
    """What two names differ in.

    edits: letters that differ in the worst pair (``REACH`` where words are left over on both sides); conflict:
    leftover words on both sides (at most 2); reversed: child and father are exchanged; forms: both are companies, of
    different form; missing: share of words that only the longer name has; single: of a person's several words only one
    agrees; thin: letters lacking to ``THIN``, which names in two scripts and names of different length must share;
    others: letters that differ beside the worst pair, sound alike left aside (at most 4); doubtful: letters beyond
    sound in the worst pair of names of different length, or without an equal word; half: names that only one person
    has, beyond what agrees.
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
    return sum(map(mul, WEIGHTS, _values(name, listed, align(name, listed))), BIAS)


def features(name: Parts, listed: Parts) -> Features:
    """The features of two names that both have words."""
    return Features._make(_values(name, listed, align(name, listed)))


def _values(name: Parts, listed: Parts, alignment: Alignment) -> _Values:
    pairs, extra, missing = alignment
    _, forms, lines, east, script, person = name
    _, other_forms, other_lines, other_east, other_script, _ = listed
    size, differ, edits, equal = 0, 0.0, 0.0, False
    for _, _, _, differing, letters in pairs:
        size += letters
        if differing:
            if differing > SOUND:
                differ += differing
            if differing > edits:
                edits = differing
        else:
            equal = True
    if not pairs:
        differ = 3.0
    fewer, more = len(extra), len(missing)
    if fewer > more:
        fewer, more = more, fewer
    many, cross, wanted = len(pairs), 0, 0.0
    partly = person and more > fewer
    if partly:
        wanted = THIN / 2
    if more > fewer and not person and any(map(NUMBERS, extra if len(extra) == more else missing)):
        fewer = more
    if script or other_script or east or other_east:
        cross = across_scripts(name, listed)
        if cross >= HAN:
            fewer, wanted = more, wanted + THIN
        elif cross == LETTERS and script != other_script:
            wanted += FEW if person else FEW / 2
    return (
        REACH if fewer or not pairs else edits,
        fewer if fewer < 2 else 2,
        bool(lines and other_lines) and any((b, a) in other_lines for a, b in lines),
        bool(forms and other_forms) and forms.isdisjoint(other_forms),
        (more - fewer) / (many + more) if more > fewer else 0.0,
        person and many == 1 < many + more and pairs[0][2] != "joined",
        max(0.0, wanted - size + differ) if wanted else 0.0,
        min(differ - edits, 4.0) if differ > edits and pairs else 0.0,
        edits - SOUND if (partly and edits > SOUND) or (edits > 1 and many > 1 and not (equal or cross)) else 0.0,
        _half(more, many, max(extra, missing, key=len)) if partly and more > 1 and more >= many else 0,
    )


def _half(more: int, many: int, left: list[str]) -> int:
    """Names beyond what agrees; initials and what is said of a child (*Abu Walid*) are no names of their own."""
    return max(0, more - sum(len(word) == 1 or word in KUNYA for word in left) - max(1, many - 1))
