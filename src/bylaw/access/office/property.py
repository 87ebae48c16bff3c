"""Property of blocked persons, as this office has written it down: a line for each entry, only ever appended to."""

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from bylaw.access.filings.property import Entry, Ground, Holdings, Nothing, Property, Released
from bylaw.access.office.place import Office
from bylaw.access.roster.characters import unseen
from bylaw.access.roster.values import OLDEST
from bylaw.errors import UsageError
from bylaw.storage import append_line, read_records

FILE = "property.jsonl"
E = TypeVar("E", Property, Nothing, Released)


def holdings(office: Office) -> Holdings:
    """What is held. Raises ``RecordError`` with the line for what is no entry."""
    path = office.root / FILE
    return Holdings(read_records(path, Entry, torn=True) if path.exists() else ())  # type: ignore[arg-type]


def block(office: Office, owner: str, property: str, on: date, by: str, **more: str) -> Property:
    """Write down that something of a subject's is blocked; ``more``: where, target, value, authority.

    Raises ``UsageError`` for a subject that nobody knows, a text that says nothing or cannot be read, an absurd day.
    """
    _require_known(office, owner)
    _require_said(what=property)
    _require_seen(**more)
    if on < OLDEST:
        raise UsageError(f"nothing is blocked since {on}")

    def entry(held: Holdings) -> Property:
        number = 1 + max(held.property, default=0)
        return Property(number=number, owner=owner, property=property, on=on, by=by, **more)

    return _written(office, entry)


def nothing(office: Office, owner: str, on: date, by: str) -> Nothing:
    """Write down that nothing of a subject's is held. Raises ``UsageError`` for a stranger, or if something is."""
    _require_known(office, owner)

    def entry(held: Holdings) -> Nothing:
        own = [str(each.number) for each in held.on(on) if each.owner == owner]
        if own:
            raise UsageError(f"property {', '.join(own)} of {owner} is held, by what is written down here")
        return Nothing(owner=owner, on=on, by=by)

    return _written(office, entry)


def release(office: Office, number: int, on: date, ground: Ground, why: str, by: str) -> Released:
    """Write down that property is released. Raises ``UsageError`` if it is not blocked, or was not on that day, or for
    a reason that says nothing or cannot be read.
    """
    _require_said(why=why)

    def entry(held: Holdings) -> Released:
        held.require_blocked(number, on)
        return Released(number=number, on=on, ground=ground, why=why, by=by)

    return _written(office, entry)


def _written(office: Office, entry: Callable[[Holdings], E]) -> E:
    """The entry that follows from what is held, on the disk when this returns."""
    with office.changing():
        made = entry(holdings(office))
        append_line(office.root / FILE, made)
    return made


def _require_said(**texts: str) -> None:
    for name, text in texts.items():
        if not text.strip():
            raise UsageError(f"--{name} says nothing: it is kept, and stands in the report")
    _require_seen(**texts)


def _require_seen(**texts: str) -> None:
    """Each text becomes part of a line of a report; another line could not be told from one of ours."""
    for name, text in texts.items():
        if odd := unseen(text):
            raise UsageError(f"--{name} cannot be read: {odd}")


def _require_known(office: Office, subject: str) -> None:
    with office.store() as store:
        if not store.kinds([subject]):
            raise UsageError(f"nobody is known as {subject!r}: bring the subject in with bylaw access import")
