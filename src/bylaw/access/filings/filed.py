"""What somebody said was filed: reports, named as their drafts are, and the authority's reference for them.

Nothing is sent from here; whoever files says so, and what is left stays on the list with its clock. What was said
wrongly is taken back by one more entry: nothing is ever changed.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from bylaw.access.roster.characters import unseen
from bylaw.errors import UsageError

LONGEST = 200
"""Characters of a reference."""
Report = Annotated[str, Meta(pattern=r"^[a-z-]{1,40}/[0-9]{1,15}(-[0-9]{1,3})?\Z")]
"""As ``Draft.report`` names it: ``blocked-property/1``, ``unblocked-property/1-2`` of a second release."""


class Filed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Reports about ``event`` (a day in Washington) went to the authority on a day, under its ``reference``; or, with
    ``taken_back``, they did not after all, and ``reference`` says why.
    """

    reports: Annotated[tuple[Report, ...], Meta(min_length=1)]
    event: date
    on: date
    reference: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    by: Annotated[str, Meta(min_length=1)]
    taken_back: bool = False


class Filings:
    """What was said, in order. ``standing`` has, by report, what was said of it and not taken back."""

    def __init__(self, said: Iterable[Filed] = ()) -> None:
        self.history = tuple(said)
        self.standing: dict[str, Filed] = {}
        for each in self.history:
            for report in each.reports:
                if each.taken_back:
                    self.standing.pop(report, None)
                else:
                    self.standing[report] = each

    def of(self, event: date) -> list[str]:
        """The reports about a day that are filed, in the order in which they were."""
        return [report for report, each in self.standing.items() if each.event == event]

    def counts(self, kind: str) -> Counter[date]:
        """By day, how many reports of a kind about it are filed."""
        return Counter(each.event for report, each in self.standing.items() if report.startswith(f"{kind}/"))

    def check(self, said: Filed) -> None:
        """Raises ``UsageError`` for a report that is filed already, or is taken back and was not, for a day before what
        it is about, and for a reference that is empty, too long or not to be read.
        """
        if not said.reference.strip() or len(said.reference) > LONGEST:
            raise UsageError(
                f"give the reference under which it was filed: it is kept, {LONGEST} characters at the most"
            )
        if odd := unseen(said.reference):
            raise UsageError(f"the reference cannot be read: {odd}")
        if said.on < said.event:
            raise UsageError(f"nothing can be filed on {said.on} about what happened on {said.event}")
        for report in said.reports:
            before = self.standing.get(report)
            if before and not said.taken_back:
                raise UsageError(f"{report} was filed on {before.on}, as {before.reference}")
            if said.taken_back and not before:
                raise UsageError(f"{report} was not filed, by what was said here: there is nothing to take back")
