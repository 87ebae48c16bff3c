"""What follows from the seeds by ultimate parents: the chain of owners who each reach the threshold alone, to its end.

Only the end counts: a party whose ultimate parent is a seed is blocked, whoever stands between. This is not monotone (a
larger stake of one more owner moves the end on), so it is no fixed point of stakes. But a threshold above half gives a
party one parent at the most, and every party takes its parent without regard to the others; so in the worlds that the
records leave open, a party can be led to every end that is reached by *possible* parents, and to no other:

- *possibly* blocked: some end that it may be led to is possibly a seed;
- *surely* blocked: no end that it may be led to is anything but a sure seed.

An end is a party that may have no parent. Parties that hold one another in a ring have no end: then the ring stands at
the top as a whole, and each of its members counts as one. An owner who holds through others not named may always be the
parent. ``chains`` finds who is led where. Time: one step for each edge and party.
"""

from itertools import compress

from bylaw.access.ownership.chains import LEADS, OTHER, SEED, SETTLED, Above, settle
from bylaw.access.ownership.fixpoint import Marks
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.stake import WHOLE

SURELY = bytes(each & LEADS == SEED for each in range(256))
POSSIBLY = bytes(each & SEED for each in range(256))
"""What a party leads to as a mark, for ``bytearray.translate``."""


def solve_parents(graph: Graph, rule: Rule, seeds: Seeds) -> tuple[Marks, Marks]:
    """Who is blocked in every world, and in some."""
    own = bytearray([OTHER]) * len(graph)
    for seed in seeds.possible:
        own[seed] |= SEED
    for seed in seeds.sure:
        own[seed] = SEED
    above, leads = possible_parents(graph, rule, own)
    leads = settle(above, leads, own)
    return _marks(leads.translate(SURELY)), _marks(leads.translate(POSSIBLY))


def _marks(on: bytearray) -> Marks:
    return Marks(on, list(compress(range(len(on)), on)))


def possible_parents(graph: Graph, rule: Rule, own: bytearray) -> tuple[Above, bytearray]:
    """Who may be the parent of whom, and what each says as an end: nothing, if it surely has a parent."""
    above, leads = Above(len(graph)), bytearray(each | SETTLED for each in own)
    bar, listed, leave = rule.bar, graph.listed, WHOLE - rule.bar
    able = [high >= bar for high in graph.high]
    columns = [compress(column, able) for column in (graph.owner, graph.entity, graph.low)]
    for owner, entity, low in zip(*columns, strict=True):
        if listed[entity] - low <= leave:
            above.add(entity, owner)
            leads[entity] &= LEADS if low < bar else 0
    for owner, entities in graph.behind.items():
        for entity in entities:
            above.add(entity, owner)
            leads[entity] &= LEADS
    for one in _unlisted_parent(graph, rule):
        leads[one] |= LEADS
    return above, leads


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
