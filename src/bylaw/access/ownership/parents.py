"""What follows from the seeds by ultimate parents: the chain of owners who each reach the threshold alone, to its end.

Only the end counts: a party whose ultimate parent is a seed is blocked, whoever stands between. This is not monotone (a
larger stake of one more owner moves the end on), so it is no fixed point of stakes. But a threshold above half gives a
party one parent at the most, and every party takes its parent without regard to the others; so in the worlds that the
records leave open, a party can be led to every end that is reached by *possible* parents, and to no other:

- *possibly* blocked: some end that it may be led to is possibly a seed;
- *surely* blocked: no end that it may be led to is anything but a sure seed.

An end is a party that may have no parent. Parties that hold one another in a ring have no end: then the ring stands at
the top as a whole, and each of its members counts as one. An owner who holds through others not named may always be the
parent. What may be a seed is handed down first, which settles nearly everybody where stakes are unknown; ``chains``
finds where the others are led. Time: one step for each edge and party.
"""

from array import array
from itertools import compress
from operator import or_

from bylaw.access.ownership.chains import LEADS, NOBODY, OTHER, SEED, SETTLED, Above, settle
from bylaw.access.ownership.fixpoint import Marks
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.stake import WHOLE

SURELY = bytes(each & LEADS == SEED for each in range(256))
POSSIBLY = bytes(each & SEED for each in range(256))
"""What a party leads to as a mark, for ``bytearray.translate``."""
WITH_BOTH = bytes(each | SETTLED * (each == LEADS) for each in range(256))
WITH_OTHER = bytes(each | SETTLED * bool(each & OTHER) for each in range(256))
"""Settle whoever leads to both; or whoever leads to an end that is no seed, where more seeds cannot come."""
IS_SETTLED = bytes(bool(each & SETTLED) for each in range(256))


def solve_parents(graph: Graph, rule: Rule, seeds: Seeds) -> tuple[Marks, Marks]:
    """Who is blocked in every world, and in some."""
    own = bytearray([OTHER]) * len(graph)
    for seed in seeds.possible:
        own[seed] |= SEED
    for seed in seeds.sure:
        own[seed] = SEED
    able = _able(graph, rule)
    leads = _ends(graph, rule, own)
    if sum(able) > leads.count(0) or graph.behind:  # else all chains are sure, and walked once each
        leads = handed_down(graph, able, leads, own)
    leads = settle(_above(graph, able, leads), leads, own)
    return _marks(leads.translate(SURELY)), _marks(leads.translate(POSSIBLY))


def _marks(on: bytearray) -> Marks:
    return Marks(on, list(compress(range(len(on)), on)))


def _able(graph: Graph, rule: Rule) -> bytearray:
    """For each place in the columns, whether the owner may be the parent."""
    leave, listed = WHOLE - rule.bar, graph.listed
    able = bytearray(map(rule.bar.__le__, graph.high))
    tight = bytearray(map(leave.__lt__, listed))
    if any(tight):
        for place, entity in enumerate(graph.entity):
            if tight[entity] and listed[entity] - graph.low[place] > leave:
                able[place] = 0
    return able


def _ends(graph: Graph, rule: Rule, own: bytearray) -> bytearray:
    """What each says as an end: nothing, if it surely has a parent."""
    says = bytearray(own)
    for entity in compress(graph.entity, map(rule.bar.__le__, graph.low)):
        says[entity] = 0
    for one in _unlisted_parent(graph, rule):
        says[one] |= LEADS
    return says


def handed_down(graph: Graph, able: bytearray, leads: bytearray, own: bytearray) -> bytearray:
    """``leads`` with the seeds that some end may be, handed down to all below it; ``SETTLED`` who can gain no more.

    That takes one look at each interest, where a search for rings takes several. What is left for the search is who
    leads to seeds alone, and, where a seed may stand in a ring without being an end, who leads to no seed yet.
    """
    size = len(graph)
    first, behind = graph.first, graph.behind
    nobody = size  # in place of an entity of which the owner cannot be the parent: marked from the start
    below = array("i", [entity if may else nobody for entity, may in zip(graph.entity, able, strict=True)])
    on = leads.translate(POSSIBLY) + b"\1"
    waiting = array("i", compress(range(size), on))
    for owner in waiting:  # it grows while it is walked
        entities = below[first[owner] : first[owner + 1]]
        if owner in behind:
            entities.extend(behind[owner])
        for entity in entities:
            if not on[entity]:
                on[entity] = 1
                waiting.append(entity)
    leads = bytearray(map(or_, leads, on))
    in_rings = any(map(SEED.__and__, compress(own, map(SEED.__xor__, on))))
    return leads.translate(WITH_BOTH if in_rings else WITH_OTHER)


def _above(graph: Graph, able: bytearray, leads: bytearray) -> Above:
    """The possible parents of those whose lead is not settled; whoever has none is settled now."""
    above, has = Above(len(graph)), leads.translate(IS_SETTLED)
    for owner, entity in compress(zip(graph.owner, graph.entity, strict=True), able):
        if not has[entity]:
            above.add(entity, owner)
    for owner, entities in graph.behind.items():
        for entity in entities:
            if not has[entity]:
                above.add(entity, owner)
    for one, owner in enumerate(above.one):
        if owner == NOBODY:
            leads[one] |= SETTLED
    return above


def parents(graph: Graph, rule: Rule, entity: int) -> list[Interest]:
    """The interests that may make their owner the entity's parent: an owner who can reach the threshold alone, given
    what the others surely hold; and whoever holds through others not named.
    """
    bar, others = rule.bar, WHOLE - graph.listed[entity]
    direct = (row for row in graph.inward(entity) if row.stake.upper >= bar and others + row.stake.lower >= bar)
    return [*direct, *graph.hidden(entity)]


def _unlisted_parent(graph: Graph, rule: Rule) -> list[int]:
    if rule.unlisted == "clear":
        return []
    ownable = (one for one, party in enumerate(graph.parties) if party.kind == "entity")
    return [one for one in ownable if WHOLE - graph.listed[one] >= rule.bar]
