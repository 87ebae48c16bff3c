"""Facts as a row of history keeps them: a line of JSON each, in order; an erased one leaves its name and by what."""

from collections.abc import Iterable

import msgspec

from bylaw.access.subjects import Fact, FactName


class Erased(msgspec.Struct, frozen=True, gc=False):
    """Here was a fact of that name."""

    erasure: int
    name: FactName


Line = Fact | Erased

ERASED = b'{"erasure":'
"""How the line of an erased fact begins, and no other."""
_encode = msgspec.json.Encoder().encode_lines
fact_of = msgspec.json.Decoder(Fact).decode
"""The fact in a line that was not erased."""
_facts = msgspec.json.Decoder(Fact).decode_lines
_erased = msgspec.json.Decoder(Erased).decode


def written(lines: Iterable[Line | dict[str, str]]) -> bytes:
    """The content of a row."""
    return _encode(lines)


def read(content: bytes) -> list[Line]:
    """The lines of a row."""
    return [line_of(line) for line in split(content)]


def facts(content: bytes) -> list[Fact]:
    """What of a row was not erased."""
    if ERASED not in content:
        return _facts(content)
    return [fact_of(line) for line in split(content) if not line.startswith(ERASED)]


def split(content: bytes) -> list[bytes]:
    """The lines, still as JSON."""
    return content.removesuffix(b"\n").split(b"\n")


def line_of(line: bytes) -> Line:
    """One line."""
    return _erased(line) if line.startswith(ERASED) else fact_of(line)
