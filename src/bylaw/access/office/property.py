"""Property of blocked persons, as this office has written it down: a line for each entry, only ever appended to."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from msgspec.structs import replace

from bylaw.access.filings.filed import Filed
from bylaw.access.filings.property import Corrected, Correction, Entry, Ground, Holdings, Nothing, Property, Released
from bylaw.access.filings.terms import term
from bylaw.access.office.place import Office
from bylaw.access.roster.characters import unseen
from bylaw.access.roster.values import OLDEST
from bylaw.errors import UsageError
from bylaw.storage import append_line, read_records

FILE = "property.jsonl"
E = TypeVar("E", Property, Nothing, Released, Corrected)


def holdings(office: Office) -> Holdings:
    """What is held. Raises ``RecordError`` with the line for what is no entry."""
    path = office.root / FILE
    return Holdings(read_records(path, Entry, torn=True) if path.exists() else ())  # type: ignore[arg-type]


def block(office: Office, owner: str, property: str, on: date, by: str, **more: str) -> Property:
    """Write down that something of a subject's is blocked; ``more``: where, target, value, authority.

    Raises ``UsageError`` for a subject that nobody knows, a text that says nothing or cannot be read, an absurd day.
    """
    said = Property(number=0, owner=owner, property=property, on=on, by=by, **more)
    _require_sound(office, said)
    return _written(office, lambda held: replace(said, number=1 + held.last))


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


def correct(
    office: Office,
    number: int,
    changes: Mapping[str, str | date] | None,
    on: date,
    why: str,
    by: str,
    standing: Mapping[str, Filed],
    *,
    unreleased: bool = False,
) -> Correction:
    """Write down that what was written down of a property is wrong. ``changes`` has what is right, by the names of
    ``Property``; None: there never was such property. ``standing``: what is filed.

    Raises ``UsageError`` as ``block`` does, for a number that nothing has, and for what corrects nothing.
    """
    _require_said(why=why)
    was = holdings(office).require_known(number)
    right = None if changes is None else replace(was, by=by, **changes)
    if right:
        _require_sound(office, right)

    def entry(held: Holdings) -> Corrected:
        if held.require_known(number) != was:
            raise UsageError(f"property {number} was corrected meanwhile; look again with bylaw property list")
        made = Corrected(
            correction=1 + len(held.corrections),
            number=number,
            on=on,
            why=why,
            by=by,
            right=right,
            unreleased=unreleased,
        )
        return held.require_correction(made, standing)

    _written(office, entry)
    return holdings(office).corrections[-1]


def owners_kept(office: Office, today: date) -> dict[str, str]:
    """Whose facts are kept for what is blocked of theirs, or was in the years before (31 CFR 501.601), with why."""
    rule, held, kept = term("blocked-property"), holdings(office), dict[str, str]()
    for each in held.property.values():
        released = held.released.get(each.number)
        until = rule.keep_until(each.on, released.on if released else None)
        if until is None or today < until:
            how_long = f"until {until}" if until else f"while it is, and {rule.keep_years} years after"
            kept[each.owner] = f"property {each.number} of {each.owner} is blocked, or was: kept {how_long}"
    return kept


def _require_sound(office: Office, said: Property) -> None:
    _require_known(office, said.owner)
    _require_said(what=said.property)
    _require_seen(where=said.where, target=said.target, value=said.value, authority=said.authority)
    if said.on < OLDEST:
        raise UsageError(f"nothing is blocked since {said.on}")


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
