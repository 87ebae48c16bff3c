"""What a period's decisions amount to: counts, over-blocking, and drafts of the reports that are owed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from bylaw.access.filings.drafts import Draft, draft
from bylaw.access.office.archive import Made
from bylaw.access.office.place import instant

REPORT = "report"
SERVICE = "access to the model {model} ({surface}), a service that was asked for and not rendered"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions counted. ``unsettled`` are held, or refused, for want of a fact: over-blocking at the most."""

    outcomes: dict[str, int]
    rules: dict[str, int]
    """How many were refused or held by which rule."""
    unsettled: int
    unsafe: int
    drafts: tuple[Draft, ...]

    @property
    def over_blocking(self) -> float:
        """The share of those not allowed for whom nothing says that a rule is about them."""
        blocked = self.outcomes.get("refuse", 0) + self.outcomes.get("hold", 0)
        return self.unsettled / blocked if blocked else 0.0


def period(decisions: Iterable[Made], filer: Mapping[str, str], closed: frozenset[date] = frozenset()) -> Period:
    """The counts, and a draft for each refusal that is to be reported. ``filer``: the fields about ourselves."""
    outcomes: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    unsettled = unsafe = 0
    drafts = []
    for made in decisions:
        decision = made.decision
        outcomes[decision.outcome] += 1
        unsafe += any(finding.unsafe for finding in decision.findings)
        if decision.outcome != "allow":
            against = decision.deciding
            rules.update(finding.rule for finding in against)
            unsettled += all(finding.concerns == "unknown" for finding in against)
        if decision.outcome == "refuse" and any(duty == REPORT for duty, _ in decision.duties):
            drafts.append(_draft(made, filer, closed))
    return Period(
        outcomes=dict(outcomes),
        rules=dict(rules.most_common()),
        unsettled=unsettled,
        unsafe=unsafe,
        drafts=tuple(drafts),
    )


def _draft(made: Made, filer: Mapping[str, str], closed: frozenset[date]) -> Draft:
    decision = made.decision
    day = instant(made.basis.at).date()
    asking = {rule for duty, rule in decision.duties if duty == REPORT}
    clauses = [finding.clause for finding in decision.findings if finding.rule in asking]
    listed = [each for finding in decision.findings if finding.concerns == "yes" for each in finding.lists]
    known = {
        **filer,
        "transaction": SERVICE.format(model=decision.request.model, surface=decision.request.surface),
        "participants": f"{decision.subject}, from {decision.request.location or 'an unknown place'}",
        "target": f"{decision.subject}, by {', '.join(listed)}" if listed else "",
        "rejected_on": str(day),
        "authority": "; ".join(dict.fromkeys(clauses)),
    }
    return draft("rejected-transaction", made.id, day, known, closed)
