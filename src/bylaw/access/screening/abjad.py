"""Names in Arabic and Hebrew script against names in Latin: which letters may stand for which, and what a gap costs.

A word in such a script becomes one capital letter for each of its letters; letters that Latin spellings do not tell
apart share one. Against a Latin word it is aligned letter by letter: short vowels are not written, so a vowel of the
Latin word is free; a long one (alif, waw, ya) has to be there. The table holds what the romanisations in use write:
ALA-LC, BGN/PCGN, the passport practice of ICAO 9303, French and Persian habits.
"""

import re
from functools import lru_cache
from itertools import accumulate
from math import inf

from bylaw.access.screening.sounds import once

LETTERS = {
    "ا": "A", "أ": "A", "إ": "A", "آ": "A", "ٱ": "A", "ء": "", "ع": "E", "ب": "B", "پ": "P", "ت": "T", "ط": "T",
    "ٹ": "T", "ث": "V", "ج": "J", "ژ": "J", "ح": "H", "ه": "H", "ہ": "H", "ھ": "H", "ة": "H", "ۃ": "H", "ۀ": "H",
    "خ": "X", "د": "D", "ڈ": "D", "ذ": "I", "ض": "I", "ظ": "I", "ز": "Z", "س": "S", "ص": "S", "ش": "C", "ر": "R",
    "ړ": "R", "ڑ": "R", "غ": "G", "ف": "F", "ڤ": "F", "ق": "Q", "ك": "K", "ک": "K", "ګ": "O", "گ": "O", "چ": "U",
    "ل": "L", "م": "M", "ن": "N", "ں": "N", "ڼ": "N", "و": "W", "ؤ": "W", "ۆ": "W", "ي": "Y", "ی": "Y", "ى": "Y",
    "ئ": "Y", "ې": "Y", "ے": "Y", "ێ": "Y", "ۍ": "Y", "ټ": "T", "ډ": "D", "څ": "S", "ځ": "Z", "ښ": "C", "ږ": "J",
    "א": "A", "ב": "P", "ג": "O", "ד": "D", "ה": "H", "ו": "W", "ז": "Z", "ח": "X", "ט": "T", "י": "Y", "כ": "K",
    "ך": "K", "ל": "L", "מ": "M", "ם": "M", "נ": "N", "ן": "N", "ס": "S", "ע": "E", "פ": "P", "ף": "P", "צ": "S",
    "ץ": "S", "ק": "Q", "ר": "R", "ש": "C", "ת": "T",
}  # fmt: skip

_STEPS = (
    ("tch", "C"), ("sch", "S"), ("dzh", "j"), ("kh", "K"), ("gh", "G"), ("sh", "S"), ("th", "T"), ("dh", "D"),
    ("ch", "C"), ("ph", "f"), ("dj", "j"), ("zh", "Z"), ("ck", "k"), ("x", "ks"), ("ou", "u"),
)  # fmt: skip
"""Latin spellings of one sound, as one letter."""

_ALIKE = {
    "A": "a", "B": "bpv", "P": "pbfv", "T": "tT", "V": "Tts", "J": "jgZ", "H": "hK", "X": "KhC", "D": "dD", "I": "Dzd",
    "Z": "zZ", "S": "sc", "C": "SC", "R": "r", "G": "Gg", "F": "fv", "Q": "qkgGc", "K": "kcqKg", "O": "gj", "U": "C",
    "L": "l", "M": "m", "N": "n", "W": "wuovy", "Y": "yiej", "E": "aeiou",
}  # fmt: skip
_NEAR = {
    "A": "eoiu", "T": "dD", "J": "Cyz", "X": "kqg", "Z": "sjS", "S": "zSCZ", "C": "sjZ", "Y": "a", "W": "fa", "F": "p",
    "V": "SD", "H": "aeg", "U": "Sc", "D": "tT", "I": "TZsj", "K": "CxG", "Q": "Ch", "G": "rK", "O": "kG", "N": "m",
}  # fmt: skip
"""Letters that may stand for a letter, at no cost and at ``SOME``."""

_DOUBLE = {
    "T": ("TH",), "S": ("SH", "CH"), "K": ("KH", "QH"), "D": ("DH",), "C": ("TC", "KH", "TS"), "j": ("DJ", "DZ"),
    "Z": ("ZH",), "s": ("TS", "KS"), "G": ("OH", "JH", "KH"), "f": ("PH", "BH"),
}  # fmt: skip
"""Latin letters of ``_STEPS`` that may also be two letters that only stand side by side: ``Fathi``, ``Ishaq``."""

MOST = 1.25
"""Letters that may differ at most, unless more is asked for."""

SOME = 0.5
"""What letters cost that may stand for each other but seldom do, and what may be left unwritten."""

_VOWELS = frozenset("aeiouy")
_GAPS = {"A": SOME, "E": 0.0, "H": SOME, "W": 0.75, "Y": SOME}
"""What a letter costs that the Latin word lacks; any other costs 1."""

_COSTS: dict[str, dict[str, float]] = {
    letter: {**dict.fromkeys(_NEAR.get(letter, ""), SOME), **dict.fromkeys(alike, 0.0)}
    for letter, alike in _ALIKE.items()
} | {digit: {digit: 0.0} for digit in "0123456789"}
_LAST = {**_COSTS["H"], "t": 0.0, "T": 0.0}
"""At a word's end ``H`` may be ta marbuta, which is a t before the word it belongs to."""
_CARRIED = ("AY", "AW")
_SPLIT = re.compile(f"([{''.join(LETTERS)}]+)")
_SKELETON = str.maketrans("PTIVCZJGQOFU", "btdtsskkkkfs", "AEHXWY")
_HEARD = str.maketrans("pvTDzZScqgGjC", "bftdssskkkkks", "aeiouyhKw")


def written(text: str) -> list[str]:
    """The text in turns: what is in other scripts, then a run in these."""
    return _SPLIT.split(text)


def lettered(text: str) -> str:
    """A run in these scripts as capital letters."""
    return text.translate(_LETTERED)


_LETTERED = str.maketrans(LETTERS)


@lru_cache(maxsize=1 << 17)
def heard(word: str) -> str:
    """A folded Latin word with one letter for each sound and no letter twice in a row."""
    for spelling, letter in _STEPS:
        if spelling in word:
            word = word.replace(spelling, letter)
    return once(word)


_WORDS = {
    "BN": "bin", "ABN": "ibn", "BNT": "bint", "AL": "al", "CYX": "sheikh", "HAJ": "haj", "HAJY": "haji", "MLA": "mulla",
    "MLALA": "mulla", "MWLWY": "maulavi", "QARY": "qari", "DKTWR": "dr", "DWKTWR": "dr",
    "WLD": "ould", "DY": "de", "DYL": "del", "FWN": "von", "FAN": "van",
}  # fmt: skip
"""Particles and titles, as Latin names have them. The longest of several spellings is not needed: they fall away."""


_ATTACHED = re.compile(r"^EBDAL(?=..)")
_SERVANTS = dict.fromkeys(("EBDAL", "EBDWL", "ABD", "ABDWL", "ABDYL", "ABDAL", "ABDWR", "ABDYR"), "EBD")
"""*Abdul* as it sounds to who does not know it."""
_TAIL = re.compile(r"(?<=..)ALDYN$")


def compounds(words: list[str]) -> list[str]:
    """Words with the compounds of *abd*, *din*, *allah* and *zada* as one word, particles and titles in Latin.

    What foreign letters are spelled by is mended: *sch* as *s* and *ch*, *tch* as *t* and *ch*.
    """
    out: list[str] = []
    for word in words:
        if "TC" in word:
            word = word.replace("STC", "C").replace("TTC", "TC")
        word = _ATTACHED.sub("EBD", word) if word[:3] == "EBD" else _TAIL.sub("DYN", _SERVANTS.get(word, word))
        if out and (out[-1] == "EBD" or (word in ("DYN", "ALDYN", "ALLH", "ZADH") and out[-1].isupper())):
            out[-1] += word.removeprefix("AL")
        else:
            out.append(_WORDS.get(word, word))
    return out


def bare(word: str) -> str:
    """A Latin word without what may be the article: where Arabic writes *al*, it is left out of a word."""
    return word[2:] if word[:2] in ("al", "el") and len(word) > 3 else word


def skeleton(word: str) -> str:
    """The consonants of a word in either kind of writing, roughly: words that are one mostly share them, or all but
    one."""
    return once(
        word.replace("TC", "C").translate(_SKELETON).lower() if word.isupper() else heard(word).translate(_HEARD)
    )


@lru_cache(maxsize=1 << 17)
def difference(letters: str, word: str, most: float = MOST) -> float:
    """Letters in which a word of capital letters and a folded Latin one differ; infinite beyond ``most``.

    An alignment, O(length x length), that stops where no end could be near enough.
    """
    sounds = heard(word)
    last, end = len(letters), len(sounds)
    unwritten = [_unwritten(sound, at, end) for at, sound in enumerate(sounds)]
    opens = sounds[0] in _VOWELS
    before: list[float] = []
    row = [0.0, *accumulate(unwritten)]
    for at, letter in enumerate(letters):
        costs, pair = _COSTS[letter] if letter != "H" or at < last - 1 else _LAST, letters[max(0, at - 1) : at + 1]
        silent = pair == letter * 2 or (letter == "H" and at == last - 1)
        gap = 0.0 if silent else _GAPS.get(letter, 1.0)
        new = _next(row, before, sounds, costs, unwritten, gap, pair)
        if opens and (letters[: at + 1] == "A" or (pair in _CARRIED and at == 1)):
            new[1] = min(new[1], 0.0)  # an initial alif carries any vowel, which may be written too
        before, row = row, new
        if min(row) > most and min(before) > most:
            return inf
    found = row[-1]
    if letters[-1:] == "Y" and sounds[-1:] == "a":
        found = min(found, before[-2])  # alif maqsura
    return found if found <= most else inf


def _next(
    row: list[float],
    before: list[float],
    sounds: str,
    costs: dict[str, float],
    unwritten: list[float],
    gap: float,
    pair: str,
) -> list[float]:
    """The row of the alignment after one more letter. It is plain since it is where the time goes."""
    best = row[0] + gap
    new = [best]
    for to, sound in enumerate(sounds):
        best += unwritten[to]
        cost = row[to] + costs.get(sound, 1.0)
        if cost < best:
            best = cost
        cost = row[to + 1] + gap
        if cost < best:
            best = cost
        if before and sound in _DOUBLE and pair in _DOUBLE[sound] and before[to] < best:
            best = before[to]
        new.append(best)
    return new


def _unwritten(sound: str, at: int, end: int) -> float:
    """What a Latin letter costs that the other word lacks: short vowels nothing, except where none can stand."""
    if sound in _VOWELS:
        return SOME if at == 0 or (at == end - 1 and sound in "iou") else 0.0
    return SOME if sound in "hw" and at < end - 1 else float(sound not in "hw")
