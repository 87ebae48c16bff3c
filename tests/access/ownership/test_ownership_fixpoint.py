"""The fixed points against the definition, world by world, and by hand where a reader should see why."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ownership_brute import statuses
from ownership_cases import DAY, MAJORITY, OFAC, PARENT, agrees, holds, name, question, random_case, solution

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Party
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import solve
from bylaw.access.ownership.stake import UNKNOWN, between
from bylaw.errors import RecordError

unhurried = settings(deadline=None)
QUARTER, HALF = between(25, 50, above=True), between(50, 75, above=True, below=True)


@unhurried
@given(st.integers(0, 2**40))
def test_agrees_with_the_definition(seed: int) -> None:
    assert agrees(random_case(seed))


@pytest.mark.long
def test_agrees_on_ten_thousand_graphs() -> None:
    assert all(agrees(random_case(seed)) for seed in range(10_000))


@unhurried
@given(st.integers(0, 2**40))
def test_more_seeds_never_clear_anybody(seed: int) -> None:
    case = random_case(seed)
    if case.follows == "parents":
        return
    order = ["clear", "undetermined", "blocked"]
    try:
        before = dict(question(case).statuses())
        after = dict(question(case._replace(sure=case.sure | {0}, unsure=case.unsure - {0})).statuses())
    except RecordError:
        return
    assert all(order.index(after[one]) >= order.index(before[one]) for one in before)


def test_the_generator_reaches_every_status_and_form() -> None:
    cases = [random_case(seed) for seed in range(300)]
    forms = {(case.follows, case.aggregate, case.strict, case.unlisted) for case in cases}
    assert len(forms) >= 10
    assert {status for case in cases[:100] for status in statuses(case)} == {"blocked", "clear", "undetermined"}


def test_a_ring_does_not_block_itself() -> None:
    ring = [holds("A", "B", 100), holds("B", "A", 60), holds("A", "A", 10)]
    assert solution([*ring, holds("X", "A", 30)], "X").status("A") == "clear"
    assert solution([*ring, holds("X", "C", 50), holds("C", "A", 30)], ["X", "B"]).status("A") == "blocked"


def test_open_ends_decide() -> None:
    two = [holds("X", "A", QUARTER), holds("Y", "A", QUARTER)]
    assert solution(two, "XY", MAJORITY).status("A") == "blocked"
    assert solution([holds("X", "A", HALF)], "X", MAJORITY).status("A") == "blocked"
    assert solution([holds("X", "A", QUARTER)], "X", OFAC).status("A") == "undetermined"
    assert solution([holds("X", "A", QUARTER)], "X", MAJORITY).status("A") == "clear"
    assert solution([holds("X", "A", between(0, 50, below=True))], "X", OFAC).status("A") == "clear"


def test_what_others_surely_hold_limits_the_unknown() -> None:
    assert solution([holds("X", "A", UNKNOWN)], "X").status("A") == "undetermined"
    assert solution([holds("X", "A", UNKNOWN), holds("C", "A", 50)], "X").status("A") == "undetermined"
    assert solution([holds("X", "A", UNKNOWN), holds("C", "A", "50.1")], "X").status("A") == "clear"


def test_the_unlisted_rest_may_matter() -> None:
    careful = Rule(title="careful", source="test", threshold="50", strict=False, unlisted="unknown")
    rows = [holds("C", "A", 50), holds("C", "B", "50.1"), holds("X", "D", 10), holds("C", "D", "50.1")]
    graph = Graph.build(rows, [Party(id="C", kind="person"), Party(id="X", kind="person"), *map(party, "ABD")], at=DAY)
    found = solve(graph, careful, Seeds.listed(graph, "X"))
    assert {one: found.status(one) for one in "ABCD"} == {
        "A": "undetermined",
        "B": "clear",
        "C": "clear",
        "D": "clear",
    }


def party(id: str) -> Party:
    return Party(id=id)


def test_held_through_others_is_possible_and_no_more() -> None:
    rows = [holds("X", "A", 60, direct=False), holds("C", "A", 100)]
    assert solution(rows, "X").status("A") == "undetermined"
    assert solution(rows, "C").status("A") == "blocked"


def test_only_the_ultimate_parent_counts() -> None:
    rows = [holds("T", "M", 60), holds("M", "A", 80), holds("S", "A", 20)]
    assert [solution(rows, "M", PARENT).status(one) for one in "TMA"] == ["clear", "clear", "clear"]
    assert [solution(rows, "T", PARENT).status(one) for one in "TMA"] == ["blocked", "blocked", "blocked"]
    unsure = [holds("T", "M", between(40, 60)), holds("M", "A", 80)]
    assert [solution(unsure, "T", PARENT).status(one) for one in "TMA"] == ["blocked", "undetermined", "undetermined"]
    assert [solution(unsure, "TM", PARENT).status(one) for one in "TMA"] == ["blocked", "blocked", "blocked"]


def test_a_ring_at_the_top_counts_as_a_whole() -> None:
    rows = [holds("R", "S", 60), holds("S", "R", 60), holds("S", "A", 60)]
    assert solution(rows, "", PARENT).status("A") == "clear"
    assert solution(rows, "R", PARENT).status("A") == "undetermined"
    assert solution(rows, "RS", PARENT).status("A") == "blocked"


def test_names_are_enough_for_the_cases() -> None:
    assert name(4) == "E"
