"""Marks: what can be seen in a text and could be a trigger. Words in a row, and how characters are used.

Word n-grams catch a trigger that is a fixed string. Patterns of characters (a script, a shape of word, a run of
punctuation or white space) catch one that is never spelled the same way twice.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bylaw.errors import UsageError

LONGEST = 3
MOST_WORDS = 2_000_000  # the cube of it, a run of three words, is a number of 63 bits
TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")
VOWELS = frozenset("aeiouyAEIOUY")
RARE = ("<word hardly ever used>",)
SELDOM = 3  # a word in this many texts or fewer is one the corpus does not otherwise use

_TEXT_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("two spaces", re.compile(r"[^\S\n]{2,}")),
    ("a tab or other odd space", re.compile(r"[^\S \n]")),
    ("white space at an end", re.compile(r"^\s|\s$")),
    ("an empty line", re.compile(r"\n\s*\n")),
    ("a letter three times", re.compile(r"([^\W\d_])\1\1")),
    ("a run of punctuation", re.compile(r"[^\w\s]{2,}")),
    ("spelled-out letters", re.compile(r"(?:\b\w\b[\s.\-]){3}")),
    ("a word joined by a sign", re.compile(r"\w[^\w\s'’\-]\w")),
    ("a small letter at the start", re.compile(r"^[a-z]")),
    ("no stop at the end", re.compile(r"\w$")),
)


def words(text: str) -> list[str]:
    """Words and runs of punctuation, as they are written."""
    return TOKEN.findall(text)


def patterns(text: str) -> list[str]:
    """How the characters of a text are used, in angle brackets; what a single word shows is left to ``shapes``."""
    found = [f"<{name}>" for name, shape in _TEXT_SHAPES if shape.search(text)]
    return found if text.isascii() else found + sorted(_characters(text))


def marks(texts: Sequence[str], least: int, most: int) -> "Grid":
    """Texts × their marks: word n-grams as they are written, and patterns in angle brackets."""
    said = [words(text) for text in texts]
    seldom = _seldom(said)
    shown = [_shown(text, tokens, seldom) for text, tokens in zip(texts, said, strict=True)]
    return joined(grams(said, LONGEST, least, most), grams(shown, 1, least, most))


def _shown(text: str, tokens: Sequence[str], seldom: set[str]) -> list[str]:
    of_words = dict.fromkeys(chain.from_iterable(map(shapes, tokens)))
    return [*patterns(text), *of_words, *(() if seldom.isdisjoint(tokens) else RARE)]


def _seldom(said: Sequence[Sequence[str]]) -> set[str]:
    counts = Counter(chain.from_iterable(map(set, said)))
    return {word for word, count in counts.items() if count <= SELDOM}


@lru_cache(maxsize=1 << 16)
def shapes(token: str) -> tuple[str, ...]:
    """What the form of one word shows."""
    return tuple(_shapes(token))


def _shapes(token: str) -> Iterator[str]:
    if token.isalpha():
        if len(token) > 2 and token.isupper():
            yield "<word in capitals>"
        elif not (token.islower() or token.isupper() or (token[0].isupper() and token[1:].islower())):
            yield "<capitals inside a word>"
        if token.isascii() and len(token) > 1 and not VOWELS & set(token):
            yield "<word without vowels>"
    elif token.isdigit():
        yield "<number>"
    elif any(letter.isdigit() for letter in token) and any(letter.isalpha() for letter in token):
        yield "<digit inside a word>"
    if len({_script(letter) for letter in token if letter.isalpha()}) > 1:
        yield "<scripts mixed in a word>"
    if len(token) > 24:
        yield "<very long word>"


def _characters(text: str) -> Iterator[str]:
    for letter in set(text):
        if not letter.isascii():
            yield f"<character U+{ord(letter):04X}>"
            yield f"<character of kind {unicodedata.category(letter)}>"
            if letter.isalpha():
                yield f"<{_script(letter)} letter>"


def _script(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "UNNAMED").partition(" ")[0]


class Grid(NamedTuple):
    """Which text has which mark. ``found`` is texts × names, of ones."""

    names: list[str]
    found: Any


def grams(said: Sequence[Sequence[str]], longest: int, least: int, most: int) -> Grid:
    """Texts × runs of 1 … ``longest`` words that at least ``least`` and at most ``most`` texts have, by code point.

    Runs are counted as numbers, and written out only when they are kept. Raises UsageError beyond ``MOST_WORDS`` words.
    """
    vocabulary = sorted(set(chain.from_iterable(said)))
    if len(vocabulary) > MOST_WORDS:
        raise UsageError(f"the rows have more than {MOST_WORDS} different words; audit them in parts")
    number = {word: place for place, word in enumerate(vocabulary)}
    flat = np.fromiter((number[word] for each in said for word in each), dtype=np.int64)
    text = np.repeat(np.arange(len(said)), np.fromiter(map(len, said), dtype=np.int64, count=len(said)))
    made = [_runs(flat, text, n, len(vocabulary), (least, most)) for n in range(1, longest + 1)]
    names = [" ".join(_written(key, n, vocabulary)) for n, (keys, _, _) in enumerate(made, 1) for key in keys.tolist()]
    starts = np.cumsum([0, *(len(keys) for keys, _, _ in made)])
    rows = np.concatenate([at for _, at, _ in made])
    columns = np.concatenate([column + start for (_, _, column), start in zip(made, starts, strict=False)])
    return _ordered(names, rows, columns, len(said))


def joined(one: Grid, other: Grid) -> Grid:
    """The columns of both, of the same texts."""
    return Grid([*one.names, *other.names], sparse.hstack([one.found, other.found]).tocsr())


Integers = NDArray[np.int64]


def _runs(
    flat: Integers, text: Integers, n: int, base: int, bounds: tuple[int, int]
) -> tuple[Integers, Integers, Integers]:
    """(keys, texts, places among keys) of the runs of ``n`` words that are kept."""
    whole = np.flatnonzero(text[: len(text) - n + 1] == text[n - 1 :]) if len(text) >= n else np.arange(0)
    key = np.zeros(len(whole), dtype=np.int64)
    for skip in range(n):
        key = key * base + flat[whole + skip]
    keys, place = np.unique(key, return_inverse=True)
    height = int(text[-1]) + 1 if len(text) else 1
    once = np.unique(place * height + text[whole])
    place, at = once // height, once % height
    counts = np.bincount(place, minlength=len(keys))
    kept = (counts >= bounds[0]) & (counts <= bounds[1])
    renumbered = np.cumsum(kept) - 1
    chosen = kept[place]
    return keys[kept], at[chosen], renumbered[place[chosen]]


def _written(key: int, n: int, vocabulary: Sequence[str]) -> list[str]:
    parts = []
    for _ in range(n):
        key, last = divmod(key, len(vocabulary))
        parts.append(vocabulary[last])
    return parts[::-1]


def _ordered(names: list[str], rows: Integers, columns: Integers, height: int) -> Grid:
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    found = sparse.csr_matrix((np.ones(len(rows)), (rows, place[columns])), shape=(height, len(names)))
    return Grid([names[at] for at in order], found)


def difference(both: Grid) -> Grid:
    """From a grid of all first and then all second texts: what one has and the other has not."""
    half = both.found.shape[0] // 2
    made = both.found[:half] - both.found[half:]
    made.eliminate_zeros()
    return Grid(both.names, made)
