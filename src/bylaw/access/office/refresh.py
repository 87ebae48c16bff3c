"""Everybody screened against the lists in force, then ownership worked out: what decisions take from elsewhere, anew.

A match that nobody has looked at is *open*: whoever it is about is held, not refused. It ends when somebody clears it
(``bylaw screen clear``) or confirms it here.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

import msgspec

from bylaw.access.decide.outside import Hit, Outside, Screened
from bylaw.access.office.outside import ownership
from bylaw.access.office.place import Office
from bylaw.access.screening.clearances import Clearances
from bylaw.access.screening.index import Index
from bylaw.access.screening.parties import Party
from bylaw.access.screening.queries import queries_of, unscreened
from bylaw.access.subjects import Subject
from bylaw.errors import UsageError
from bylaw.storage import append_line, read_records

EVERY = 10_000
"""Subjects between two lines of progress."""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody found that a subject is a listed party; or, ``withdrawn``, that this was wrong. The last word counts."""

    subject: str
    list: str
    party: str
    why: str
    by: str
    on: date
    withdrawn: bool = False


def refresh(office: Office, at: datetime, say: Callable[[str], None]) -> str:
    """Work it all out and make it current; returns its digest. The old one stays for replays."""
    on = at.astimezone(UTC).date()
    register = office.register(at)
    screened = Outside(lists=_screen(office, register, say))
    owned = ownership(register, office.settings.ownership, screened, on)
    for name, each in owned.items():
        say(f"{name}: {sum(status == 'blocked' for status in each.statuses.values()):,} blocked")
    return office.outside.put(msgspec.structs.replace(screened, ownership=owned))


def confirm(office: Office, said: Confirmation) -> None:
    """Keep that somebody is a listed party, or is not after all; it counts from the next refresh on.

    It counts whatever the subject is called then, for as long as the party is on the list: a new name is no way out.
    Raises ``UsageError`` for a subject or party that is not known, without a reason, or with nothing to withdraw.
    """
    if not said.why.strip():
        raise UsageError("say why the subject is the party, or is not: it is kept")
    with office.store() as store:
        if not store.kinds([said.subject]):
            raise UsageError(f"nothing is known of a subject {said.subject!r}")
    if said.withdrawn:
        if (said.subject, said.list, said.party) not in _confirmed(office):
            raise UsageError(f"it was not confirmed that {said.subject} is {said.party} on {said.list}")
    elif (said.list, said.party) not in {(party.list, party.id) for party in office.lists.parties()}:
        raise UsageError(f"{said.party} is not on the list {said.list} in force")
    with office.changing():
        append_line(office.root / "confirmed.jsonl", said)


def confirmations(office: Office, subject: str) -> tuple[Confirmation, ...]:
    """All that was said of a subject, in order."""
    path = office.root / "confirmed.jsonl"
    return tuple(row for row in read_records(path, Confirmation) if row.subject == subject) if path.exists() else ()


def _screen(office: Office, register: Mapping[str, Subject], say: Callable[[str], None]) -> dict[str, Screened]:
    versions = office.lists.current()
    if not versions:
        say(f"no list is in force in {office.lists.root}: nobody was screened; bring one: bylaw screen lists update")
        return {}
    parties = office.lists.parties()
    hits = _hits(office, register, parties, say)
    days = office.settings.list_days
    made = {}
    for name, version in versions.items():
        age = days.get(name, days.get("*"))
        as_of = date.fromisoformat(version.as_of)
        made[name] = Screened(version=version.id, as_of=as_of, max_age=age, hits=hits.get(name, {}))
        say(f"{name} of {as_of}: {len(made[name].hits):,} subjects with a hit")
    return made


def _hits(
    office: Office, register: Mapping[str, Subject], parties: tuple[Party, ...], say: Callable[[str], None]
) -> dict[str, dict[str, Hit]]:
    """By list, the subjects with a match: open, or confirmed. Persons and organisations without a name, and whoever has
    one that cannot be screened: unscreened, unless another name of theirs matches."""
    index, cleared, confirmed = Index(parties), Clearances(office.lists.root), _confirmed(office)
    known = {(party.list, party.id): party for party in parties}
    names = {party.list for party in parties}
    hits: dict[str, dict[str, Hit]] = {name: {} for name in names}
    for number, (id, subject) in enumerate(register.items(), 1):
        queries = list(queries_of(subject))
        faults = unscreened(subject)
        if faults or (not queries and subject.kind in ("person", "organization")):
            for name in names:
                hits[name][id] = "unscreened"
        for fault in faults:
            say(f"{id} is not screened under one name: {fault}")
        for query in queries:
            for match in cleared.open(query, index.screen(query), known):
                hits[match.list][id] = "open"
        if number % EVERY == 0:
            say(f"screened {number:,} of {len(register):,}")
    for id, name, party in confirmed:
        if id in register and (name, party) in known:
            hits[name][id] = "confirmed"
    return hits


def _confirmed(office: Office) -> frozenset[tuple[str, str, str]]:
    path = office.root / "confirmed.jsonl"
    rows = read_records(path, Confirmation) if path.exists() else ()
    last = {(row.subject, row.list, row.party): row.withdrawn for row in rows}
    return frozenset(key for key, withdrawn in last.items() if not withdrawn)
