"""What is put together, and what is refused, with the place of the row and nothing half-applied."""

from datetime import date

import pytest
from ownership_cases import DAY, OFAC, holds, solution

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest, Party
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import solve
from bylaw.access.ownership.stake import UNKNOWN, between
from bylaw.errors import RecordError, UsageError

A, X, PERSON = Party(id="A"), Party(id="X", where="f:1"), Party(id="P", kind="person")
OVER = [holds("X", "A", 60), holds("P", "A", "40.0000001", where="f:9")]
TWICE = [holds("X", "A", 10, where="f:3"), holds("X", "A", 20, where="f:4")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (OVER, r"^f:9: the owners of A hold at least 100\.0000001 %: X 60 %; P 40\.0000001 % at f:9$"),
        (TWICE, r"^f:4: 'X' holds 20 % and also 10 % of 'A' on one day; the other record is at f:3$"),
        ([TWICE[0], holds("X", "A", 10, where="f:5")], "^f:5: 'X' holds the same again of 'A'"),
        ([holds("Z", "A", 10, where="f:6")], "^f:6: no party has the id 'Z'$"),
        ([holds("X", "P", 10, where="f:7")], "^f:7: 'P' is a person and cannot be owned$"),
        (
            [holds("X", "A", 10, start=date(2020, 1, 2), end=date(2020, 1, 1), where="f:8")],
            "^f:8: the interest ends on 2020-01-01, before it starts on 2020-01-02$",
        ),
    ],
)
def test_refused(rows: list[Interest], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        Graph.build(rows, [A, X, PERSON], at=DAY)


def test_a_party_given_twice() -> None:
    with pytest.raises(RecordError, match=r"^f:2: party 'X' was given before, at f:1$"):
        Graph.build([], [X, Party(id="X", where="f:2")], at=DAY)


def test_open_ends_can_be_too_much() -> None:
    half = between(50, 75, above=True)
    with pytest.raises(RecordError, match="hold more than 100 %"):
        Graph.build([holds("X", "A", half), holds("Y", "A", half)], at=DAY)


def test_interests_count_on_their_days() -> None:
    sold, bought = holds("X", "A", 100, end=DAY), holds("Y", "A", 100, start=DAY)
    for day, owner in ((date(2026, 11, 23), "X"), (DAY, "Y"), (date(2027, 1, 1), "Y")):
        graph = Graph.build([sold, bought], at=day)
        assert [row.owner for row in graph.inward(graph.place("A"))] == [owner]


def test_wrong_rows_of_other_days_are_refused_too() -> None:
    with pytest.raises(RecordError, match="no party"):
        Graph.build([holds("Z", "A", 1, end=date(1999, 1, 1))], [A], at=DAY)


def test_widened_to_what_either_allows() -> None:
    graph = Graph.build([*TWICE, holds("X", "B", 10), holds("Y", "B", 95)], at=DAY, conflict="widen")
    assert graph.inward(graph.place("A"))[0].stake == between(10, 20)
    assert graph.inward(graph.place("A"))[0].where == "f:3 and f:4"
    assert graph.widened == {"B"}
    found = solve(graph, OFAC, Seeds.listed(graph, "Y"))
    assert found.status("B") == "undetermined"


def test_parts_of_one_holding_add_up() -> None:
    found = solution([holds("X", "A", 30, part="a"), holds("X", "A", 20, part="b")], "X")
    assert found.status("A") == "blocked"
    with pytest.raises(RecordError, match="too much"):
        Graph.build([holds("X", "A", 60, part="a"), holds("X", "A", 60, part="b", where="f:2")], at=DAY)


def test_an_unknown_party_is_no_clear_one() -> None:
    with pytest.raises(UsageError, match="no party 'Z' is known"):
        solution([holds("X", "A", 50)], "X").status("Z")
    with pytest.raises(UsageError, match="no party 'Z' is known"):
        solution([holds("X", "A", 50)], "Z")


def test_who_is_not_identified_may_be_anyone() -> None:
    nobody = Party(id="N", identified=False)
    graph = Graph.build([holds("N", "A", 60), holds("X", "B", 60)], [nobody, A, X, Party(id="B")], at=DAY)
    found = solve(graph, OFAC, Seeds.where(graph, lambda party: False))
    assert dict(found.statuses()) == {"N": "undetermined", "A": "undetermined", "X": "clear", "B": "clear"}


def test_same_records_in_any_order_are_the_same_answer() -> None:
    rows = [holds("X", "A", 50), holds("A", "B", UNKNOWN), holds("B", "A", 10), holds("X", "B", 20)]
    ahead, back = solution(rows, "X"), solution(rows[::-1], "X")
    assert dict(ahead.statuses()) == dict(back.statuses())
