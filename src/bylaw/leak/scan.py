"""Secrets and personal data in texts: where they are, and the texts without them.

Texts are joined to blocks by NUL characters, which no pattern can match, so that the searches of ``finders`` run over
a million characters at a time. A text's hits are the same alone and in company.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from bylaw.canonical import digest, sha256
from bylaw.leak import checksums, finders, kinds, national, numbers, tokens
from bylaw.leak.finders import KINDS, Hit

BLOCK = 1 << 20
"""Characters that are joined and searched at once; a longer text is a block of its own."""

_USUAL = {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-"}
"""For the spaces and hyphens of typesetting; one character each, so places stay as they are."""


def scan(text: str) -> list[Hit]:
    """What was found in a text, in order, without overlaps."""
    return scan_many([text])[0]


def scan_many(texts: Sequence[str]) -> list[list[Hit]]:
    """What was found in each text; the same as ``scan`` of each, and faster."""
    found: list[list[Hit]] = []
    for block in _blocks(texts):
        found += _split(block, _scan("\0".join(["", *block])))
    return found


def mask(text: str, hits: Iterable[Hit]) -> str:
    """The text with each hit replaced by its type, as in ``[EMAIL]``."""
    return _replaced(text, hits, lambda hit: f"[{hit.type}]")


@cache
def rules_digest() -> str:
    """SHA-256 over the rows and over the files that apply them: the same digest, the same rules."""
    rows = [[kind.name, kind.type, kind.pattern, sorted(kind.words), kind.unless, list(kind.lead)] for kind in KINDS]
    files = [__file__, *(str(each.__file__) for each in (finders, kinds, numbers, tokens, checksums, national))]
    return digest([rows, [sha256(Path(file).read_bytes()) for file in files]])


def _replaced(text: str, hits: Iterable[Hit], by: Callable[[Hit], str]) -> str:
    pieces, at = [], 0
    for hit in hits:
        pieces += [text[at : hit.start], by(hit)]
        at = hit.end
    return "".join([*pieces, text[at:]])


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    block: list[str] = []
    size = 0
    for text in texts:
        if block and size + len(text) > BLOCK:
            yield block
            block, size = [], 0
        block.append(text)
        size += len(text) + 1
    if block:
        yield block


def _split(block: list[str], hits: list[Hit]) -> list[list[Hit]]:
    """The hits of a joined block as those of each text."""
    found: list[list[Hit]] = [[] for _ in block]
    index, begin, end = -1, 0, 0
    for hit in hits:
        while hit.start > end:
            index, begin = index + 1, end + 1
            end = begin + len(block[index])
        found[index].append(Hit(hit.start - begin, hit.end - begin, hit.type, hit.name))
    return found


def _scan(text: str) -> list[Hit]:
    """The hits in a block: keys, and around them, of two that overlap, the longer one, of equal ones the first.

    What lies in a key is the key's: thousands of characters in which nothing else need be looked for, and nothing that
    reaches out of it, as an address from behind its END, may be lost with it.
    """
    if not text.isascii():
        for odd, usual in _USUAL.items():
            text = text.replace(odd, usual)
    hits = list(finders.keys(text))
    text = _replaced(text, hits, lambda key: f"\0{'x' * (key.end - key.start - 2)}\0")
    for find in finders.FINDERS:
        hits += find(text)
    hits.sort()
    kept: list[Hit] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
        elif hit.end - hit.start > kept[-1].end - kept[-1].start:
            kept[-1] = hit
    return kept
