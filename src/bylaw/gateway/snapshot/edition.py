"""A snapshot, opened: the policy compiled, people mapped, keys mapped; it decides.

What a head has in common with the one before is not opened again, and where rules, hits and people are the same, what
has been worked out stays.
"""

from datetime import UTC, datetime
from math import inf
from typing import NamedTuple

import msgspec

from bylaw.access.decide.outside import Outside
from bylaw.access.decide.policy import Desk, Policy, compile
from bylaw.access.decision import Decision, Request
from bylaw.access.office.made import Basis
from bylaw.access.rules.document import Document, parse
from bylaw.canonical import canonical
from bylaw.errors import VerificationError
from bylaw.gateway.caller.keys import Key
from bylaw.gateway.snapshot.head import Day, Head
from bylaw.gateway.snapshot.parts import Parts
from bylaw.gateway.snapshot.people import People
from bylaw.gateway.snapshot.table import Table

KEEP = 1 << 15
"""Decisions that are kept ready, at some kilobytes each."""
_DAY = 86_400.0


class Ruled(NamedTuple):
    """A decision, and its canonical bytes."""

    decision: Decision
    body: bytes


class Opened(NamedTuple):
    """What a head's parts hold."""

    rules: tuple[Document, ...]
    outside: Outside
    keys: Table
    days: dict[str, People]


class Edition:
    """A head at an instant. ``until``: from then on another one must be made of it (None: the rules do not change)."""

    def __init__(self, head: Head, opened: Opened, at: datetime) -> None:
        day = str(at.date())
        if day not in opened.days:
            raise VerificationError("snapshot", f"version {head.version} has nobody as of {day}")
        self.head, self.opened, self.day, self.least = head, opened, day, least_of(head)
        self.policy: Policy = compile(opened.rules, opened.outside, at, head.models)
        self.authorities = {each.document.name: each.document.authority for each in self.policy.rules}
        self._desk = Desk(self.policy, opened.days[day], KEEP >> 3)
        self._ruled: dict[tuple[str, Request], Ruled] = {}
        self.begins = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        """From here to before ``ends``, in seconds since 1970, the rules and the day are the same."""
        self.ends = min(self.begins + _DAY, self.until.timestamp() if self.until else inf)

    @property
    def until(self) -> datetime | None:
        """The first instant for which it does not hold."""
        return self.policy.until

    def holds(self, at: datetime) -> bool:
        """Whether it is of that instant: the rules and the day are the same."""
        return self.begins <= at.timestamp() < self.ends

    def key(self, hash: str) -> Key | None:
        """Whose key has this hash."""
        found: Key | None = self.opened.keys.get(hash)
        return found

    def decide(self, subject: str, request: Request) -> Ruled:
        """The decision. Raises ``UsageError`` for a subject or channel that nobody in the register is."""
        try:
            return self._ruled[subject, request]
        except KeyError:
            pass
        decision = self._desk.decide(subject, request)
        if len(self._ruled) >= KEEP:
            self._ruled.clear()
        ruled = self._ruled[subject, request] = Ruled(decision, canonical(decision))
        return ruled

    def basis(self, at: str) -> Basis:
        """What a decision of an instant is made from."""
        head = self.head
        return Basis(at=at, facts=head.imports, acts=head.acts, rules=self.policy.id, outside=head.outside)

    def renewed(self, head: Head, opened: Opened, at: datetime) -> "Edition":
        """The edition of a later head; this one's own work goes on where nothing that decides has changed."""
        before = self.head
        same = (before.rules, before.hits, before.days.get(self.day), before.imports, before.acts) == (
            (head.rules, head.hits, head.days.get(self.day), head.imports, head.acts)
        )
        if not same or not self.holds(at):
            return Edition(head, opened, at)
        made = Edition.__new__(Edition)
        made.__dict__.update(self.__dict__, head=head, opened=opened, least=least_of(head))
        return made


def open_parts(parts: Parts, head: Head, before: Edition | None) -> Opened:
    """The parts of a head, each checked. Raises ``VerificationError``."""
    old = before.head if before else None
    had = before.opened if before else None
    days = {}
    for name, day in head.days.items():
        same = old is not None and old.days.get(name) == day
        days[name] = had.days[name] if had and same else _people(parts, day)
    return Opened(
        rules=had.rules if had and old and old.rules == head.rules else _rules(parts, head),
        outside=had.outside if had and old and old.hits == head.hits else _outside(parts, head),
        keys=had.keys if had and old and old.keys == head.keys else Table(parts.find(head.keys), Key, KEEP),
        days=days,
    )


def least_of(head: Head) -> float:
    """Seconds since 1970 before which nothing is decided by it: when it was made, and what it was made for."""
    return max(head.made, datetime.fromisoformat(head.at).timestamp())


def instant_of(seconds: float) -> datetime:
    """The instant, in whole seconds, as decisions are made for."""
    return datetime.fromtimestamp(int(seconds), UTC)


def _people(parts: Parts, day: Day) -> People:
    return People(parts.find(day.subjects), parts.find(day.facts))


def _rules(parts: Parts, head: Head) -> tuple[Document, ...]:
    texts = msgspec.json.decode(parts.find(head.rules).read_bytes(), type=list[str])
    return tuple(parse(text) for text in texts)


def _outside(parts: Parts, head: Head) -> Outside:
    return msgspec.json.decode(parts.find(head.hits).read_bytes(), type=Outside)
