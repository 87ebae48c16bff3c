"""What a status means, by definition: every world that the records leave open is built and looked at. No code of ours.

Shares are counted in whole units (a quarter, a fifth … of an entity); an open end is an eighth of a unit away, and
values lie within two eighths of whole units, fine enough for up to three owners of an entity. A world gives each
interest a value in its interval, at most the whole in one entity; each unsure seed is one or is none; each interest
held through others amounts to ownership or does not; the unlisted rest is in blocked hands or is not.

Worlds that differ only in numbers, not in which groups of owners suffice for which entity, are looked at once.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

EIGHTH = 8


class Edge(NamedTuple):
    """An owner's interest in an entity, from low to high units; ``above``/``below``: without the end itself."""

    owner: int
    entity: int
    low: int
    high: int
    above: bool
    below: bool
    direct: bool


class Case(NamedTuple):
    """A question: records, rule and seeds. ``bar`` is in units."""

    size: int
    units: int
    edges: tuple[Edge, ...]
    sure: frozenset[int]
    unsure: frozenset[int]
    bar: int
    strict: bool
    aggregate: bool
    unlisted: str
    follows: str


REST = -1
Family = frozenset[frozenset[int]]
"""The groups of owners each of which is enough to block."""


def values(edge: Edge) -> list[int]:
    """Values an interest may have, in eighths."""
    low = edge.low * EIGHTH + edge.above
    high = edge.high * EIGHTH - edge.below
    near = {unit * EIGHTH + off for unit in range(edge.low, edge.high + 1) for off in range(-2, 3)}
    return sorted(value for value in near if low <= value <= high)


def holdings(case: Case, entity: int) -> Iterator[dict[int, int]]:
    """What each direct owner holds of an entity, and the rest, in every world."""
    edges = [edge for edge in case.edges if edge.entity == entity and edge.direct]
    for drawn in product(*map(values, edges)):
        rest = case.units * EIGHTH - sum(drawn)
        if rest >= 0:
            yield {**{edge.owner: value for edge, value in zip(edges, drawn, strict=True)}, REST: rest}


def reaches(case: Case, value: int) -> bool:
    bar = case.bar * EIGHTH
    return value > bar if case.strict else value >= bar


def family(case: Case, held: dict[int, int]) -> Family:
    """The groups of owners that suffice, of all groups."""
    owners = list(held)
    groups = [
        frozenset(owner for owner, taken in zip(owners, mask, strict=True) if taken)
        for mask in product((0, 1), repeat=len(owners))
    ]
    if case.aggregate:
        return frozenset(group for group in groups if reaches(case, sum(held[owner] for owner in group)))
    return frozenset(group for group in groups if any(reaches(case, held[owner]) for owner in group))


def feasible(case: Case) -> bool:
    """Whether there is any world."""
    return all(next(holdings(case, entity), None) is not None for entity in range(case.size))


def statuses(case: Case, persons: frozenset[int] = frozenset()) -> list[str]:
    """The status of every party, from all worlds."""
    always, ever = [True] * case.size, [False] * case.size
    for outcomes in (by_stakes if case.follows == "stakes" else by_parents)(case, persons):
        for party, outcome in enumerate(outcomes):
            always[party] &= all(outcome)
            ever[party] |= any(outcome)
    return ["blocked" if a else "undetermined" if e else "clear" for a, e in zip(always, ever, strict=True)]


def subsets(items: list[int] | list[Edge]) -> Iterator[frozenset[int | Edge]]:
    for mask in product((0, 1), repeat=len(items)):
        yield frozenset(item for item, taken in zip(items, mask, strict=True) if taken)


def by_stakes(case: Case, persons: frozenset[int]) -> Iterator[list[tuple[bool]]]:
    """Who is blocked in each world: from the seeds, as long as somebody is added."""
    families = [list({family(case, held) for held in holdings(case, entity)}) for entity in range(case.size)]
    hidden = [edge for edge in case.edges if not edge.direct]
    open_ = [one for one in range(case.size) if one not in persons] if case.unlisted == "unknown" else []
    for unsure, through, rest in product(
        list(subsets(sorted(case.unsure))), list(subsets(hidden)), list(subsets(open_))
    ):
        for world in product(*families):
            blocked = set(case.sure | unsure)
            while True:
                more = {
                    entity
                    for entity in range(case.size)
                    if entity not in blocked
                    and (
                        frozenset(
                            {owner for owner in owners(case, entity) if owner in blocked}
                            | ({REST} if entity in rest else set())
                        )
                        in world[entity]
                        or any(edge.entity == entity and edge.owner in blocked for edge in through)
                    )
                }
                if not more:
                    break
                blocked |= more
            yield [(party in blocked,) for party in range(case.size)]


def owners(case: Case, entity: int) -> list[int]:
    return [edge.owner for edge in case.edges if edge.entity == entity and edge.direct]


def by_parents(case: Case, persons: frozenset[int]) -> Iterator[list[list[bool]]]:
    """What each world says of each party: whether the end of its chain is a seed; a ring says it of each member."""
    parents = [list({parent(case, held) for held in holdings(case, entity)}) for entity in range(case.size)]
    for entity in range(case.size):
        if case.unlisted == "clear" or entity in persons:
            parents[entity] = list({None if one == REST else one for one in parents[entity]})
        parents[entity] += [edge.owner for edge in case.edges if edge.entity == entity and not edge.direct]
    for unsure in subsets(sorted(case.unsure)):
        for world in product(*parents):
            yield [chain_end(world, party, case.sure | unsure) for party in range(case.size)]


def parent(case: Case, held: dict[int, int]) -> int | None:
    found = [owner for owner, value in held.items() if reaches(case, value)]
    assert len(found) <= 1
    return found[0] if found else None


def chain_end(world: tuple[int | None, ...], party: int, seeds: frozenset[int]) -> list[bool]:
    walked = [party]
    while True:
        above = world[walked[-1]]
        if above is None:
            return [walked[-1] in seeds]
        if above == REST:
            return [True, False]
        if above in walked:
            return [one in seeds for one in walked[walked.index(above) :]]
        walked.append(above)
