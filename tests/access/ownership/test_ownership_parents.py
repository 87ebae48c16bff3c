"""Ultimate parents on graphs too large to go through world by world, most of whose stakes nobody knows."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from ownership_cases import DAY, PARENT, holds
from test_ownership_chains import defined

from bylaw.access.ownership.chains import LEADS, OTHER, SEED
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.parents import parents
from bylaw.access.ownership.records import Interest, Party
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import solve
from bylaw.access.ownership.stake import UNKNOWN, between

STAKES = [UNKNOWN, UNKNOWN, UNKNOWN, between(40, 70), between(51, 80), 60, 100]


def drawn(seed: int) -> tuple[list[Interest], int, list[str], list[str]]:
    """Up to sixty parties with one to three owners, some of them behind others; who surely and possibly is a seed."""
    draw = random.Random(seed)
    size, seeds = draw.randint(2, 60), draw.choice((0.02, 0.1, 0.4))
    hidden = draw.choice((0, 0, 0.1))
    interests = []
    for entity in range(size // draw.choice((1, 3, 50)), size):
        count, majority = draw.choice((1, 1, 2, 3)), draw.choice(STAKES)
        for owner in draw.sample(range(size), min(size, count)):
            stake = majority if count == 1 else UNKNOWN
            interests.append(holds(f"p{owner}", f"p{entity}", stake, direct=draw.random() >= hidden))
    kinds = [draw.choice("su") if draw.random() < seeds else "" for _ in range(size)]
    sure, unsure = ([f"p{one}" for one, kind in enumerate(kinds) if kind == each] for each in "su")
    return interests, size, sure, unsure


def by_reach(graph: Graph, seeds: Seeds) -> list[str]:
    """The statuses from who can be reached by possible parents."""
    size, bar = len(graph), PARENT.bar
    pairs = [(one, graph.number[row.owner]) for one in range(size) for row in parents(graph, PARENT, one)]
    own = bytes(SEED if one in seeds.sure else LEADS if one in seeds.possible else OTHER for one in range(size))
    held = frozenset(one for one in range(size) if any(row.stake.lower >= bar for row in graph.inward(one)))
    words = {SEED: "blocked", OTHER: "clear", LEADS: "undetermined"}
    return [words[each] for each in defined(size, pairs, own, held, frozenset())]


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**40))
def test_statuses_follow_from_the_ends_that_can_be_reached(seed: int) -> None:
    interests, size, sure, unsure = drawn(seed)
    graph = Graph.build(interests, [Party(id=f"p{one}") for one in range(size)], at=DAY)
    seeds = Seeds.listed(graph, sure, unsure)
    assert [status for _, status in solve(graph, PARENT, seeds).statuses()] == by_reach(graph, seeds)


def test_a_seed_in_a_ring_counts_though_it_is_no_end_and_others_are_led_there_only_possibly() -> None:
    ring = [holds("seed", "other", 60), holds("other", "seed", 60)]
    below = [holds("other", "a", UNKNOWN), holds("top", "a", UNKNOWN), holds("a", "b", UNKNOWN)]
    graph = Graph.build([*ring, *below], at=DAY)
    assert dict(solve(graph, PARENT, Seeds.listed(graph, ["seed"])).statuses()) == {
        "seed": "undetermined",
        "other": "undetermined",
        "a": "undetermined",
        "top": "clear",
        "b": "undetermined",
    }
