"""One decision, in the words of ``bylaw decisions explain``, and where it stands in the ledger."""

import msgspec

from bylaw.access.office.made import Made
from bylaw.access.office.words import explain
from bylaw.console.decisions.tail import fresh
from bylaw.console.desk import Desk
from bylaw.console.views.reading import looked
from bylaw.errors import UsageError


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is None for whoever may not read facts. ``filed``: the archive has it; ``entered``: the ledger too."""

    id: str
    at: str
    subject: str
    model: str
    outcome: str
    text: str | None
    filed: bool
    entered: bool


def explained(desk: Desk, id: str, by: str, may_read: bool) -> Explained:
    """The decision of an id, or of its beginning. What it rests on are raw facts: that somebody looked is entered.

    Raises ``UsageError`` if there is none, or several.
    """
    made, filed = _found(desk, id)
    if may_read:
        looked(desk, made.decision.rests_on, by, f"the decision {made.id[:25]} explained")
    return Explained(
        id=made.id,
        at=made.basis.at,
        subject=made.decision.subject,
        model=made.decision.request.model,
        outcome=made.decision.outcome,
        text=explain(made.decision, made.id, made.basis.at) if may_read else None,
        filed=filed,
        entered=filed and desk.office().archive.is_entered(made.id),
    )


def _found(desk: Desk, id: str) -> tuple[Made, bool]:
    try:
        return desk.office().archive.find(id), True
    except UsageError:
        begin = id if id.startswith("decision-") else f"decision-{id}"
        found = [each for each in fresh(desk.state.segments) if each.id.startswith(begin)]
        if len(found) != 1:
            raise
        return found[0].made, False
