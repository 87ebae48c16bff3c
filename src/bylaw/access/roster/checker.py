"""One fact, said of one kind of subject, against ``FACTS``: its values, its source, and both together.

What was learned of values, and of a source, is kept: thousands of rows say the same. Names and days of birth, which
hardly two share, are looked at each time.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import msgspec

from bylaw.access.roster.characters import controls
from bylaw.access.roster.values import OLDEST, Read, owners_fault, read
from bylaw.access.subjects import FACTS, Fact, FactName, SubjectKind, Value

_OWN = {name for name, meaning in FACTS.items() if meaning.values in ("text", "date")}
_REMEMBERED = 1 << 16


class Checked(msgspec.Struct, frozen=True):
    """The fact as it is kept, and what is to be said of it."""

    fact: Fact
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Remarks = tuple[tuple[str, ...], tuple[str, ...]]
"""Faults and notes."""
_FINE: Remarks = ((), ())


class Checker:
    """Checks facts on the day of the import."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._shared = lru_cache(maxsize=_REMEMBERED)(self._own)
        self._source = lru_cache(maxsize=_REMEMBERED)(self._seen)
        self._kept = lru_cache(maxsize=_REMEMBERED)(_with)

    def check(self, fact: Fact, kind: SubjectKind) -> Checked | None:
        """A fact said of a subject of that kind; None: there is nothing to say, and it is kept as it is."""
        of = FACTS[fact.name].of
        if kind not in of:
            return Checked(fact, (f"cannot be said of kind {kind}, only of {' or '.join(sorted(of))}",))
        said = (self._own if fact.name in _OWN else self._shared)(fact.name, fact.values)
        source = self._source(fact.source, fact.as_of, fact.expires, fact.evidence)
        together = _together(fact, said) if said.since or said.shares else _FINE
        if said.fine and source is _FINE and together is _FINE:
            return None
        faults, notes = (*said.faults, *source[0], *together[0]), (*said.notes, *source[1], *together[1])
        return Checked(fact if said.values is fact.values else self._kept(fact, said.values), faults, notes)

    def _own(self, name: FactName, values: tuple[Value, ...] | None) -> Read:
        return read(name, values, self.today)

    def _seen(self, source: str, as_of: date, expires: date | None, evidence: str) -> Remarks:
        faults = tuple(_source_faults(source, as_of, expires, evidence, self.today))
        late = expires is not None and as_of < expires <= self.today
        notes = (f"it has expired on {expires}",) if late else ()
        return (faults, notes) if faults or notes else _FINE


def _together(fact: Fact, said: Read) -> Remarks:
    """What depends on the values and on the day they were seen."""
    over = owners_fault(said.values or (), fact.as_of) if said.shares else ""
    early = said.since is not None and said.since > fact.as_of
    notes = ("it begins after the day the fact is from",) if early else ()
    return ((over,) if over else (), notes) if over or early else _FINE


def _with(fact: Fact, values: tuple[Value, ...] | None) -> Fact:
    return msgspec.structs.replace(fact, values=values)


def _source_faults(source: str, as_of: date, expires: date | None, evidence: str, today: date) -> Iterator[str]:
    if not source.strip() or controls(source) or controls(evidence):
        yield "it says no source, or one with control characters in it"
    if as_of > today:
        yield f"it is from {as_of}, and today is {today}"
    if as_of < OLDEST:
        yield f"it is from {as_of}, which cannot be"
    if expires and expires <= as_of:
        yield f"it expires on {expires}, before it was seen on {as_of}"
