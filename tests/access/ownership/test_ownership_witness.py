"""Every *blocked* has a witness: enough by itself, nothing to spare, in order; and doubts that settle the rest."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ownership_cases import DAY, OFAC, PARENT, holds, question, random_case, solution

from bylaw.access.ownership.doubts import doubts
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Interest, Party
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds
from bylaw.access.ownership.solution import Solution, solve
from bylaw.access.ownership.stake import UNKNOWN, Stake, between
from bylaw.access.ownership.witness import Step, check, explain, witness
from bylaw.errors import RecordError, UsageError, VerificationError

unhurried = settings(deadline=None)


def derived(rule: Rule, seeds: Iterable[str], interests: Iterable[Interest]) -> set[str]:
    """Who is blocked by these alone, each stake at its least: round after round, over everything."""
    blocked, rows = set(seeds), list(interests)
    while True:
        held: dict[str, list[int]] = {}
        for row in rows:
            if row.owner in blocked:
                held.setdefault(row.entity, []).append(row.stake.lower)
        more = {one for one, sums in held.items() if (sum if rule.aggregate else max)(sums) >= rule.bar} - blocked
        if not more:
            return blocked
        blocked |= more


def solved(seed: int) -> Solution | None:
    case = random_case(seed)
    try:
        return question(case) if case.follows == "stakes" else None
    except RecordError:
        return None


@unhurried
@given(st.integers(0, 2**40))
def test_enough_and_nothing_to_spare(seed: int) -> None:
    found = solved(seed)
    for party, status in found.statuses() if found else ():
        if found is None or status != "blocked":
            continue
        why = witness(found, party)
        check(why, why.seeds)
        assert {found.graph.place(one) for one in why.seeds} <= found.seeds.sure
        assert party in derived(why.rule, why.seeds, why.interests)
        for spared in why.seeds:
            assert party not in derived(why.rule, set(why.seeds) - {spared}, why.interests)
        for place in range(len(why.interests)):
            rest = why.interests[:place] + why.interests[place + 1 :]
            assert party not in derived(why.rule, why.seeds, rest)


@unhurried
@given(st.integers(0, 2**40))
def test_doubts_settle_a_party(seed: int) -> None:
    """Every question answered in the same direction, the least or the most, leaves nothing undetermined."""
    found = solved(seed)
    if found is None or found.rule.unlisted == "unknown" or found.graph.behind:
        return
    for party, status in found.statuses():
        asked = doubts(found, party)
        assert (status == "undetermined") == bool(asked)
        answers = [settle(found, party, most) for most in (False, True)] if asked else []
        assert "undetermined" not in answers


def settle(found: Solution, party: str, most: bool) -> str | None:
    """The status once each question about the party is answered; None if the answers cannot all be."""
    asked = doubts(found, party)
    stakes = {(one.party, one.entity) for one in asked if one.question == "stake"}
    rows = [row for number in range(len(found.graph)) for row in found.graph.inward(number)]
    settled = [answered(row, most) if (row.owner, row.entity) in stakes else row for row in rows]
    unsure = {found.graph.parties[one].id for one in found.seeds.possible - found.seeds.sure}
    asked_seeds = {one.party for one in asked if one.question == "seed"}
    sure = {found.graph.parties[one].id for one in found.seeds.sure} | (asked_seeds if most else set())
    try:
        graph = Graph.build(settled, found.graph.parties, at=DAY)
    except RecordError:
        return None
    return solve(graph, found.rule, Seeds.listed(graph, sure, unsure - asked_seeds)).status(party)


def answered(row: Interest, most: bool) -> Interest:
    end = row.stake.upper if most else row.stake.lower
    return msgspec.structs.replace(row, stake=Stake(end, end))


def test_read_by_a_person() -> None:
    rows = [
        holds("X", "A", 50, where="f:1"),
        holds("X", "B", 10, where="f:2"),
        holds("A", "B", between(40, 50), where="f:3"),
        holds("Z", "B", 5),
    ]
    assert explain(witness(solution(rows, "X"), "B")) == [
        "1. X is listed.",
        "2. A: X holds 50 % [f:1]; the threshold is at least 50 %.",
        "3. B: A holds at least 40 %, at most 50 % [f:3], X holds 10 % [f:2], together at least 50 %; "
        "the threshold is at least 50 %.",
    ]


def test_a_deep_chain() -> None:
    found = solution([holds(f"p{one}", f"p{one + 1}", 50) for one in range(5000)], ["p0"])
    why = witness(found, "p5000")
    check(why, ["p0"])
    assert len(why.steps) == 5001


def test_only_what_is_blocked_has_one() -> None:
    with pytest.raises(UsageError, match="'A' is clear"):
        witness(solution([holds("X", "A", 49)], "X"), "A")


def test_an_altered_witness_does_not_check() -> None:
    why = witness(solution([holds("X", "A", 50), holds("A", "B", 50)], "X"), "B")
    seed, first, last = why.steps
    weak = msgspec.structs.replace(last, interests=(holds("A", "B", 49),))
    alien = msgspec.structs.replace(last, interests=(holds("A", "C", 50),))
    double = msgspec.structs.replace(last, interests=(holds("A", "B", 25), holds("A", "B", 25)))
    unfounded = Step(party="A", title="A")
    for steps in ((seed, first), (seed, last), (seed, unfounded, last), (first, seed, last), ()):
        with pytest.raises(VerificationError, match="ownership"):
            check(msgspec.structs.replace(why, steps=steps), ["X"])
    for step in (weak, alien, double):
        with pytest.raises(VerificationError, match="does not follow"):
            check(msgspec.structs.replace(why, steps=(seed, first, step)), ["X"])
    with pytest.raises(VerificationError, match="no seed"):
        check(why, ["Y"])


def test_a_chain_of_parents() -> None:
    found = solution([holds("T", "M", 60), holds("M", "A", 80), holds("S", "A", 20)], "T", PARENT)
    assert explain(witness(found, "A")) == [
        "1. T is listed.",
        "2. M: T holds 60 %; whoever holds more than 50 % is its parent.",
        "3. A: M holds 80 %; whoever holds more than 50 % is its parent.",
    ]


def test_doubts_in_words() -> None:
    parties = [Party(id="N", identified=False, where="f:1"), Party(id="A"), Party(id="B"), Party(id="X")]
    rows = [holds("N", "A", 60), holds("X", "B", UNKNOWN, where="f:2"), holds("X", "B", 1, direct=False)]
    graph = Graph.build(rows, parties, at=DAY)
    found = solve(graph, OFAC, Seeds.listed(graph, "X"))
    assert [str(one) for one in doubts(found, "A")] == ["N is not identified [f:1]"]
    assert [one.question for one in doubts(found, "B")] == ["stake", "between"]
    assert doubts(found, "X") == ()
