"""Random questions about ownership, put to the engine and to the brute force; and short ways to write records."""

import random
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import ownership_brute as brute
from ownership_brute import Case, Edge

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest, Party
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import Solution, solve
from bylaw.access.ownership.stake import Stake, between, exact
from bylaw.errors import RecordError

DAY = date(2026, 11, 24)
OFAC = Rule(title="at least half", source="test", threshold="50", strict=False, unlisted="clear")
MAJORITY = Rule(title="more than half", source="test", threshold="50", strict=True, unlisted="clear")
PARENT = Rule(
    title="ultimate parent",
    source="test",
    threshold="50",
    strict=True,
    aggregate=False,
    follows="parents",
    unlisted="clear",
)


def holds(owner: str, entity: str, stake: Stake | int | str, **more: object) -> Interest:
    """An interest; a number is an exact percentage."""
    return Interest(owner=owner, entity=entity, stake=stake if isinstance(stake, Stake) else exact(stake), **more)


def solution(
    interests: Iterable[Interest], seeds: Iterable[str], rule: Rule = OFAC, possibly: Iterable[str] = ()
) -> Solution:
    """Solve records in which every party is an entity."""
    graph = Graph.build(interests, at=DAY)
    return solve(graph, rule, Seeds.listed(graph, seeds, possibly))


def random_case(seed: int) -> Case:
    """Up to five parties, cycles and all, with exact, narrow, wide and open stakes; not always possible."""
    draw = random.Random(seed)
    units, size = draw.choice((4, 5)), draw.randint(2, 5)
    unlisted = draw.choice(("clear", "clear", "clear", "unknown"))
    if unlisted == "unknown":
        size = min(size, 4)
    edges = [edge for entity in range(size) for edge in random_edges(draw, size, units, entity)]
    hidden = [edge for edge in edges if not edge.direct][:2]
    kinds = [draw.choice("scuccc") for _ in range(size)]
    follows = draw.choice(("stakes", "stakes", "parents"))
    bar = draw.randint((units + 1) // 2, units - 1) if follows == "parents" else draw.randint(1, units - 1)
    return Case(
        size=size,
        units=units,
        edges=tuple(edge for edge in edges if edge.direct or edge in hidden),
        sure=frozenset(one for one, kind in enumerate(kinds) if kind == "s"),
        unsure=frozenset(one for one, kind in enumerate(kinds) if kind == "u"),
        bar=bar,
        strict=follows == "parents" or draw.random() < 0.4,
        aggregate=follows == "stakes" and draw.random() < 0.7,
        unlisted=unlisted,
        follows=follows,
    )


def random_edges(draw: random.Random, size: int, units: int, entity: int) -> list[Edge]:
    """Up to three owners of an entity, itself perhaps among them; one interval in each is wide."""
    edges, wide = [], draw.random() < 0.4
    for owner in draw.sample(range(size), min(size, draw.choice((0, 1, 1, 2, 2, 3)))):
        low = draw.choice((0, 1, 1, 1, 2, 2, 3)) if units > 4 else draw.choice((0, 1, 1, 2, 3))
        width = draw.choice((0, 0, 1, 1, units)) if wide else draw.choice((0, 0, 1))
        wide &= width <= 1
        high = min(units, low + width)
        above, below = (draw.random() < 0.4, draw.random() < 0.4) if high > low else (False, False)
        edges.append(Edge(owner, entity, low, high, above, below, draw.random() > 0.05))
    return edges


def question(case: Case) -> Solution:
    """The case put to the engine. Raises ``RecordError`` if the stakes cannot be."""
    interests = [
        holds(name(edge.owner), name(edge.entity), stake(case, edge), direct=edge.direct) for edge in case.edges
    ]
    graph = Graph.build(interests, [Party(id=name(one)) for one in range(case.size)], at=DAY)
    seeds = Seeds.listed(graph, map(name, sorted(case.sure)), map(name, sorted(case.unsure)))
    return solve(graph, rule_of(case), seeds)


def rule_of(case: Case) -> Rule:
    return Rule(
        title="drawn",
        source="test",
        threshold=str(case.bar * 100 // case.units),
        strict=case.strict,
        aggregate=case.aggregate,
        unlisted=case.unlisted,  # a Literal, drawn
        follows=case.follows,
    )


def stake(case: Case, edge: Edge) -> Stake:
    low, high = Fraction(100 * edge.low, case.units), Fraction(100 * edge.high, case.units)
    return between(low, high, above=edge.above, below=edge.below)


def name(party: int) -> str:
    return "ABCDEFGH"[party]


def agrees(case: Case) -> bool:
    """Whether the engine says what the definition says: every status, or that the stakes cannot be."""
    try:
        answered = [status for _, status in question(case).statuses()]
    except RecordError:
        return not brute.feasible(case)
    return brute.feasible(case) and answered == brute.statuses(case)
