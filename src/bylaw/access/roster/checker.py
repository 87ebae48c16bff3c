"""One fact, said of one kind of subject, against ``FACTS``: its values, its source, and both together.

Most values are ordinary, and a quick look says so. What was learned of the others, and of a source, is kept: thousands
of rows say the same.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import msgspec

from bylaw.access.roster.characters import unseen
from bylaw.access.roster.values import OLDEST, Read, ordinary, owners_fault, read
from bylaw.access.subjects import FACTS, Fact, SubjectKind, Value

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
        self._read = lru_cache(maxsize=_REMEMBERED)(lambda name, values: read(name, values, today))
        self._kept = lru_cache(maxsize=_REMEMBERED)(_with)
        self._source = lru_cache(maxsize=_REMEMBERED)(self._seen)
        self._quick = {name: (meaning, ordinary(meaning, today)) for name, meaning in FACTS.items()}
        self._before: tuple[object, object, object, object] = (None, None, None, None)
        self._fine = False

    def check(self, fact: Fact, kind: SubjectKind) -> Checked | None:
        """A fact said of a subject of that kind; None: there is nothing to say, and it is kept as it is."""
        meaning, ordinary = self._quick[fact.name]
        if kind not in meaning.of:
            return Checked(fact, (f"cannot be said of kind {kind}, only of {' or '.join(sorted(meaning.of))}",))
        values = fact.values
        if self._as_before(fact) and values and len(values) == 1:
            value = values[0]
            since, detail = value.since, value.detail
            if (
                ordinary(value.text)
                and (since is None or OLDEST <= since <= fact.as_of)
                and value.until is None
                and not value.share
                and (not detail or detail in meaning.detail)
            ):
                return None
        return self._look(fact, self._source(fact.source, fact.as_of, fact.expires, fact.evidence))

    def _as_before(self, fact: Fact) -> bool:
        """Whether its source is fine; mostly it is the very one of the fact before, since a row has one."""
        source, as_of, expires, evidence = self._before
        if (
            fact.as_of is not as_of
            or fact.source is not source
            or fact.evidence is not evidence
            or fact.expires is not expires
        ):
            self._before = (fact.source, fact.as_of, fact.expires, fact.evidence)
            self._fine = self._source(fact.source, fact.as_of, fact.expires, fact.evidence) is _FINE
        return self._fine

    def _look(self, fact: Fact, source: Remarks) -> Checked | None:
        said = self._read(fact.name, fact.values)
        together = _together(fact, said)
        if said.fine and source is _FINE and together is _FINE:
            return None
        faults = (*said.faults, *source[0], *together[0])
        notes = (*said.notes, *source[1], *together[1])
        return Checked(fact if said.values is fact.values else self._kept(fact, said.values), faults, notes)

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
    if not source.strip():
        yield "it says no source"
    for name, text in (("source", source), ("evidence", evidence)):
        if odd := unseen(text):
            yield f"the {name} cannot be read: {odd}"
    if as_of > today:
        yield f"it is from {as_of}, and today is {today}"
    if as_of < OLDEST:
        yield f"it is from {as_of}, which cannot be"
    if expires and expires <= as_of:
        yield f"it expires on {expires}, before it was seen on {as_of}"
