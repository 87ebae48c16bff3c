"""Where chains may end, against the definition on graphs too large to go through world by world, and at any depth."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from bylaw.access.ownership.chains import LEADS, NOBODY, OTHER, SEED, SETTLED, Above, settle

DEEP = 20_000
"""Far beyond what recursion could walk."""


def found(
    size: int,
    pairs: list[tuple[int, int]],
    own: bytes,
    sure: frozenset[int] = frozenset(),
    anybody: frozenset[int] = frozenset(),
) -> list[int]:
    """What each leads to; ``pairs`` are (entity, possible parent), ``sure`` those who surely have one, and ``anybody``
    those whose parent may be anybody at all.
    """
    above = Above(size)
    for entity, owner in pairs:
        above.add(entity, owner)
    says = (LEADS if one in anybody else 0 if one in sure else own[one] for one in range(size))
    start = bytearray(said | (SETTLED if above.one[one] == NOBODY else 0) for one, said in enumerate(says))
    return [each & LEADS for each in settle(above, start, own)]


def defined(
    size: int, pairs: list[tuple[int, int]], own: bytes, sure: frozenset[int], anybody: frozenset[int]
) -> list[int]:
    """The same from who can be reached: an end may have no parent, or can reach itself."""
    parents = [{owner for entity, owner in pairs if entity == one} for one in range(size)]
    reached = []
    for one in range(size):
        seen, waiting = set(parents[one]), list(parents[one])
        while waiting:
            new = parents[waiting.pop()] - seen
            seen |= new
            waiting += new
        reached.append(seen)
    ends = {one for one in range(size) if one not in sure or one in reached[one]}
    leads = [0] * size
    for one in range(size):
        for end in ends & (reached[one] | {one}):
            leads[one] |= own[end]
        if anybody & (reached[one] | {one}):
            leads[one] = LEADS
    return leads


def drawn(seed: int) -> tuple[int, list[tuple[int, int]], bytes, frozenset[int], frozenset[int]]:
    """Up to sixty parties with up to three possible parents each, themselves perhaps among them."""
    draw = random.Random(seed)
    size, several = draw.randint(1, 60), draw.random() / 2
    pairs = [
        (one, owner)
        for one in range(size)
        for owner in draw.sample(range(size), min(size, draw.choice((2, 3)) if draw.random() < several else 1))
        if draw.random() < 0.9
    ]
    own = bytes(draw.choice((SEED, OTHER, LEADS)) for _ in range(size))
    sure = frozenset(entity for entity, _ in pairs if draw.random() < 0.7)
    anybody = frozenset(one for one in range(size) if draw.random() < 0.1)
    return size, pairs, own, sure, anybody


@settings(deadline=None)
@given(st.integers(0, 2**40))
def test_chains_end_where_the_definition_says(seed: int) -> None:
    case = drawn(seed)
    assert found(*case) == defined(*case)


def test_a_chain_of_any_depth_and_order_ends_at_its_top() -> None:
    own, all_ = bytes([SEED] + [OTHER] * DEEP), range(DEEP + 1)
    downwards = [(one, one - 1) for one in all_[1:]]
    assert found(DEEP + 1, downwards, own, frozenset(all_[1:])) == [SEED] * (DEEP + 1)
    order = list(all_)
    random.Random(1).shuffle(order)
    shuffled = [(order[entity], order[owner]) for entity, owner in downwards]
    says = bytes(SEED if one == order[0] else OTHER for one in all_)
    assert found(DEEP + 1, shuffled, says, frozenset(order[1:])) == [SEED] * (DEEP + 1)


def test_a_long_ring_stands_at_the_top_as_a_whole_with_what_hangs_below() -> None:
    ring = [(one, (one + 1) % DEEP) for one in range(DEEP)]
    below = [(DEEP + one, DEEP + one - 1) for one in range(DEEP)]
    everybody = frozenset(range(2 * DEEP))
    own = bytes([SEED] * DEEP + [OTHER] * DEEP)
    assert found(2 * DEEP, ring + below, own, everybody) == [SEED] * (2 * DEEP)


def test_a_long_chain_below_one_with_two_possible_parents_may_end_at_either() -> None:
    pairs = [(2, 0), (2, 1), *((one, one - 1) for one in range(3, DEEP))]
    own = bytes([SEED, OTHER] + [SEED] * (DEEP - 2))
    assert found(DEEP, pairs, own, frozenset(range(2, DEEP))) == [SEED, OTHER] + [LEADS] * (DEEP - 2)


def test_a_long_chain_between_two_with_several_is_one_ring() -> None:
    pairs = [(0, DEEP), (0, DEEP - 1), *((one, one - 1) for one in range(1, DEEP))]
    own = bytes([SEED] * DEEP + [OTHER])
    assert found(DEEP + 1, pairs, own, frozenset(range(DEEP))) == [LEADS] * DEEP + [OTHER]


def test_a_ring_may_end_wherever_one_of_its_members_may() -> None:
    ring = [(0, 1), (1, 2), (2, 0), (3, 0)]
    for member in range(3):
        assert found(4, ring, bytes([SEED] * 4), frozenset(range(4)), frozenset([member])) == [LEADS] * 4
