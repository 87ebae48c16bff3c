"""What somebody said was filed: how many of the reports about one day's refusals, under which reference.

Nothing is sent from here; whoever files says so, and what is left stays on the list with its clock. One line a filing
in ``filed.jsonl`` of the office, only ever appended to; one that was wrong is followed by one that takes it back.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bylaw.errors import UsageError
from bylaw.storage import append_line, read_records


class Filed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``count`` reports about refusals of ``event`` (a day in Washington), the first so many in the order in which
    they were decided; less than nothing takes back.
    """

    event: date
    count: int
    reference: Annotated[str, Meta(min_length=1, max_length=200)]
    by: Annotated[str, Meta(min_length=1)]
    on: date


class Filings:
    """The file of an office."""

    def __init__(self, root: Path) -> None:
        self._path = root / "filed.jsonl"

    def all(self) -> tuple[Filed, ...]:
        """Every line, in order."""
        return tuple(read_records(self._path, Filed, torn=True)) if self._path.exists() else ()

    def counts(self) -> dict[date, int]:
        """By day of the refusals, how many were filed."""
        found: dict[date, int] = {}
        for each in self.all():
            found[each.event] = found.get(each.event, 0) + each.count
        return found

    def file(self, said: Filed, owed: int) -> None:
        """Keep it. Raises ``UsageError`` without a reference, or for more than are ``owed``, or fewer than none."""
        if not said.reference.strip():
            raise UsageError("give the reference under which it was filed: it is kept")
        total = self.counts().get(said.event, 0) + said.count
        if said.count == 0 or not 0 <= total <= owed:
            raise UsageError(f"{owed} reports are owed about {said.event}; {total} of them cannot have been filed")
        append_line(self._path, said)
