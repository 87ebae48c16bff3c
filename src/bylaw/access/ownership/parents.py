"""What follows from the seeds by ultimate parents: the chain of owners who each reach the threshold alone, to its end.

Only the end counts: a party whose ultimate parent is a seed is blocked, whoever stands between. This is not monotone (a
larger stake of one more owner moves the end on), so it is no fixed point of stakes. But a threshold above half gives a
party one parent at the most, and every party takes its parent without regard to the others; so in the worlds that the
records leave open, a party can be led to every end that is reached by *possible* parents, and to no other:

- *possibly* blocked: some end that it may be led to is possibly a seed;
- *surely* blocked: no end that it may be led to is anything but a sure seed.

An end is a party that may have no parent. Parties that hold one another in a ring have no end: then the ring stands at
the top as a whole, and each of its members counts as one. An owner who holds through others not named may always be the
parent. Time: one step for each edge and party.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, compress, count, islice
from operator import lt
from typing import NamedTuple

from bylaw.access.ownership.fixpoint import Marks
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.stake import WHOLE

FINISHED = 1 << 62
"""Above every index: a component that is finished draws nobody into itself."""

FLIPPED = bytes([1, *bytes(255)])
"""Marks to their opposite, by ``bytearray.translate``."""


class Children(NamedTuple):
    """``entity[begin[owner] : begin[owner + 1]]`` are the entities whose parent an owner may be; ``owners`` those who
    may be anybody's: few, and all that a walk need visit.
    """

    begin: list[int]
    entity: list[int]
    owners: list[int]

    @classmethod
    def starting(cls, begin: list[int], entity: list[int]) -> "Children":
        """With its owners."""
        some = map(lt, begin, islice(begin, 1, None))
        return cls(begin, entity, list(compress(count(), some)))

    def of(self, owner: int) -> Sequence[int]:
        """Those of one owner."""
        return self.entity[self.begin[owner] : self.begin[owner + 1]]


def solve_parents(graph: Graph, rule: Rule, seeds: Seeds) -> tuple[Marks, Marks]:
    """Who is blocked in every world, and in some."""
    children = possible_children(graph, rule)
    ends = possible_ends(graph, rule, children)
    possible, otherwise = bytearray(len(graph)), bytearray(ends)
    for seed in seeds.possible:
        possible[seed] = ends[seed]
    for seed in seeds.sure:
        otherwise[seed] = 0
    for one in _unlisted_parent(graph, rule):
        possible[one] = otherwise[one] = 1
    _reach(children, otherwise)
    surely = list(compress(range(len(graph)), otherwise.translate(FLIPPED)))
    start = list(compress(range(len(graph)), possible))
    return Marks.start(len(graph), surely), Marks(possible, start + _reach(children, possible))


def possible_children(graph: Graph, rule: Rule) -> Children:
    """For each party, the entities whose parent it may be. The columns are gone through by ``map`` and its like: it is
    all that has to look at every interest.
    """
    entity, low, listed, least = graph.entity, graph.low, graph.listed, rule.bar - WHOLE
    may = bytearray(len(entity))
    for edge in compress(count(), map(rule.bar.__le__, graph.high)):
        may[edge] = low[edge] - listed[entity[edge]] >= least
    before = [0, *accumulate(may)]
    direct = Children.starting(list(map(before.__getitem__, graph.first)), list(compress(entity, may)))
    return _with_hidden(direct, graph.behind) if graph.behind else direct


def _with_hidden(direct: Children, behind: Mapping[int, Sequence[int]]) -> Children:
    """An owner who holds through others not named may always be the parent."""
    begin, found = [0], list[int]()
    for owner in range(len(direct.begin) - 1):
        found += direct.of(owner)
        found += behind.get(owner, ())
        begin.append(len(found))
    return Children.starting(begin, found)


def may_be_parent(graph: Graph, rule: Rule, entity: int, low: int, high: int) -> bool:
    """Whether an owner with these bounds can reach the threshold alone, given what the others surely hold."""
    return high >= rule.bar and WHOLE - graph.listed[entity] + low >= rule.bar


def parents(graph: Graph, rule: Rule, entity: int) -> list[Interest]:
    """The interests that may make their owner the entity's parent."""
    direct = [
        row for row in graph.inward(entity) if may_be_parent(graph, rule, entity, row.stake.lower, row.stake.upper)
    ]
    return [*direct, *graph.hidden(entity)]


def possible_ends(graph: Graph, rule: Rule, children: Children) -> bytearray:
    """1 for each that may stand at the top: no owner surely reaches the threshold, or it is part of a ring."""
    ends = bytearray(b"\1") * len(graph)
    for owned in compress(graph.entity, map(rule.bar.__le__, graph.low)):
        ends[owned] = 0
    for member in in_rings(children):
        ends[member] = 1
    return ends


def _unlisted_parent(graph: Graph, rule: Rule) -> list[int]:
    if rule.unlisted == "clear":
        return []
    ownable = (one for one, party in enumerate(graph.parties) if party.kind == "entity")
    return [one for one in ownable if WHOLE - graph.listed[one] >= rule.bar]


def _reach(children: Children, on: bytearray) -> list[int]:
    """Mark whoever those marked may be the parent of, and so on; the newly marked in the order they were found."""
    begin, entity, found = children.begin, children.entity, list[int]()
    for owner in chain([one for one in children.owners if on[one]], found):  # it grows while it is walked
        for child in entity[begin[owner] : begin[owner + 1]]:
            if not on[child]:
                on[child] = 1
                found.append(child)
    return found


def in_rings(children: Children) -> list[int]:
    """The parties on a cycle. What hangs on no cycle is taken away first, since rings are rare."""
    begin, entity, owners = children
    above = [0] * len(begin)
    for child in entity:
        above[child] += 1
    free = [owner for owner in owners if not above[owner]]
    for owner in free:
        for child in entity[begin[owner] : begin[owner + 1]]:
            above[child] -= 1
            if not above[child] and begin[child] < begin[child + 1]:
                free.append(child)
    return _components(children, [owner for owner in owners if above[owner]])


def _components(children: Children, parties: Iterable[int]) -> list[int]:
    """Members of the strongly connected components with a cycle: Tarjan (1972), without recursion."""
    index: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    rings: list[int] = []
    for root in parties:
        work = [] if root in index else [(root, 0)]
        while work:
            party, at = work.pop()
            if at == 0:
                index[party] = lowest[party] = len(index)
                stack.append(party)
            below = children.of(party)
            for place in range(at, len(below)):
                if below[place] not in index:
                    work += [(party, place + 1), (below[place], 0)]
                    break
                lowest[party] = min(lowest[party], lowest[below[place]])
            else:
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[party])
                if lowest[party] == index[party]:
                    rings += _close(party, stack, lowest, children)
    return rings


def _close(party: int, stack: list[int], lowest: dict[int, int], children: Children) -> list[int]:
    """Take a finished component off the stack; its members, if it has a cycle."""
    place = len(stack) - 1
    while stack[place] != party:
        place -= 1
    members = stack[place:]
    del stack[place:]
    lowest.update(dict.fromkeys(members, FINISHED))
    return members if len(members) > 1 or party in children.of(party) else []
