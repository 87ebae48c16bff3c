"""The worked examples of OFAC FAQ 399 and 401, the rules that ship, and what sets them apart."""

from datetime import date

import pytest
from ownership_cases import DAY, MAJORITY, OFAC, holds, solution

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.rule import Rule, rules
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import solve
from bylaw.errors import SettingsError, UsageError

EXAMPLES = {
    "401, example 1": ([("X", "A", 50), ("A", "B", 50)], "X", "AB", ""),
    "401, example 2": ([("X", "A", 50), ("X", "B", 50), ("A", "C", 25), ("B", "C", 25)], "X", "ABC", ""),
    "401, example 3": ([("X", "A", 50), ("X", "B", 10), ("A", "B", 40)], "X", "AB", ""),
    "401, example 4": ([("X", "A", 50), ("X", "B", 25), ("A", "C", 25), ("B", "C", 25)], "X", "A", "BC"),
    "401, example 5": ([("X", "A", 25), ("X", "B", 25), ("A", "C", 50), ("B", "C", 50)], "X", "", "ABC"),
    "399, two persons": ([("X", "A", 25), ("Y", "A", 25)], "XY", "A", ""),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    stakes, seeds, blocked, clear = EXAMPLES[name]
    found = solution([holds(*one) for one in stakes], seeds)
    assert {one: found.status(one) for one in blocked + clear} == {
        **dict.fromkeys(blocked, "blocked"),
        **dict.fromkeys(clear, "clear"),
    }


def test_half_is_enough_for_ofac_and_not_for_a_majority() -> None:
    assert solution([holds("X", "A", 50)], "X", OFAC).status("A") == "blocked"
    assert solution([holds("X", "A", 50)], "X", MAJORITY).status("A") == "clear"
    assert solution([holds("X", "A", "50.0000001")], "X", MAJORITY).status("A") == "blocked"


def test_without_aggregation_one_owner_must_reach_it() -> None:
    rule = Rule(title="alone", source="test", threshold="50", strict=False, aggregate=False, unlisted="clear")
    found = solution([holds("X", "A", 25), holds("Y", "A", 25), holds("X", "B", 50)], "XY", rule)
    assert dict(found.statuses()) == {"X": "blocked", "A": "clear", "Y": "blocked", "B": "blocked"}


def test_headquarters_unknown_is_undetermined() -> None:
    graph = Graph.build([holds("P", "A", 60), holds("Q", "B", 60), holds("R", "C", 60)], at=DAY)
    seeds = Seeds.headquartered(graph, {"CN", "MO"}, {"P": "CN", "Q": "US", "A": "SG", "B": "SG", "C": "SG"})
    found = solve(graph, rules()["headquarters-majority"], seeds)
    assert [found.status(one) for one in "ABC"] == ["blocked", "clear", "undetermined"]
    assert seeds.because == "is headquartered in CN or MO"


def test_rules_say_when_they_are_in_force() -> None:
    bis = rules()["bis-affiliates"]
    days = [date(2025, 9, 28), date(2025, 9, 29), date(2025, 11, 10), date(2026, 11, 9), date(2026, 11, 10)]
    assert [bis.applies(day) for day in days] == [False, True, False, False, True]
    assert all(rule.source for rule in rules().values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": "0"}, "by everybody or by nobody"),
        ({"threshold": "100", "strict": True}, "by everybody or by nobody"),
        ({"threshold": "half"}, "no percentage"),
        ({"threshold": "33.33333333"}, "seven decimals"),
        ({"follows": "parents", "aggregate": True, "strict": True}, "more than half alone"),
        ({"follows": "parents", "aggregate": False}, "more than half alone"),
    ],
)
def test_rules_that_cannot_be(change: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Rule(**{"title": "t", "source": "s", "threshold": "50", "strict": False, "unlisted": "clear", **change})


def test_a_rule_must_say_what_the_unlisted_rest_is() -> None:
    with pytest.raises(SettingsError, match="unlisted"):
        rules('[rules.mine]\ntitle = "t"\nsource = "s"\nthreshold = "50"\nstrict = false\n')
