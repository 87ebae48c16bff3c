"""Whom a change of the rules would hit, before it takes effect: everybody decided under both, and compared.

*Over-blocking* is a figure of its own: who loses access though nothing says that the order is about them, because a
fact is missing. It is an upper bound, and it says which facts would bring it down.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from bylaw.access.decide.policy import Desk, Policy
from bylaw.access.decision import Decision, Outcome, Request
from bylaw.access.office.place import Office, stamp
from bylaw.access.rules.document import Document
from bylaw.access.subjects import FactName, Subject, SubjectKind

OUTCOMES: tuple[Outcome, ...] = ("allow", "hold", "refuse")
UNKNOWN = "unknown"
OF: Mapping[str, tuple[FactName, ...]] = {
    "person": ("citizenship", "residence"),
    "organization": ("incorporation", "headquarters"),
    "service": ("location",),
    "channel": ("location",),
}
"""By which fact a subject is counted under a country: the first of these that is known."""
STEP = 500
"""Decisions between two words on how far it is."""
WORKS = {"person": "employer", "service": "responsible", "channel": "operator"}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a group have which outcome, before and after. ``weight`` counts requests where traffic is given."""

    model: str
    group: str
    before: dict[str, int]
    after: dict[str, int]


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who could use a model and could not any more. ``settles``: which facts would settle what decides.

    ``unsettled`` as of a decision: nothing says that the order is about them.
    """

    subject: str
    kind: SubjectKind
    model: str
    after: Outcome
    rules: tuple[str, ...]
    settles: tuple[tuple[FactName, str], ...] = ()
    unsettled: bool = False


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who could not use a model and could; ``works``: for or under whom, since a license may go by that."""

    subject: str
    kind: SubjectKind
    model: str
    before: Outcome
    works: tuple[str, ...]


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison. ``gains`` counts who could not before and can after, by model; ``gained`` are they."""

    at: datetime
    subjects: int
    models: tuple[str, ...]
    totals: tuple[Row, ...]
    countries: tuple[Row, ...]
    organizations: tuple[Row, ...]
    traffic: tuple[Row, ...]
    losses: tuple[Loss, ...]
    gained: tuple[Gain, ...]
    gains: dict[str, int]
    needs: dict[str, int]
    """How many held subjects would need which fact."""
    unsafe: dict[str, int]
    """By rule: how many are let through though a fact is unknown, because the rule says ``unsafe_allow``."""

    @property
    def settled(self) -> int:
        """Losses by what is known."""
        return sum(not loss.unsettled for loss in self.losses)

    @property
    def unsettled(self) -> int:
        """Losses for want of a fact, or of a list that can be relied on: over-blocking at the most."""
        return len(self.losses) - self.settled

    @property
    def over_blocking(self) -> float:
        """The share of losses of which nothing says that the order is about them; 0 without losses."""
        return self.unsettled / len(self.losses) if self.losses else 0.0


class Counts:
    """Outcomes before and after, by model and group."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[Counter[str], Counter[str]]] = {}

    def add(self, model: str, group: str, before: Outcome, after: Outcome, weight: int = 1) -> None:
        """One more of a group."""
        one, two = self._counts.setdefault((model, group), (Counter(), Counter()))
        one[before] += weight
        two[after] += weight

    def rows(self) -> tuple[Row, ...]:
        """Largest change first, then by name."""
        made = [
            Row(model=model, group=group, before=_all(one), after=_all(two))
            for (model, group), (one, two) in self._counts.items()
        ]
        return tuple(sorted(made, key=lambda row: (*_change(row), row.model, row.group)))


def impact(
    before: Policy,
    after: Policy,
    register: Mapping[str, Subject],
    models: Sequence[str],
    traffic: Iterable[tuple[str, Request, int]] = (),
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Impact:
    """The change for everybody on the API, and for recorded ``traffic``: (subject, request, how many times).

    ``told`` hears from time to time how many decisions of how many are made.
    """
    old, new = before.over(register, keep=1), after.over(register, keep=1)
    totals, countries, organizations = Counts(), Counts(), Counts()
    losses: list[Loss] = []
    gained: list[Gain] = []
    needs: Counter[str] = Counter()
    unsafe: Counter[str] = Counter()
    groups = {id: (one.kind, country_of(one), organization_of(one, register)) for id, one in register.items()}
    for place, model in enumerate(models):
        request = Request(model=model)
        for number, (id, (kind, country, organization)) in enumerate(groups.items(), place * len(groups)):
            if number % STEP == 0:
                told(number, len(groups) * len(models))
            was, now = old.decide(id, request), new.decide(id, request)
            totals.add(model, kind, was.outcome, now.outcome)
            countries.add(model, country, was.outcome, now.outcome)
            organizations.add(model, organization, was.outcome, now.outcome)
            needs.update({name for name, _ in _settling(now)} if now.outcome == "hold" else ())
            unsafe.update(finding.rule for finding in now.findings if finding.unsafe)
            if was.outcome == "allow" != now.outcome:
                losses.append(_loss(now, kind))
            elif was.outcome != "allow" == now.outcome:
                gained.append(_gain(register[id], model, was.outcome))
    gains = Counter(each.model for each in gained)
    return Impact(
        at=after.at,
        subjects=len(register),
        models=tuple(models),
        totals=totals.rows(),
        countries=countries.rows(),
        organizations=organizations.rows(),
        traffic=_traffic(old, new, traffic),
        losses=tuple(losses),
        gained=tuple(gained),
        gains={model: gains[model] for model in models},
        needs=dict(needs.most_common()),
        unsafe=dict(unsafe),
    )


def foresee(
    office: Office,
    documents: Sequence[Document],
    now: datetime,
    *,
    at: datetime | None = None,
    models: Sequence[str] = (),
    days: int = 7,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Impact:
    """The impact of enacting documents here, as of when they take effect or ``at``, on recorded requests of days."""
    now = office.clock(now)
    when = at or max(now, *(each.effective_from for each in documents))
    traffic = office.archive.traffic(stamp(now - timedelta(days=days)))
    policies, register = office.policies(when, documents), office.register(when)
    return impact(*policies, register, models or office.settings.models, traffic, told)


def country_of(subject: Subject) -> str:
    """The countries a subject is counted under, or ``unknown``."""
    for name in OF[subject.kind]:
        values = subject.values(name)
        if values:
            return "+".join(sorted({value.text for value in values}))
    return UNKNOWN


def organization_of(subject: Subject, register: Mapping[str, Subject]) -> str:
    """Itself, the first it works for or under, or ``unknown``. A service is its responsible person's."""
    seen: set[str] = set()
    while subject.kind != "organization":
        values = subject.values(WORKS[subject.kind])  # type: ignore[arg-type]  # names of facts, by kind
        if not values or values[0].text not in register or values[0].text in seen:
            return UNKNOWN
        seen.add(values[0].text)
        subject = register[values[0].text]
    return subject.id


def _traffic(old: Desk, new: Desk, traffic: Iterable[tuple[str, Request, int]]) -> tuple[Row, ...]:
    counts = Counts()
    for subject, request, times in traffic:
        if subject in old.register:
            was, now = old.decide(subject, request).outcome, new.decide(subject, request).outcome
            counts.add(request.model, request.surface, was, now, times)
    return counts.rows()


def _gain(subject: Subject, model: str, before: Outcome) -> Gain:
    values = subject.values(WORKS[subject.kind]) if subject.kind in WORKS else ()  # type: ignore[arg-type]  # as above
    works = tuple(value.text for value in values or ())
    return Gain(subject=subject.id, kind=subject.kind, model=model, before=before, works=works)


def _loss(now: Decision, kind: SubjectKind) -> Loss:
    return Loss(
        subject=now.subject,
        kind=kind,
        model=now.request.model,
        after=now.outcome,
        rules=tuple(finding.rule for finding in now.deciding),
        settles=_settling(now),
        unsettled=now.unsettled,
    )


def _settling(now: Decision) -> tuple[tuple[FactName, str], ...]:
    return tuple(dict.fromkeys(each for finding in now.deciding for each in finding.settles))


def _change(row: Row) -> tuple[int, int]:
    """What sorts the largest change of who is allowed first, then of who is held rather than refused."""
    by = [row.after[outcome] - row.before[outcome] for outcome in OUTCOMES]
    return -abs(by[0]), -sum(map(abs, by))


def _all(counter: Counter[str]) -> dict[str, int]:
    return {outcome: counter[outcome] for outcome in OUTCOMES}
