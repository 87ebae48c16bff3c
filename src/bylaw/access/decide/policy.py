"""``compile`` the rules once, ``decide`` often: one decision at a time, or at a desk that remembers.

A decision holds from the policy's instant until its ``until``: then a rule, fact or list begins or ends, and it must be
made again by a policy of that time.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from bylaw.access.decide.needs import Mark, Need, all_marks, merge, of_channel, of_subject
from bylaw.access.decide.outside import Outside, Ownership, Screened
from bylaw.access.decide.prepared import Prepared, in_force
from bylaw.access.decide.profile import Reader, Reading
from bylaw.access.decide.rulings import rule_on
from bylaw.access.decide.scene import Scene, Source
from bylaw.access.decide.template import Frame, Template
from bylaw.access.decision import Decision, Request
from bylaw.access.rules.document import Document
from bylaw.access.rules.predicates import Citizenship, Evidence, ForeignPerson, Predicate, walk
from bylaw.access.subjects import Subject
from bylaw.canonical import digest
from bylaw.errors import UsageError

KEEP = 1 << 21
"""Decisions a desk remembers, by default, at somewhat under a kilobyte each. When it is full it begins anew."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules in force at an instant. ``id`` is a digest of them; ``until`` the next instant at which they change.

    ``models`` are those that are decided about (None: any). A name that nobody knows is none of them: a directive names
    models, and a base rule may be for all, so a misspelt one would slip past the first into the second.
    """

    at: datetime
    id: str
    rules: tuple[Prepared, ...]
    sources: Mapping[Mark, Source]
    reading: Reading
    subject_need: Need
    channel_need: Need
    until: datetime | None
    models: frozenset[str] | None = None

    def decide(self, register: Mapping[str, Subject], subject: str, request: Request) -> Decision:
        """One decision. Raises ``UsageError`` for an id that nobody in the register has, or an unknown model."""
        return self.over(register).decide(subject, request)

    def over(self, register: Mapping[str, Subject], keep: int = KEEP) -> "Desk":
        """A desk for many decisions over one register, which must not change meanwhile."""
        return Desk(self, register, keep)


class Desk:
    """Decisions over one register, each made once: profiles, rulings and decisions are remembered."""

    def __init__(self, policy: Policy, register: Mapping[str, Subject], keep: int = KEEP) -> None:
        self.policy, self.register, self._keep = policy, register, keep
        self._frame = Frame(policy.id, policy.reading.on, policy.until)
        self._subjects = Reader(register, policy.subject_need, policy.reading)
        self._channels = Reader(register, policy.channel_need, policy.reading)
        self._templates: dict[tuple[Request, int], Template] = {}
        self._made: dict[Request, dict[str, Decision]] = {}
        self._count = 0

    def ready(self) -> int:
        """Work out everybody's profile ahead; returns how many there are."""
        return self._subjects.ready()

    def profile(self, subject: str) -> int:
        """The number of a subject's profile: those with the same are decided alike. Raises ``UsageError``."""
        return self._subjects.number(subject)

    def decide(self, subject: str, request: Request) -> Decision:
        """The decision. Raises ``UsageError`` for an id that nobody in the register has, or an unknown model."""
        try:
            return self._made[request][subject]
        except KeyError:
            return self._make(subject, request)

    def _make(self, subject: str, request: Request) -> Decision:
        template = self._template(self._subjects.number(subject), request)
        if self._count >= self._keep:
            self._made, self._count = {}, 0
        self._count += 1
        decision = self._made.setdefault(request, {})[subject] = template.decision(subject, request, self.register)
        return decision

    def _template(self, number: int, request: Request) -> Template:
        key = (request, number)
        found = self._templates.get(key)
        if found is None:
            self._require_model(request.model)
            channel = self._channels.view(request.channel) if request.channel else None
            scene = Scene(
                view=self._subjects.views[number], request=request, sources=self.policy.sources, channel=channel
            )
            found = self._templates[key] = Template(rule_on(self.policy.rules, scene), self._frame)
        return found

    def _require_model(self, model: str) -> None:
        known = self.policy.models
        if known is not None and model not in known:
            raise UsageError(f"nothing is decided about a model {model!r} here; there are {', '.join(sorted(known))}")


def compile(rules: Iterable[Document], outside: Outside, at: datetime, models: Collection[str] | None = None) -> Policy:
    """The policy of an instant. The order of the rules does not matter; ``models``: all that there are, if it is known.

    Raises ``UsageError`` for an instant without a zone.
    """
    if at.tzinfo is None:
        raise UsageError(f"a policy's instant needs a time zone: {at.isoformat()}")
    documents = {one.digest: one for one in rules}
    prepared = in_force(documents.values(), at)
    asked = [each.who for each in prepared if each.who is not None]
    subject, channel = merge(map(of_subject, asked)), merge(map(of_channel, asked))
    return Policy(
        at=at,
        id=digest(sorted(documents)),
        rules=prepared,
        sources=_sources(outside, at),
        reading=_reading([each for one in asked for each in walk(one)], merge((subject, channel)), outside, at),
        subject_need=subject,
        channel_need=channel,
        until=_next(documents.values(), outside, at),
        models=None if models is None else frozenset(models),
    )


def decide(
    rules: Iterable[Document],
    outside: Outside,
    at: datetime,
    register: Mapping[str, Subject],
    subject: str,
    request: Request,
) -> Decision:
    """One decision, from the beginning."""
    return compile(rules, outside, at).decide(register, subject, request)


def _sources(outside: Outside, at: datetime) -> dict[Mark, Source]:
    """Lists and ownership statuses by mark; one that a rule asks for and that is not here was not given."""
    sources: dict[Mark, Source] = {}
    for name, screened in outside.lists.items():
        sources["list", name] = _source(name, screened, at)
    for name, owned in outside.ownership.items():
        sources["owned", name] = _source(name, owned, at)
    return sources


def _source(name: str, given: Screened | Ownership, at: datetime) -> Source:
    fault = given.fault(at)
    return Source(f"{name}@{given.version}", f"{name} {fault}" if fault else "")


def _reading(predicates: list[Predicate], needs: Need, outside: Outside, at: datetime) -> Reading:
    """On which day, which countries the rules name, what is said of subjects from outside."""
    named = {country for each in predicates for country in getattr(each, "countries", ())}
    named |= {each.country for each in predicates if isinstance(each, ForeignPerson)}
    return Reading(
        on=at.astimezone(UTC).date(),
        countries=frozenset(named),
        graded=any(isinstance(each, Evidence) for each in predicates),
        latest=any(isinstance(each, Citizenship) and each.which == "latest" for each in predicates),
        marks={mark: _marked(mark, outside) for mark in all_marks(needs)},
    )


def _marked(mark: Mark, outside: Outside) -> Mapping[str, str]:
    """What is said of whom."""
    match mark:
        case ("ids", ids):
            return dict.fromkeys(ids, "yes")
        case ("list", name):
            return outside.lists[name].hits if name in outside.lists else {}
        case (_, name):
            return outside.ownership[name].statuses if name in outside.ownership else {}


def _next(documents: Iterable[Document], outside: Outside, at: datetime) -> datetime | None:
    """The next instant at which a rule begins or ends, or a list becomes stale."""
    instants = [instant for one in documents for instant in (one.effective_from, one.effective_until)]
    instants += [given.until for given in (*outside.lists.values(), *outside.ownership.values())]
    return min((instant for instant in instants if instant is not None and instant > at), default=None)
