"""Ownership: the fixed points on a graph of a million parties, and agreement with a brute force on random graphs.

Five shapes, all seeded: layers of companies with intervals, one chain through every party, rings tied to each other,
a star, and owners of whose stakes nothing is known. A figure is the time of ``solve`` (the fixed points of *surely*
and of *possibly*), on a graph that is built; what building takes is said beside it, without a bound. The brute force is
the definition, from the tests.

    python bench/access_ownership.py            # about three minutes
    python bench/access_ownership.py --quick    # 50,000 parties, 500 graphs
    python bench/access_ownership.py --clock cpu    # on a machine that others use: this process's own time
"""

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest
from bylaw.access.ownership.rule import Rule, rules
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import Solution, solve
from bylaw.access.ownership.stake import UNKNOWN, Stake, between, exact
from bylaw.access.ownership.witness import check, witness
from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "access" / "ownership"))

from ownership_brute import feasible  # the definition, written without the engine
from ownership_cases import agrees, random_case

DAY = date(2026, 11, 24)
SECONDS = 2.0
PARTIES = 1_000_000
GRAPHS = 10_000
SEED = 20261124
"""Drawn once, before any run that counts; smaller sizes were tuned on other seeds."""
HALF, THIRD = exact(50), exact(30)
LARGE = [HALF, HALF, THIRD, between(25, 50, above=True), UNKNOWN]
SMALL = [exact(10), exact(25), between(10, 25)]
MAJORITIES = [exact(percent) for percent in range(50, 101)]


class _Clock:
    """Seconds on the wall, or of this process alone."""

    now = staticmethod(time.perf_counter)


CLOCK = _Clock()


def interest(owner: int, entity: int, stake: Stake) -> Interest:
    return Interest(owner=f"p{owner}", entity=f"p{entity}", stake=stake)


def layers(draw: random.Random, size: int) -> Iterator[Interest]:
    """Each party but the first fiftieth has one to three owners among all others; so cycles are everywhere."""
    for entity in range(size // 50, size):
        owners = {draw.randrange(size) for _ in range(draw.randint(1, 3))}
        for place, owner in enumerate(sorted(owners)):
            yield interest(owner, entity, draw.choice(SMALL if place else LARGE))


def chain(draw: random.Random, size: int) -> Iterator[Interest]:
    """Every party owns the next, by 50 to 100 percent: as deep as it can be, and all of it blocked."""
    for entity in range(1, size):
        yield interest(entity - 1, entity, draw.choice(MAJORITIES))


def rings(draw: random.Random, size: int) -> Iterator[Interest]:
    """Rings of ten, 30 % each, tied to the ring before: one of each ring is surely blocked, the others possibly."""
    tie = between(10, 25)
    for entity in range(size):
        ring, place = divmod(entity, 10)
        yield interest(ring * 10 + (place - 1) % 10, entity, THIRD)
        if ring:
            yield interest(entity - 10, entity, tie if place else HALF)


def star(draw: random.Random, size: int) -> Iterator[Interest]:
    """One owner of half of everything, and two of the quarter of each."""
    quarter = between(20, 30)
    for entity in range(3, size):
        yield interest(0, entity, HALF)
        yield interest(draw.choice((1, 2)), entity, quarter)


def unknown(draw: random.Random, size: int) -> Iterator[Interest]:
    """As ``layers``, and nobody knows how much anybody holds: each owner may be the parent, or none."""
    for entity in range(size // 50, size):
        for owner in sorted({draw.randrange(size) for _ in range(draw.randint(1, 3))}):
            yield interest(owner, entity, UNKNOWN)


def built(shape: Callable[[random.Random, int], Iterator[Interest]], size: int) -> Graph:
    """The graph of a shape; how long putting it together takes is said, and has no bound."""
    records = list(shape(random.Random(SEED), size))
    start = CLOCK.now()
    graph = Graph.build(records, at=DAY)
    note(f"{shape.__name__}: {len(records)} interests put together in {CLOCK.now() - start:.1f} s")
    return graph


def solved(graph: Graph, rule: Rule) -> tuple[float, Solution]:
    """(seconds of ``solve``, its solution); the first hundredth of all parties, ten at least, are seeds."""
    seeds = Seeds.listed(graph, [graph.parties[one].id for one in range(max(10, len(graph) // 100))])
    gc.collect()
    start = CLOCK.now()
    solution = solve(graph, rule, seeds)
    return CLOCK.now() - start, solution


def proven(solution: Solution, count: int) -> int:
    """How many of ``count`` drawn blocked parties have a witness that checks."""
    draw, seeds = random.Random(SEED), [solution.graph.parties[one].id for one in solution.seeds.sure]
    blocked = draw.sample(solution.sure.order, min(count, len(solution.sure.order)))
    for number in blocked:
        check(witness(solution, solution.graph.parties[number].id), seeds)
    return len(blocked)


def large(size: int, rule: Rule, parents: Rule) -> bool:
    """The figures of each shape: by stakes, and by ultimate parents."""
    reached = True
    for shape in (layers, chain, rings, star, unknown):
        graph = built(shape, size)
        name = f"seconds to solve {size} parties, {shape.__name__}"
        seconds, solution = solved(graph, rule)
        more = {"interests": len(graph.entity), "witnesses_checked": proven(solution, 3), **solution.counts()}
        reached &= report(name, seconds, SECONDS, False, **more)
        seconds, solution = solved(graph, parents)
        reached &= report(f"{name}, ultimate parents", seconds, SECONDS, False, **solution.counts())
    return reached


def small(count: int) -> bool:
    """Agreement with the definition, on ``count`` graphs whose stakes can be; the others must be refused."""
    agreed, possible, drawn = 0, 0, 0
    while possible < count:
        case = random_case(SEED + drawn)
        drawn += 1
        possible += feasible(case)
        agreed += agrees(case)
    name = f"share of random graphs that agree with brute force, {possible} possible and {drawn - possible} impossible"
    return report(name, agreed / drawn, 1.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="which seconds are counted")
    args = parser.parse_args()
    if args.clock == "cpu":
        CLOCK.now = time.process_time  # type: ignore[misc]
    known = rules()
    size = 50_000 if args.quick else PARTIES
    reached = large(size, known["ofac-50"], known["ultimate-parent-headquarters"])
    reached &= small(500 if args.quick else GRAPHS)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
