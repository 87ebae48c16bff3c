"""JSONL: a subject a line, with whole facts; what a fact leaves out of its provenance, the options say.

::

    {"id":"p-1","kind":"person","facts":[{"name":"citizenship","values":[{"text":"jp"}],"source":"hr",
     "grade":"document","as_of":"2026-11-01"},{"name":"residence","values":null}]}

``values`` is a list (empty: known to be none) or null (known to be unknown). A key that is not known is a fault.
"""

import re
from datetime import date

import msgspec

from bylaw.access.roster.options import Options
from bylaw.access.roster.reading import HALF, Found, lines_of, require_each_key_once
from bylaw.access.roster.rows import Row, fault, near
from bylaw.access.roster.words import grade_of, kind_of, name_of, require
from bylaw.access.subjects import Fact, Value
from bylaw.errors import UsageError
from bylaw.storage import split_path


class FactLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact in a line."""

    name: str
    values: tuple[Value, ...] | None
    source: str = ""
    grade: str = ""
    as_of: date | None = None
    expires: date | None = None
    evidence: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line."""

    id: str
    kind: str = ""
    facts: tuple[FactLine, ...] = ()


_decode = msgspec.json.Decoder(Line).decode
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_KEYS = tuple(dict.fromkeys(key for type in (Line, FactLine, Value) for key in type.__struct_fields__))


def load(content: bytes, where: str, options: Options) -> Found:
    """The lines of a file. Raises ``RecordError`` for what is no text; what is wrong with a line is told."""
    found = Found()
    for number, text, whole in lines_of(content, where):
        if not whole:
            found.remarks.append(fault(number, "", "", HALF))
            continue
        try:
            line = _decode(text)
            require_each_key_once(text)
        except UsageError as error:
            found.remarks.append(fault(number, "", "", str(error)))
            continue
        except (msgspec.DecodeError, RecursionError) as error:
            sentence, field = explained(str(error), _KEYS)
            found.remarks.append(fault(number, "", field, sentence))
            continue
        _take(number, line, options, found)
    return found


def explained(message: str, keys: tuple[str, ...]) -> tuple[str, str]:
    """msgspec's message as (sentence, field); an unknown key names the nearest of ``keys``."""
    sentence, field = split_path(message)
    unknown = _UNKNOWN.search(sentence)
    return (f"there is no key {unknown['key']!r}; {near(unknown['key'], keys)}" if unknown else sentence), field


def _take(number: int, line: Line, options: Options, found: Found) -> None:
    facts = []
    for said in line.facts:
        try:
            facts.append(_fact(said, options))
        except UsageError as error:
            found.remarks.append(fault(number, line.id, said.name, str(error)))
    try:
        kind = kind_of(line.kind, options)
    except UsageError as error:
        found.remarks.append(fault(number, line.id, "kind", str(error)))
        return
    found.rows.append(Row(number, line.id, kind, tuple(facts)))


def _fact(said: FactLine, options: Options) -> Fact:
    return Fact(
        name=name_of(said.name),
        values=said.values,
        source=require(said.source or options.source or None, "source"),
        grade=grade_of(said.grade, options),
        as_of=require(said.as_of or options.as_of, "as_of"),
        expires=said.expires or options.expires,
        evidence=said.evidence or options.evidence,
    )
