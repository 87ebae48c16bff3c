"""The keys by which similar words find each other: a word's hash, and that of the word with one letter left out.

Two words that differ by one edit, or by two letters exchanged, share a key (symmetric deletion, Garbe 2012). Keys are
CRC-32: a collision costs one needless comparison, nothing else.
"""

from collections.abc import Iterable
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bylaw.access.screening.abjad import bare, skeleton
from bylaw.access.screening.align import ALPHABET, HANGUL
from bylaw.access.screening.foreign import meanings
from bylaw.access.screening.sounds import rough, soft, sound
from bylaw.access.screening.syllables import korean

Ids = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint32]


def listed_keys(word: str) -> set[int]:
    """Keys under which a listed word is kept: what ``asked_keys`` asks for, of its own script and of the others."""
    if word.isupper():
        return _without_one(word, "") | _skeletons(word, "?") | _meant(word)
    others = [f"!{skeleton(word)}", f"!{skeleton(bare(word))}", f"^{korean(word)}", f"&{rough(word)}"]
    if "c" in word:
        others.append(f"!{skeleton(soft(word))}")
    return _spelled(word) | {crc32(other.encode()) for other in others}


def asked_keys(word: str, way: int) -> set[int]:
    """Keys of a word that is looked for, ``way`` as in align.py; those of a Korean syllable are few."""
    if word.isupper():
        return _without_one(word, "") | _skeletons(word, "!") | _meant(word)
    if way == HANGUL:
        return {crc32(f"^{korean(word)}".encode())}
    keys = _spelled(word) | {crc32(f"?{skeleton(word)}".encode())}
    return keys | _without_one(rough(word), "&") | _meant(word) if way == ALPHABET else keys


def _meant(word: str) -> set[int]:
    """Keys of the generic words that a word in another script may be a translation of."""
    return {crc32(each.encode()) for each in meanings(word)}


def _spelled(word: str) -> set[int]:
    """Keys of spelling and sound, both also with a letter left out."""
    keys = _without_one(word, "")
    keys |= _without_one(sound(word), "~")
    if word[:3] == "abd" and len(word) > 5:
        keys.add(crc32(word[3:].encode()))
    if word[-3:] == "din" and len(word) > 5:
        keys.add(crc32(word[:-3].encode()))
    return keys


def _skeletons(word: str, mark: str) -> set[int]:
    """Keys of a word's consonants, as the letters with several readings may be read."""
    keys = _without_one(skeleton(word), mark)
    for letter, reading in (("I", "Z"), ("V", "S"), ("W", "F")):
        if letter in word:
            keys |= _without_one(skeleton(word.replace(letter, reading)), mark)
    return keys


def runs(words: tuple[str, ...]) -> set[str]:
    """A name's words run together: all of them, the first put last, and each two neighbours."""
    if len(words) < 2:
        return set()
    return {"".join(words), "".join(words[1:] + words[:1]), *map("".join, pairwise(words))}


def run_keys(words: tuple[str, ...]) -> list[int]:
    """Keys of ``runs``."""
    return [crc32(run.encode()) for run in runs(words)]


def _without_one(word: str, mark: str) -> set[int]:
    keys = {crc32(f"{mark}{word}".encode())}
    if len(word) > 2:
        for at in range(len(word)):
            keys.add(crc32(f"{mark}{word[:at]}{word[at + 1 :]}".encode()))
    return keys


class Table:
    """A map from keys to ids, as two sorted arrays: 8 bytes an entry."""

    def __init__(self, keys: Keys, ids: Ids) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._ids = keys[order], ids[order]

    def find(self, keys: Iterable[int]) -> Ids:
        """Ids under any of the keys, each once and sorted."""
        wanted = np.fromiter(keys, np.uint32)
        starts = np.searchsorted(self._keys, wanted, "left").tolist()
        ends = np.searchsorted(self._keys, wanted, "right").tolist()
        parts = [self._ids[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)
