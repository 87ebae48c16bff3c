"""What decisions take from elsewhere, worked out from facts and lists and kept by digest, so that a replay finds it.

Ownership comes from the register's own owners and headquarters. An owner of whom nothing but the id is known is a party
too; whether it is a seed is then unknown where the seeds are countries.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import msgspec

from bylaw.access.decide.outside import Outside, Ownership
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest, Party, PartyKind
from bylaw.access.ownership.rule import Rule, rules
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import solve
from bylaw.access.ownership.stake import UNKNOWN, Stake, between
from bylaw.access.subjects import Subject
from bylaw.canonical import canonical, sha256
from bylaw.errors import UsageError
from bylaw.storage import write_bytes


class SeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an ownership rule begins: those on these lists, or headquartered in these countries."""

    lists: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


class Kept:
    """Versions of ``Outside`` in a folder: ``<sha256>.json`` each, and the name of the current one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self) -> str:
        """The digest of the current version; the one of nothing at all before the first."""
        path = self.folder / "current"
        return path.read_text().strip() if path.exists() else sha256(canonical(Outside()))

    def current(self) -> Outside:
        """The current version; empty before the first, so that a rule that needs a list does not allow."""
        return self.read(self.key()) if (self.folder / "current").exists() else Outside()

    def read(self, key: str) -> Outside:
        """The version of a digest. Raises ``UsageError`` if it is not here, or not what it was."""
        path = self.folder / f"{key}.json"
        if key == sha256(canonical(Outside())):
            return Outside()
        if not path.is_file() or sha256(path.read_bytes()) != key:
            raise UsageError(f"{path} is missing or was changed; decisions made from it cannot be made again")
        return msgspec.json.decode(path.read_bytes(), type=Outside)

    def put(self, outside: Outside) -> str:
        """Keep a version and make it the current one; returns its digest."""
        content = canonical(outside)
        key = sha256(content)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self.folder / f"{key}.json", content)
        write_bytes(self.folder / "current", key.encode())
        return key


def ownership(
    register: Mapping[str, Subject], seeds: Mapping[str, SeedSettings], outside: Outside, on: date
) -> dict[str, Ownership]:
    """The statuses of all organisations under every rule that has seeds."""
    if not seeds:
        return {}
    known = rules()
    graph = Graph.build(_interests(register), _parties(register), at=on, conflict="widen")
    found = {}
    for name, begin in seeds.items():
        if name not in known:
            raise UsageError(f"there is no ownership rule {name!r}; there are {', '.join(sorted(known))}")
        found[name] = _solved(graph, known[name], begin, register, outside, on)
    return found


def _solved(
    graph: Graph, rule: Rule, begin: SeedSettings, register: Mapping[str, Subject], outside: Outside, on: date
) -> Ownership:
    solution = solve(graph, rule, _seeds(graph, begin, register, outside))
    statuses = {id: status for id, status in solution.statuses() if status != "clear" or id in register}
    return Ownership(version=sha256(canonical(statuses)), as_of=on, statuses=statuses)


def _seeds(graph: Graph, begin: SeedSettings, register: Mapping[str, Subject], outside: Outside) -> Seeds:
    if begin.countries:
        places = {id: _one(subject, "headquarters") for id, subject in register.items()}
        return Seeds.headquartered(graph, frozenset(begin.countries), places)
    sure: set[str] = set()
    possible: set[str] = set()
    for name in begin.lists:
        if name not in outside.lists:
            raise UsageError(f"ownership begins at the list {name!r}, against which nobody was screened yet")
        for id, hit in outside.lists[name].hits.items():
            if id in graph.number:
                (sure if hit == "confirmed" else possible if hit in ("open", "unscreened") else set()).add(id)
    return Seeds.listed(graph, sure, possible)


def _parties(register: Mapping[str, Subject]) -> Iterator[Party]:
    named = set()
    for id, subject in register.items():
        if subject.kind in ("organization", "person"):
            named.add(id)
            yield Party(id=id, kind=_kind(subject), country=_one(subject, "incorporation") or "")
    for interest in _interests(register):
        if interest.owner not in named:
            named.add(interest.owner)
            yield Party(id=interest.owner, identified=False)


def _interests(register: Mapping[str, Subject]) -> Iterable[Interest]:
    for id, subject in register.items():
        for value in subject.values("owner") or ():
            yield Interest(
                owner=value.text, entity=id, stake=_stake(value.share), start=value.since, end=value.until, where=id
            )


def _stake(share: str) -> Stake:
    """``50``, ``25-50``, or nothing: unknown."""
    low, _, high = share.partition("-")
    return between(low, high or low) if share else UNKNOWN


def _kind(subject: Subject) -> PartyKind:
    return "person" if subject.kind == "person" else "entity"


def _one(subject: Subject, name: str) -> str | None:
    values = subject.values(name)  # type: ignore[arg-type]  # a literal of FactName at both call sites
    return values[0].text if values else None
