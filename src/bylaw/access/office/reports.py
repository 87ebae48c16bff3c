"""What a period's decisions amount to: counts, over-blocking, and drafts of the reports that are owed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache

import msgspec

from bylaw.access.decide.outside import Outside
from bylaw.access.decision import Decision
from bylaw.access.filings.calendar import day_of
from bylaw.access.filings.drafts import Draft, Kind, draft
from bylaw.access.office.made import Made
from bylaw.access.office.place import instant

REPORT = "report"
NO_BASE = "no base rule covers it"
"""In place of a rule's name, where none is in force."""
BLOCKING_LIST, BLOCKING_RULE = "ofac-sdn", "ofac-50"
"""On this list, or owned under this rule: then not only services are refused, but property is blocked."""
SERVICE = "access to the model {model} ({surface}), a service that was asked for and not rendered; {id}"
REFUSAL: Kind = "rejected-transaction"


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions counted. ``unsettled`` are held, or refused, though nothing says that a rule is about them."""

    outcomes: dict[str, int]
    rules: dict[str, int]
    """How many were refused or held by which rule."""
    unsettled: int
    unsafe: int
    drafts: tuple[Draft, ...]
    blocked: tuple[str, ...] = ()
    """Whoever was refused and is blocked: what is held of theirs is blocked property."""

    @property
    def over_blocking(self) -> float:
        """The share of those not allowed for whom nothing says that a rule is about them."""
        blocked = self.outcomes.get("refuse", 0) + self.outcomes.get("hold", 0)
        return self.unsettled / blocked if blocked else 0.0


def period(
    decisions: Iterable[tuple[int, Made]],
    filer: Mapping[str, str],
    outside: Callable[[str], Outside] = lambda key: Outside(),
    closed: frozenset[date] = frozenset(),
) -> Period:
    """The counts, and a draft for each refusal that is to be reported; a decision comes with its number in the archive,
    by which its report is named.

    ``filer``: the fields about ourselves. ``outside``: the hits that a decision was made from, by digest; without it,
    whom the refusal is aimed at stays open.
    """
    outside = lru_cache(maxsize=4)(outside)
    outcomes: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    unsettled = unsafe = 0
    drafts = []
    blocked: dict[str, None] = {}
    for number, made in decisions:
        decision = made.decision
        outcomes[decision.outcome] += 1
        unsafe += any(finding.unsafe for finding in decision.findings)
        if decision.outcome != "allow":
            rules.update(finding.rule or NO_BASE for finding in decision.deciding)
            unsettled += decision.unsettled
        if day := report_day(made):
            drafts.append(_draft(number, made, day, filer, outside(made.basis.outside), closed))
        if decision.outcome == "refuse":
            blocked |= dict.fromkeys(_blocked(decision, outside(made.basis.outside)))
    return Period(
        outcomes=dict(outcomes),
        rules=dict(rules.most_common()),
        unsettled=unsettled,
        unsafe=unsafe,
        drafts=tuple(drafts),
        blocked=tuple(blocked),
    )


def report_day(made: Made) -> date | None:
    """The day (Washington's) of a refusal that is to be reported; None: nothing is owed about this decision."""
    asked = made.decision.outcome == "refuse" and any(duty == REPORT for duty, _ in made.decision.duties)
    return day_of(instant(made.basis.at)) if asked else None


def _draft(
    number: int, made: Made, day: date, filer: Mapping[str, str], outside: Outside, closed: frozenset[date]
) -> Draft:
    decision, request = made.decision, made.decision.request
    asking = {rule for duty, rule in decision.duties if duty == REPORT}
    clauses = [finding.clause for finding in decision.findings if finding.rule in asking]
    known = {
        **filer,
        "transaction": SERVICE.format(model=request.model, surface=request.surface, id=made.id),
        "participants": f"{decision.subject}, from {request.location or 'an unknown place'}",
        "target": "; ".join(_targets(decision, outside)),
        "rejected_on": str(day),
        "authority": "; ".join(dict.fromkeys(clauses)),
    }
    return draft(REFUSAL, str(number), day, known, closed)


def _blocked(decision: Decision, outside: Outside) -> Iterator[str]:
    """Who of those looked at is blocked for certain: on the list of blocked persons, or owned by such."""
    for id in decision.rests_on:
        listed = (name == BLOCKING_LIST and on.hits.get(id) == "confirmed" for name, on in outside.lists.items())
        owned = (name == BLOCKING_RULE and of.statuses.get(id) == "blocked" for name, of in outside.ownership.items())
        if any(listed) or any(owned):
            yield id


def _targets(decision: Decision, outside: Outside) -> Iterator[str]:
    """Who of those looked at is on a list for certain: a finding names the lists that were asked, not the hits."""
    for id in decision.rests_on:
        on = [f"{name}@{given.version}" for name, given in outside.lists.items() if given.hits.get(id) == "confirmed"]
        if on:
            yield f"{id}, on {', '.join(on)}"
