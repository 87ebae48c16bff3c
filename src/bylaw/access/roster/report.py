"""What bringing a roster in did, or would do: row by row, and in total."""

from collections.abc import Iterator

import msgspec

from bylaw.access.roster.rows import Remark
from bylaw.access.store.records import Import


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Rows read and refused; subjects that are new; facts by what ``compare`` calls them."""

    rows: int
    refused: int
    subjects: int = 0
    new: int = 0
    changed: int = 0
    confirmed: int = 0
    unchanged: int = 0
    older: int = 0
    disputed: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``done`` is the import that was made, if one was. ``unused`` counts attributes that mean nothing here."""

    source: str
    digest: str
    format: str
    dry: bool
    skip_faulty: bool
    totals: Totals
    remarks: tuple[Remark, ...]
    unused: dict[str, int] = {}
    done: Import | None = None

    @property
    def refused(self) -> bool:
        """Whether there are faults for which the whole file is not taken."""
        return bool(self.totals.refused) and not self.skip_faulty

    def outcome(self) -> str:
        """What became of the file, in a sentence."""
        faulty = f"rows with faults: {self.totals.refused}"
        if self.refused:
            return f"refused whole, and nothing was changed; {faulty}"
        what = f"recorded as import {self.done.id}" if self.done else "a dry run, and nothing was changed"
        return f"{what}; {faulty}, left out as asked (skip_faulty)" if self.totals.refused else what

    def text(self, limit: int = 50) -> str:
        """For a person: the outcome, totals, and up to ``limit`` remarks, faults first."""
        return "\n".join(self._lines(limit)) + "\n"

    def rows(self) -> Iterator[bytes]:
        """For a program: a line of JSON for each remark, then one with everything else."""
        for remark in self.remarks:
            yield msgspec.json.encode(remark) + b"\n"
        yield msgspec.json.encode(msgspec.structs.replace(self, remarks=())) + b"\n"

    def _lines(self, limit: int) -> Iterator[str]:
        yield f"{self.source} ({self.format}): {self.outcome()}"
        totals = self.totals
        yield f"rows {totals.rows} · refused {totals.refused} · new subjects {totals.subjects}"
        yield (
            f"facts: new {totals.new} · changed {totals.changed} · confirmed {totals.confirmed}"
            f" · unchanged {totals.unchanged} · disputed afterwards {totals.disputed}"
        )
        if totals.older:
            yield f"older than what is known, so kept and of no effect today: {totals.older}"
        for path, count in sorted(self.unused.items()):
            yield f"not used: {path} ({count})"
        told = sorted(self.remarks, key=lambda remark: remark.weight != "fault")
        yield from map(str, told[:limit])
        if len(told) > limit:
            yield f"… and {len(told) - limit} more"
