"""What came into force here, and when: one line for each act, only ever appended to.

The ledger holds the same as digests; this file says which document each is. A document that lies in the folder without
a line here is not in force, however well it is signed.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from bylaw.canonical import canonical
from bylaw.errors import RecordError
from bylaw.ledger.entries import Reference, reference
from bylaw.storage import append_line, read_records

Known = datetime | int | None
"""By when something was known: an instant, a number of acts, or now."""


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document (``id@version``, by digest) was enacted; ``ends`` names the documents that it rescinds.

    ``at`` is when it was done, ``effective`` from when it counts. ``entries`` are the ledger's indexes. ``despite`` are
    the errors that a check had found and that it was enacted with all the same; ``keys`` are the ids of the approvers'
    keys that had signed it, of which older acts say nothing. ``office`` is what the entries call this office; None in
    acts from before offices had names.
    """

    act: Literal["enacted"] = "enacted"
    at: datetime
    document: str
    digest: str
    effective: datetime
    ends: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    despite: tuple[str, ...] = ()
    office: str | None = None
    keys: tuple[str, ...] = ()

    @property
    def approval(self) -> Reference | None:
        """What the ledger holds of who approved it, and in spite of what."""
        return reference(canonical({"despite": self.despite, "keys": self.keys})) if self.keys else None


class Journal:
    """The acts in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def acts(self, known_by: Known = None) -> tuple[Act, ...]:
        """Every act, in order; with ``known_by``, the first so many, or those done up to an instant."""
        if not self.path.exists():
            return ()
        try:
            acts = tuple(read_records(self.path, Act))
        except RecordError as error:
            if self.path.read_bytes().endswith(b"\n"):
                raise
            hint = "whoever wrote it was killed: take that line out, and enact again what bylaw access verify names"
            raise RecordError(f"{error}; {hint}") from error
        if isinstance(known_by, int):
            return acts[:known_by]
        return tuple(act for act in acts if known_by is None or act.at <= known_by)

    def write(self, act: Act) -> None:
        """Append an act; it is on the disk when this returns."""
        append_line(self.path, act)
