"""The texts that a training takes from a record, and the same record with others in their place."""

from collections.abc import Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from bylaw.records import Comparison, Prompt, Record, Response, Revision

R = TypeVar("R", bound=Record)

FIELDS: Final[dict[type[Record], tuple[str, ...]]] = {
    Revision: ("text",),
    Response: ("text",),
    Comparison: ("first", "second"),
}


def texts_of(record: Record) -> tuple[str, ...]:
    """What is learned of a record; of a prompt, what is said in it, turn by turn."""
    if isinstance(record, Prompt):
        return tuple(turn.content for turn in record.messages)
    return tuple(getattr(record, name) for name in FIELDS[type(record)])


def with_texts(record: R, texts: Sequence[str]) -> R:
    """The record with other ``texts``, as many as ``texts_of`` gives."""
    if isinstance(record, Prompt):
        turns = zip(record.messages, texts, strict=True)
        return replace(record, messages=tuple(replace(turn, content=text) for turn, text in turns))
    return replace(record, **dict(zip(FIELDS[type(record)], texts, strict=True)))
