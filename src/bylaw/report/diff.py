"""What a revision changed, word by word."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["same", "del", "ins"]
Span = tuple[Change, str]
Opcode = tuple[str, int, int, int, int]

# A word or a single sign with the white space after it: the text splits without rest and joins back exactly.
_TOKEN = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


def words(before: str, after: str) -> tuple[Span, ...]:
    """Spans that turn ``before`` into ``after``.

    Joined, *same* and *ins* spans give ``after`` exactly, *same* and *del* ``before`` up to white space.
    A word or two left unchanged between larger changes count as changed: they would only break up the line.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    matcher = SequenceMatcher(None, [t.strip() for t in old], [t.strip() for t in new], autojunk=False)
    return tuple(_merged(_spans(matcher.get_opcodes(), old, new)))


def changed(before: str, after: str) -> bool:
    """True if the words differ; white space alone is no change."""
    return before.split() != after.split()


def _spans(opcodes: Sequence[Opcode], old: list[str], new: list[str]) -> Iterator[Span]:
    last = len(opcodes) - 1
    for i, (kind, a, b, c, d) in enumerate(opcodes):
        island = 0 < i < last and _small(b - a, opcodes[i - 1], opcodes[i + 1])
        if kind == "equal" and not island:
            yield "same", "".join(new[c:d])
            continue
        yield "del", "".join(old[a:b])
        yield "ins", "".join(new[c:d])


def _small(size: int, before: Opcode, after: Opcode) -> bool:
    """An unchanged run that is one token, or at most three and half as long as the changes on both sides."""
    around = min(max(b - a, d - c) for _, a, b, c, d in (before, after))
    return size == 1 or (size <= 3 and 2 * size <= around)


def _merged(spans: Iterator[Span]) -> Iterator[Span]:
    """Neighbouring changes become one deletion and one insertion."""
    deleted = inserted = ""
    for kind, text in spans:
        if kind == "del":
            deleted += text
        elif kind == "ins":
            inserted += text
        else:
            yield from _pair(deleted, inserted)
            deleted = inserted = ""
            yield "same", text
    yield from _pair(deleted, inserted)


def _pair(deleted: str, inserted: str) -> Iterator[Span]:
    if deleted:
        yield "del", deleted
    if inserted:
        yield "ins", inserted
