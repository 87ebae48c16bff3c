"""The formats of a roster, by name; a new one is a file beside this one and a row here."""

from collections.abc import Callable
from pathlib import Path

from bylaw.access.roster import jsonl, kyc, scim, table
from bylaw.access.roster.options import Options
from bylaw.access.roster.reading import Found
from bylaw.access.roster.rows import near
from bylaw.errors import UsageError

Loader = Callable[[bytes, str, Options], Found]
"""(content, its name, options) → rows that decode, and remarks on those that do not. Raises ``RecordError``."""

FORMATS: dict[str, Loader] = {"csv": table.load, "jsonl": jsonl.load, "scim": scim.load, "kyc": kyc.load}
_ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".scim": "scim", ".json": "scim", ".dsse": "kyc"}


def format_of(path: Path, named: str | None) -> str:
    """The format's name: as said, else by the file's ending. Raises ``UsageError`` for one that is not known."""
    name = named or _ENDINGS.get(path.suffix.lower(), path.suffix)
    if name not in FORMATS:
        raise UsageError(f"{path}: there is no format {name!r}; {near(name, FORMATS)}")
    return name
