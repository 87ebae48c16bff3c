"""Documents that ship, as data: each with its source, the day it is as of, and what was not verified.

None is legal advice and none is in force until somebody copies it, edits it and two people sign it.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from bylaw.access.rules.document import Document, parse

FOLDER = Path(__file__).with_name("library")


class Entry(msgspec.Struct, frozen=True):
    """A document that ships: its id, its text with comments, and what it says."""

    id: str
    text: str
    document: Document


@cache
def library() -> Mapping[str, Entry]:
    """Every document that ships, by id."""
    entries = (_entry(path) for path in sorted(FOLDER.glob("*.toml")))
    return {entry.id: entry for entry in entries}


def _entry(path: Path) -> Entry:
    text = path.read_text(encoding="utf-8")
    document = parse(text, path.name)
    return Entry(document.id, text, document)
