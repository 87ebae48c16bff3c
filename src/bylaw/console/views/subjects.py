"""Who is known, by id; and one subject: what is no fact to anybody who may see the page, the facts to who says why."""

from datetime import UTC, date, datetime

import msgspec

from bylaw.access.office.words import fact as in_words
from bylaw.access.store.finding import Found
from bylaw.access.store.records import Entry, Hold, Import, Read
from bylaw.access.subjects import Fact, FactName, Standing, SubjectKind, standing
from bylaw.console.desk import Desk
from bylaw.console.views.feed import Line, _filed
from bylaw.console.views.sources import outside_of
from bylaw.errors import UsageError

RECENT = 20


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A subject without its facts: holds that stand, what lists say of it, who looked, what was decided."""

    id: str
    kind: SubjectKind
    holds: tuple[Hold, ...]
    hits: dict[str, str]
    reads: tuple[Read, ...]
    decisions: tuple[Line, ...]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A name of which something is known. ``state``: it counts, is disputed, has expired, or is not seen yet."""

    name: FactName
    values: str
    grade: str
    source: str
    as_of: date
    expires: date | None
    evidence: str
    against: tuple[str, ...]
    expired: bool


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the history. ``text`` is None where it was erased, under the erasure of that number."""

    name: FactName
    recorded: datetime
    by: str
    source: str
    text: str | None
    erasure: int | None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What counts today, what does not any more, and all that was ever said."""

    on: date
    known: tuple[Known, ...]
    history: tuple[Past, ...]


def found(desk: Desk, text: str, kind: str = "", after: str = "", most: int = 50) -> Found:
    """Subjects by id."""
    with desk.office().store() as store:
        return store.find(text, kind, after, most)


def card(desk: Desk, id: str) -> Card:
    """A subject. Raises ``UsageError`` if nothing is known of it."""
    office = desk.office()
    with office.store() as store:
        kinds = store.kinds([id])
        if id not in kinds:
            raise UsageError(f"nothing is known of a subject {id!r}")
        holds = tuple(each for each in store.holds() if each.lifted is None and each.subject in (None, id))
        reads = store.looked(id, RECENT)
    hits = {name: hit for name, each in outside_of(office).lists.items() if (hit := each.hits.get(id))}
    rows = desk.gathering.listing.of_subject(id, RECENT)
    return Card(id=id, kind=kinds[id], holds=holds, hits=dict(hits), reads=reads, decisions=tuple(_filed(desk, rows)))


def facts(desk: Desk, id: str, by: str, why: str) -> Facts:
    """All that is known. That it is read, by whom and why, is entered first. Raises ``UsageError``."""
    on = desk.instant().astimezone(UTC).date()
    with desk.office().store() as store:
        entries = store.history(id, by=by, why=why)
        imports = {each.id: each for each in store.imports()}
    said = [entry.fact for entry in entries if entry.fact]
    return Facts(on=on, known=_known(said, on), history=tuple(_past(each, imports) for each in reversed(entries)))


def _known(said: list[Fact], on: date) -> tuple[Known, ...]:
    """What counts, and below it of every other name the last that was said."""
    counts = standing(said, on)
    last = {fact.name: Standing(fact) for fact in said if fact.name not in counts}
    rows = [_row(each, on) for each in counts.values()] + [_row(each, on) for each in last.values()]
    return tuple(sorted(rows, key=lambda row: (row.expired, row.name)))


def _row(said: Standing, on: date) -> Known:
    fact = said.fact
    bare = msgspec.structs.replace(fact, expires=None, evidence="")
    return Known(
        name=fact.name,
        values=in_words(bare).rpartition(" (")[0],
        grade=fact.grade,
        source=fact.source,
        as_of=fact.as_of,
        expires=fact.expires,
        evidence=fact.evidence,
        against=tuple(map(in_words, said.against)),
        expired=not fact.counts(on),
    )


def _past(entry: Entry, imports: dict[int, Import]) -> Past:
    brought = imports[entry.recorded_by]
    return Past(
        name=entry.name,
        recorded=brought.recorded,
        by=brought.by,
        source=brought.source,
        text=in_words(entry.fact) if entry.fact else None,
        erasure=entry.erasure,
    )
