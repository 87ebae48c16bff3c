"""What follows from the seeds by stakes: the least fixed point, once for *surely* and once for *possibly*.

A party is blocked if it is a seed, or if blocked owners hold enough of it directly (OFAC FAQ 401: an owner counts in
full once it is blocked itself, and not at all before; nothing is multiplied). More blocked owners never unblock
anybody, so there is a least such set, cycles or not, and a work list finds it, looking once at each edge of a blocked
owner.

**Surely.** In the world where every stake is at its least and unsure seeds are none, as few are blocked as in any
world: blocked there is blocked everywhere.

**Possibly.** The most that owners S can hold of one entity together is the lesser of what they may hold and what the
others leave: ``min(sum of high over S, 100 % - sum of low over the rest)``. Stakes in different entities do not
restrict each other, so one world gives every possibly blocked entity, in the order found, the stakes that block it:
what the second fixed point marks is blocked together in one world, and what it leaves is blocked in none. Where nothing
is known of the unlisted rest (``unlisted = "unknown"``), it may be in blocked hands, and only what others surely hold
limits it.

Time: one step for each edge of a blocked owner. Lists and integers only.
"""

from collections.abc import Iterable

import msgspec

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.stake import WHOLE


class Marks(msgspec.Struct, frozen=True):
    """A set of parties: ``on[party]`` is 1 for each, and ``order`` has them as they were found, seeds first."""

    on: bytearray
    order: list[int]

    @classmethod
    def start(cls, size: int, seeds: Iterable[int]) -> "Marks":
        """Only the seeds, by number."""
        on, order = bytearray(size), sorted(seeds)
        for seed in order:
            on[seed] = 1
        return cls(on, order)


def surely(graph: Graph, rule: Rule, seeds: Iterable[int]) -> Marks:
    """Who is blocked in every world."""
    marks = Marks.start(len(graph), seeds)
    if rule.aggregate:
        _add_up(graph, rule.bar, marks)
    else:
        _alone(graph, rule.bar, marks)
    return marks


def possibly(graph: Graph, rule: Rule, seeds: Iterable[int], sure: Marks) -> Marks:
    """Who is blocked in some world; those who surely are need not be found again, so they come first."""
    marks = Marks(bytearray(sure.on), list(sure.order))
    _mark(sorted(seeds), marks)
    if rule.unlisted == "unknown":
        _unlisted(graph, rule.bar, marks)
    if rule.aggregate:
        _add_up_most(graph, rule, marks)
    else:
        _alone_at_most(graph, rule.bar, marks)
    return marks


def _add_up(graph: Graph, bar: int, marks: Marks) -> None:
    first, entity, low = graph.first, graph.entity, graph.low
    on, order = marks.on, marks.order
    held = [0] * len(graph)
    for owner in order:  # it grows while it is walked
        for edge in range(first[owner], first[owner + 1]):
            target = entity[edge]
            if not on[target]:
                held[target] = total = held[target] + low[edge]
                if total >= bar:
                    on[target] = 1
                    order.append(target)


def _alone(graph: Graph, bar: int, marks: Marks) -> None:
    first, entity, low = graph.first, graph.entity, graph.low
    on, order = marks.on, marks.order
    for owner in order:
        for edge in range(first[owner], first[owner + 1]):
            target = entity[edge]
            if low[edge] >= bar and not on[target]:
                on[target] = 1
                order.append(target)


def _add_up_most(graph: Graph, rule: Rule, marks: Marks) -> None:
    """As ``_add_up``; ``needed`` is what marked owners must surely hold, for the others to leave them enough."""
    first, entity, low, high, behind = graph.first, graph.entity, graph.low, graph.high, graph.behind
    on, order = marks.on, marks.order
    bar = rule.bar
    needed = [sum_ + bar - WHOLE for sum_ in graph.listed]
    held = [WHOLE if rule.unlisted == "unknown" else 0] * len(graph)
    for owner in order:
        for edge in range(first[owner], first[owner + 1]):
            target = entity[edge]
            if not on[target]:
                held[target] = total = held[target] + high[edge]
                short = needed[target]
                if short > 0:  # rarely: where the listed owners surely hold more than the threshold leaves
                    needed[target] = short = short - low[edge]
                if total >= bar and short <= 0:
                    on[target] = 1
                    order.append(target)
        if owner in behind:
            _mark(behind[owner], marks)


def _alone_at_most(graph: Graph, bar: int, marks: Marks) -> None:
    first, entity, low, high, listed = graph.first, graph.entity, graph.low, graph.high, graph.listed
    on, order = marks.on, marks.order
    for owner in order:
        for edge in range(first[owner], first[owner + 1]):
            target = entity[edge]
            if high[edge] >= bar and not on[target] and WHOLE - listed[target] + low[edge] >= bar:
                on[target] = 1
                order.append(target)
        if owner in graph.behind:
            _mark(graph.behind[owner], marks)


def _unlisted(graph: Graph, bar: int, marks: Marks) -> None:
    """Entities of which an unlisted owner may hold enough alone."""
    ownable = [party.kind == "entity" for party in graph.parties]
    _mark([one for one, sum_ in enumerate(graph.listed) if ownable[one] and WHOLE - sum_ >= bar], marks)


def _mark(parties: Iterable[int], marks: Marks) -> None:
    for party in parties:
        if not marks.on[party]:
            marks.on[party] = 1
            marks.order.append(party)
