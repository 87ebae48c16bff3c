"""One subject's matches with one list, each with its reasons, and what was said of them; names are read for this."""

import threading
from functools import lru_cache
from pathlib import Path

import msgspec

from bylaw.access.decide.outside import Hit, Screened
from bylaw.access.office.place import Office
from bylaw.access.office.refresh import Confirmation, confirm, confirmations
from bylaw.access.screening.clearances import Clearance, Clearances
from bylaw.access.screening.index import Index
from bylaw.access.screening.lists import Lists, Version
from bylaw.access.screening.match import Match
from bylaw.access.screening.parties import Party, Query
from bylaw.access.screening.queries import queries_of
from bylaw.console.desk import Desk
from bylaw.console.views.reading import reading
from bylaw.console.views.sources import outside_of
from bylaw.errors import UsageError

_BUILDING = threading.Lock()
_BEGUN: set[tuple[str, str, str]] = set()


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A name of the subject against a party. ``cleared`` is the last word on these two, if there is one."""

    query: Query
    match: Match
    party: Party
    cleared: Clearance | None
    confirmed: bool

    @property
    def is_open(self) -> bool:
        """Whether nobody has said what it is, or no longer."""
        return not self.confirmed and (self.cleared is None or self.cleared.withdrawn or bool(self.reminder))

    @property
    def reminder(self) -> str:
        """What has changed since it was cleared."""
        return next((why for why in self.match.why if why.startswith("cleared by ")), "")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """``state`` is what decisions go by since the last refresh; ``screened`` the list then, ``version`` the one now."""

    id: str
    list: str
    state: Hit | None
    screened: Screened | None
    version: Version
    queries: tuple[Query, ...]
    compared: tuple[Compared, ...]
    said: tuple[Clearance | Confirmation, ...]


def hit(desk: Desk, name: str, id: str, by: str) -> Subject:
    """The subject against the list in force now. Raises ``UsageError`` if either is not known."""
    office = desk.office()
    version = office.lists.current().get(name)
    if version is None:
        raise UsageError(f"no list {name!r} is in force; bring one: bylaw screen lists update")
    register = reading(desk, [id], by, f"to look at a match with {name}")
    if id not in register:
        raise UsageError(f"nothing is known of a subject {id!r}")
    screened = outside_of(office).lists.get(name)
    queries = tuple(queries_of(register[id]))
    cleared = Clearances(office.lists.root)
    return Subject(
        id=id,
        list=name,
        state=screened.hits.get(id) if screened else None,
        screened=screened,
        version=version,
        queries=queries,
        compared=tuple(_compared(office, name, queries, cleared)),
        said=(*cleared.about(id), *confirmations(office, id)),
    )


def clear(desk: Desk, found: Subject, party: str, why: str, by: str) -> None:
    """It is somebody else; remembered for these particulars. Raises ``UsageError``."""
    office = desk.office()
    with office.changing():
        cleared = Clearances(office.lists.root)
        for each in _about(found, party):
            cleared.clear(each.query, each.party, why, by, _today(desk))


def reopen(desk: Desk, found: Subject, party: str, why: str, by: str) -> None:
    """It was wrong to clear it. Raises ``UsageError``."""
    office = desk.office()
    with office.changing():
        cleared = Clearances(office.lists.root)
        for each in _about(found, party):
            cleared.withdraw(each.query, each.party, why, by, _today(desk))


def confirm_party(desk: Desk, found: Subject, party: str, why: str, by: str) -> None:
    """It is the party. Raises ``UsageError``."""
    confirm(desk.office(), _confirmation(desk, found, party, why, by))


def withdraw(desk: Desk, found: Subject, party: str, why: str, by: str) -> None:
    """It was wrong to confirm it. Raises ``UsageError``."""
    said = _confirmation(desk, found, party, why, by)
    confirm(desk.office(), msgspec.structs.replace(said, withdrawn=True))


def _confirmation(desk: Desk, found: Subject, party: str, why: str, by: str) -> Confirmation:
    return Confirmation(subject=found.id, list=found.list, party=party, why=why, by=by, on=desk.instant().date())


def _about(found: Subject, party: str) -> list[Compared]:
    chosen = [each for each in found.compared if each.party.id == party]
    if not chosen:
        raise UsageError(f"{found.id} does not match {party} on {found.list} any more")
    return chosen


def _compared(office: Office, name: str, queries: tuple[Query, ...], cleared: Clearances) -> list[Compared]:
    index, parties = index_of(office, name)
    said = confirmations(office, queries[0].subject) if queries else ()
    confirmed = {(each.list, each.party) for each in _standing(said)}
    made = []
    for query in queries:
        for match in index.screen(query):
            party = parties[match.list, match.party]
            reminded = cleared.open(query, [match], parties) or (match,)
            made.append(
                Compared(
                    query=query,
                    match=reminded[0],
                    party=party,
                    cleared=cleared.given(query, party),
                    confirmed=(match.list, match.party) in confirmed,
                )
            )
    return sorted(made, key=lambda each: -each.match.score)


def _standing(said: tuple[Confirmation, ...]) -> list[Confirmation]:
    last = {(each.list, each.party): each for each in said}
    return [each for each in last.values() if not each.withdrawn]


def index_of(office: Office, name: str) -> tuple[Index, dict[tuple[str, str], Party]]:
    """A list in force, ready to be asked; made once a version."""
    with _BUILDING:  # two who come at once wait for one
        return _index(office.lists.root, name, office.lists.current()[name].id)


def make_ready(desk: Desk) -> None:
    """Begin to make what a match is looked at with, while somebody still chooses which: a long list takes seconds."""
    office = desk.office()
    waiting = {name for name, each in outside_of(office).lists.items() if "open" in each.hits.values()}
    for name in sorted(waiting & office.lists.current().keys()):
        begun = (str(office.lists.root), name, office.lists.current()[name].id)
        if begun not in _BEGUN:
            _BEGUN.add(begun)
            threading.Thread(target=index_of, args=(office, name), daemon=True, name=f"index {name}").start()


@lru_cache(maxsize=8)
def _index(root: Path, name: str, version: str) -> tuple[Index, dict[tuple[str, str], Party]]:
    lists = Lists(root)
    parties = lists.parties_of(lists.version(name, version))
    return Index(parties), {(party.list, party.id): party for party in parties}


def _today(desk: Desk) -> str:
    return str(desk.instant().date())
