"""Where a row's facts come from: its own columns first, the operator's options where they say nothing."""

from datetime import date

import msgspec

from bylaw.access.roster.cells import day
from bylaw.access.roster.options import Options
from bylaw.access.roster.words import grade_of, require
from bylaw.access.subjects import Fact, FactName, Grade, Value

COLUMNS = ("source", "grade", "as_of", "expires", "evidence")


class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a fact says of itself besides its name and values."""

    source: str
    grade: Grade
    as_of: date
    expires: date | None = None
    evidence: str = ""

    def fact(self, name: FactName, values: tuple[Value, ...] | None) -> Fact:
        """A fact that comes from there."""
        return Fact(
            name=name,
            values=values,
            source=self.source,
            grade=self.grade,
            as_of=self.as_of,
            expires=self.expires,
            evidence=self.evidence,
        )


def provenance(options: Options, source: str, grade: str, as_of: str, expires: str, evidence: str) -> Provenance:
    """Of a row's texts; an empty one is the file's. Raises ``UsageError`` for one that is wrong, or nobody gives."""
    return Provenance(
        source=require(source or options.source or None, "source"),
        grade=grade_of(grade, options),
        as_of=day(as_of) if as_of else require(options.as_of, "as_of"),
        expires=day(expires) if expires else options.expires,
        evidence=evidence or options.evidence,
    )
