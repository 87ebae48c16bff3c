"""The start page: what is in force, what came last, what happens this hour, and what needs somebody."""

from datetime import datetime

import msgspec

from bylaw.access.decide.prepared import in_force
from bylaw.access.office.journal import Act
from bylaw.access.rules.bring import texts
from bylaw.access.rules.document import Document
from bylaw.console.decisions.counts import missing_facts, per_minute
from bylaw.console.desk import Desk
from bylaw.console.views.bars import Bar
from bylaw.console.views.filings import Due, due
from bylaw.console.views.hits import Hits, hits
from bylaw.console.views.ledger import Ledger, ledger
from bylaw.console.views.licenses import Row as License
from bylaw.console.views.licenses import licenses
from bylaw.console.views.workers import Workers, workers

OLD = 3600.0
"""Seconds after which a checkpoint is old, where decisions wait to be entered."""
DAY = 86400


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """A document that counts, or will."""

    name: str
    title: str
    kind: str
    authority: str
    models: tuple[str, ...]
    since: datetime
    until: datetime | None


class Missing(msgspec.Struct, frozen=True):
    """A fact that would settle what was held in the last day, in how many decisions, and how to bring it."""

    fact: str
    count: int
    bring: str


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """``minutes`` by outcome, the last hour, the present minute last; ``behind``: decisions not in the counts yet."""

    at: datetime
    rules: tuple[InForce, ...]
    coming: tuple[InForce, ...]
    acts: tuple[Act, ...]
    minutes: dict[str, list[int]]
    missing: tuple[Missing, ...]
    hits: Hits
    licenses: tuple[License, ...]
    filings: Due
    workers: Workers
    ledger: Ledger
    behind: int

    @property
    def bars(self) -> list[Bar]:
        """The hour, minute by minute."""
        rows = zip(self.minutes["allow"], self.minutes["hold"], self.minutes["refuse"], strict=True)
        return [Bar(place, *row) for place, row in enumerate(rows)]

    @property
    def unlooked(self) -> int:
        """Matches that nobody has looked at, and people who could not be screened."""
        return self.hits.counts["open"] + self.hits.counts["unscreened"]

    @property
    def faulty(self) -> tuple[str, ...]:
        """Lists that cannot be relied on, each with why."""
        return tuple(f"{each.name} {each.fault}" for each in self.hits.lists if each.fault)

    @property
    def ledger_age(self) -> float:
        """Seconds since the checkpoint was signed."""
        return (self.at - self.ledger.signed).total_seconds() if self.ledger.signed else 0.0

    @property
    def ledger_old(self) -> bool:
        """Whether decisions wait too long to be entered."""
        return bool(self.ledger.fault) or (self.ledger.waiting > 0 and self.ledger_age > OLD)

    @property
    def calm(self) -> bool:
        """Whether nothing needs anybody."""
        return not (
            self.missing
            or self.unlooked
            or self.faulty
            or self.licenses
            or self.filings.open
            or self.workers.wrong
            or self.workers.stale
            or self.ledger_old
        )


def now(desk: Desk) -> Now:
    """All of it."""
    office, at = desk.office(), desk.instant()
    documents = office.rules(at)
    standing = [each.document for each in in_force(documents, at)]
    summary, listing = desk.gathering.summary, desk.gathering.listing
    return Now(
        at=at,
        rules=tuple(_in_force(each) for each in standing),
        coming=tuple(_in_force(each) for each in documents if each.effective_from > at),
        acts=office.journal.acts()[-5:][::-1],
        minutes=per_minute(summary, int(desk.clock())),
        missing=tuple(Missing(fact, n, _bring(fact)) for fact, n in missing_facts(summary, int(desk.clock()) - DAY)),
        hits=hits(desk),
        licenses=tuple(each for each in licenses(desk) if each.soon),
        filings=due(desk),
        workers=workers(desk),
        ledger=ledger(desk),
        behind=max(0, listing.last() - summary.read()),
    )


def _in_force(document: Document) -> InForce:
    return InForce(
        name=document.name,
        title=document.title,
        kind=document.kind,
        authority=document.authority,
        models=document.models,
        since=document.effective_from,
        until=document.effective_until,
    )


def _bring(fact: str) -> str:
    """How to bring it."""
    return texts().get(fact, "").replace("{detail}", "a directive").replace("`", "")
