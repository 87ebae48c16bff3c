"""The interests in force on one day as a weighted graph, checked as a whole: it is right, or it is refused.

Parties are numbered in the order given. Each way in which the graph is walked has its own columns: ``inward`` the
interests in an entity (for proofs), ``outward`` the entities of an owner (for the fixed points). Arrays of the standard
library hold them: the fixed points touch one edge at a time, in an order nobody knows before, which is no work for
vectors, but less of it misses the processor's caches than with a list, whose numbers lie anywhere.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal

import msgspec

from bylaw.access.ownership.records import Interest, Party
from bylaw.access.ownership.stake import PART, WHOLE, Stake, percent_text
from bylaw.errors import RecordError, UsageError

Conflict = Literal["refuse", "widen"]


class Graph:
    """Parties and who holds what of whom on one day. Made by ``build``; never changed afterwards.

    ``first[owner] … first[owner + 1]`` are an owner's places in ``entity``, ``low``, ``high`` and ``owner``, which
    repeats it; ``listed[entity]`` is the least its listed owners hold together; ``behind[owner]`` the entities it holds
    through others not named.
    """

    def __init__(self, parties: Sequence[Party], rows: Sequence[Interest], at: date, widened: Iterable[int]) -> None:
        self.parties = tuple(parties)
        self.at = at
        self.number = {party.id: number for number, party in enumerate(self.parties)}
        self.widened = frozenset(self.parties[entity].id for entity in widened)
        self._rows = [row for row in rows if row.direct]
        self._place()
        self._gather_hidden([row for row in rows if not row.direct])
        self.is_exact = not self.behind and self.low == self.high and all(party.identified for party in self.parties)

    @classmethod
    def build(
        cls,
        interests: Iterable[Interest],
        parties: Iterable[Party] | None = None,
        *,
        at: date,
        conflict: Conflict = "refuse",
    ) -> "Graph":
        """The graph of the interests in force on ``at``. Without ``parties``, whoever an interest names is an entity.

        What contradicts itself is refused or, with ``widen``, read as what allows either: two interests of one owner
        in one entity become one that allows what either does, and where stakes add up to more than 100 % none is sure
        to be more than nothing (``widened`` names those entities). Raises ``RecordError`` with the place of the row:
        the contradictions, an id that no party has, a party given twice, an owned person, an end before its start.
        """
        rows = list(interests)
        known = _known(rows, parties)
        number = {name: place for place, name in enumerate(known)}
        for row in rows:
            _check(row, known)
        held, entities = _by_entity([row for row in rows if row.holds(at)], number)
        if len(set(_keys(held, number))) < len(held):
            held, entities = _by_entity(_merged(held, conflict), number)
        full = frozenset(_overfull(held, entities, known, conflict))
        if full:
            held = [_unsure(row) if entity in full else row for row, entity in zip(held, entities, strict=True)]
        return cls(list(known.values()), held, at, full)

    def __len__(self) -> int:
        return len(self.parties)

    def inward(self, entity: int) -> Sequence[Interest]:
        """The direct interests in an entity, as the records have them."""
        return self._rows[self._into[entity] : self._into[entity + 1]]

    def hidden(self, entity: int) -> Sequence[Interest]:
        """The interests in it that are held through others not named."""
        return self._hidden.get(entity, ())

    def place(self, party: str) -> int:
        """The number of a party. Raises ``UsageError`` for an id that nobody has."""
        try:
            return self.number[party]
        except KeyError:
            raise UsageError(f"no party {party!r} is known to these records") from None

    def _place(self) -> None:
        """The columns; ``_rows`` come in order of their entities."""
        number, size = self.number, len(self.parties)
        owners = [number[row.owner] for row in self._rows]
        entities = [number[row.entity] for row in self._rows]
        stakes = [row.stake for row in self._rows]
        self._into, self.first = _starts(entities, size), array("i", _starts(owners, size))
        order = _order(owners, self.first)
        self.owner = array("i", [owners[at] for at in order])
        self.entity = array("i", [entities[at] for at in order])
        self.low = array("q", [stakes[at].lower for at in order])
        self.high = array("q", [stakes[at].upper for at in order])
        self.listed = array("q", bytes(8 * size))
        for entity, stake in zip(entities, stakes, strict=True):
            self.listed[entity] += stake.lower

    def _gather_hidden(self, rows: Sequence[Interest]) -> None:
        self._hidden: dict[int, list[Interest]] = {}
        self.behind: dict[int, list[int]] = {}
        for row in rows:
            self._hidden.setdefault(self.number[row.entity], []).append(row)
            self.behind.setdefault(self.number[row.owner], []).append(self.number[row.entity])


def _known(rows: Sequence[Interest], parties: Iterable[Party] | None) -> dict[str, Party]:
    if parties is None:
        names = dict.fromkeys(name for row in rows for name in (row.owner, row.entity))
        return {name: Party(id=name) for name in names}
    known: dict[str, Party] = {}
    for party in parties:
        before = known.setdefault(party.id, party)
        if before is not party:
            raise RecordError(f"party {party.id!r} was given before, at {before.where or 'another place'}", party.where)
    return known


def _check(row: Interest, known: dict[str, Party]) -> None:
    for name in (row.owner, row.entity):
        if name not in known:
            raise RecordError(f"no party has the id {name!r}", row.where)
    if known[row.entity].kind != "entity":
        raise RecordError(f"{row.entity!r} is a {known[row.entity].kind} and cannot be owned", row.where)
    if row.start and row.end and row.end < row.start:
        raise RecordError(f"the interest ends on {row.end}, before it starts on {row.start}", row.where)


def _merged(rows: Sequence[Interest], conflict: Conflict) -> list[Interest]:
    """One interest for each owner, entity and directness: same parts agree or conflict, different parts add up."""
    parts: dict[tuple[str, str, bool, str], Interest] = {}
    for row in rows:
        key = (row.owner, row.entity, row.direct, row.part)
        before = parts.setdefault(key, row)
        if before is not row:
            parts[key] = _either(before, row, conflict)
    whole: dict[tuple[str, str, bool], Interest] = {}
    for row in parts.values():
        first = whole.setdefault((row.owner, row.entity, row.direct), row)
        if first is not row:
            whole[row.owner, row.entity, row.direct] = _together(first, row)
    return list(whole.values())


def _together(first: Interest, row: Interest) -> Interest:
    if first.stake.lower + row.stake.lower > WHOLE:
        raise RecordError(f"{row.owner!r} holds {first.stake} and {row.stake} of {row.entity!r}, too much", row.where)
    return msgspec.structs.replace(first, stake=first.stake.plus(row.stake), part="", where=_places(first, row))


def _either(before: Interest, row: Interest, conflict: Conflict) -> Interest:
    if conflict == "refuse":
        same = "the same again" if before.stake == row.stake else f"{row.stake} and also {before.stake}"
        raise RecordError(
            f"{row.owner!r} holds {same} of {row.entity!r} on one day; the other record is at "
            f"{before.where or 'another place'}",
            row.where,
        )
    return msgspec.structs.replace(before, stake=before.stake.hull(row.stake), where=_places(before, row))


def _places(one: Interest, other: Interest) -> str:
    """Both places, each once."""
    return " and ".join(dict.fromkeys(filter(None, (one.where, other.where))))


def _keys(rows: Sequence[Interest], number: dict[str, int]) -> list[int]:
    """A number for each owner, entity and directness."""
    size = len(number)
    return [(number[row.entity] * size + number[row.owner]) * 2 + row.direct for row in rows]


def _by_entity(rows: Sequence[Interest], number: dict[str, int]) -> tuple[list[Interest], list[int]]:
    """The rows in order of their entities, and those."""
    entities = [number[row.entity] for row in rows]
    order = _order(entities, _starts(entities, len(number)))
    return [rows[at] for at in order], [entities[at] for at in order]


def _starts(keys: Sequence[int], size: int) -> list[int]:
    """Where each key's run begins once sorted, and the end."""
    counts = [0] * (size + 1)
    for key in keys:
        counts[key + 1] += 1
    for key in range(size):
        counts[key + 1] += counts[key]
    return counts


def _order(keys: Sequence[int], starts: Sequence[int]) -> list[int]:
    """The places of the keys in sorted order, equal ones as they come."""
    free, order = list(starts), [0] * len(keys)
    for place, key in enumerate(keys):
        order[free[key]] = place
        free[key] += 1
    return order


def _overfull(
    rows: Sequence[Interest], entities: Sequence[int], known: dict[str, Party], conflict: Conflict
) -> Iterator[int]:
    """Entities whose direct owners hold more than there is."""
    total, count = [0] * len(known), [0] * len(known)
    for row, entity in zip(rows, entities, strict=True):
        if row.direct:
            total[entity] += row.stake.lower
            count[entity] += 1
    for entity, (sum_, owners) in enumerate(zip(total, count, strict=True)):
        if sum_ > WHOLE or owners >= PART:
            if conflict == "refuse" or owners >= PART:
                own = [row for row, one in zip(rows, entities, strict=True) if one == entity and row.direct]
                raise _too_much(known[own[0].entity], own, sum_)
            yield entity


def _too_much(party: Party, rows: Sequence[Interest], total: int) -> RecordError:
    shown = "; ".join(f"{row.owner} {row.stake}" + (f" at {row.where}" if row.where else "") for row in rows[:20])
    beyond = "more than" if total % PART else "at least"
    many = f"are {len(rows)}, too many to add up, and " if len(rows) >= PART else ""
    sentence = f"the owners of {party.title} {many}hold {beyond} {percent_text(total)}: {shown}"
    return RecordError(sentence, rows[-1].where)


def _unsure(row: Interest) -> Interest:
    return msgspec.structs.replace(row, stake=Stake(0, row.stake.upper)) if row.direct else row
