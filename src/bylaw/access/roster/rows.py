"""A row of a roster, and what is to be said of it: faults, with which it is not taken, and notes."""

import difflib
from collections.abc import Iterable
from typing import Literal

import msgspec

from bylaw.access.subjects import Fact, SubjectKind


class Row(msgspec.Struct, frozen=True, gc=False):
    """What a file says of one subject. ``line`` is where it begins, from 1."""

    line: int
    id: str
    kind: SubjectKind
    facts: tuple[Fact, ...]


class Remark(msgspec.Struct, frozen=True):
    """``field`` is a column, a fact's name or an attribute's path; empty: the whole row. ``line`` 0: the whole file."""

    line: int
    subject: str
    field: str
    weight: Literal["fault", "note"]
    text: str

    def __str__(self) -> str:
        where = " ".join(part for part in (f"line {self.line}" if self.line else "", self.subject, self.field) if part)
        return printable(f"{where or 'the file'}: {self.weight}: {self.text}")


def printable(text: str) -> str:
    """A text that does nothing to a terminal and hides nothing: what is not seen is written out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\u{{{ord(one):04x}}}" for one in text)


def fault(line: int, subject: str, field: str, text: str) -> Remark:
    """The row is not taken."""
    return Remark(line, subject, field, "fault", text)


def note(line: int, subject: str, field: str, text: str) -> Remark:
    """The row is taken, and somebody should know this."""
    return Remark(line, subject, field, "note", text)


def near(word: str, known: Iterable[str]) -> str:
    """What may have been meant: the nearest known word, or all of them."""
    words = list(known)
    close = difflib.get_close_matches(word.lower(), words, 1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(words)}"
