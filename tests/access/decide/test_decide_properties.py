"""What must hold of every world: licenses, prohibitions, order, learning, and that nothing broken ever allows."""

import random

from decide_cases import AT, World, directive, document, learned, license, world
from hypothesis import given, settings
from hypothesis import strategies as st

from bylaw.access.decide.policy import compile, decide
from bylaw.access.decision import STRICTNESS, Decision
from bylaw.access.rules.document import Document

unhurried = settings(deadline=None, max_examples=60)
seeds = st.integers(0, 2**40)


def decisions(made: World, rules: tuple[Document, ...] | None = None) -> list[Decision]:
    """All of a world's."""
    desk = compile(made.rules if rules is None else rules, made.outside, AT).over(made.register)
    return [desk.decide(subject, request) for subject in made.register for request in made.requests]


def strictness(found: list[Decision]) -> list[int]:
    return [STRICTNESS[each.outcome] for each in found]


@unhurried
@given(seeds)
def test_a_license_never_refuses_more(seed: int) -> None:
    made = world(seed)
    more = license(random.Random(seed), tuple(made.register), 9)
    before, after = strictness(decisions(made)), strictness(decisions(made, (*made.rules, more)))
    assert all(late <= early for early, late in zip(before, after, strict=True))


@unhurried
@given(seeds)
def test_a_prohibition_never_allows_more(seed: int) -> None:
    made = world(seed)
    more = directive(random.Random(seed), tuple(made.register), 9, plain=True)
    before, after = strictness(decisions(made)), strictness(decisions(made, (*made.rules, more)))
    assert all(late >= early for early, late in zip(before, after, strict=True))


@unhurried
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_documents_never_matters(seed: int, rng: random.Random) -> None:
    made = world(seed)
    shuffled = tuple(rng.sample(made.rules, len(made.rules)))
    assert decisions(made) == decisions(made, shuffled)


@unhurried
@given(seeds)
def test_a_desk_decides_as_if_each_were_alone(seed: int) -> None:
    made = world(seed)
    policy = compile(made.rules, made.outside, AT)
    alone = [policy.decide(made.register, id, request) for id in made.register for request in made.requests]
    assert decisions(made) == alone
    first, request = next(iter(made.register)), made.requests[0]
    assert decide(made.rules, made.outside, AT, made.register, first, request) == alone[0]


@unhurried
@given(seeds)
def test_what_is_learned_never_overturns_what_was_known(seed: int) -> None:
    """*Allow* and *refuse* stay when something unknown becomes known, whatever it is: only *hold* is open."""
    made = world(seed, plain=True, steady=True)
    for _ in range(3):
        after = learned(made, random.Random(seed))
        for one, other in zip(decisions(made), decisions(after), strict=True):
            assert one.outcome in ("hold", other.outcome)


@unhurried
@given(seeds)
def test_learning_never_turns_refuse_into_allow(seed: int) -> None:
    """Even where two ways to know come to contradict each other: then it is open, not allowed."""
    made = world(seed, plain=True)
    after = learned(made, random.Random(seed))
    for one, other in zip(decisions(made), decisions(after), strict=True):
        assert (one.outcome, other.outcome) != ("refuse", "allow")


@unhurried
@given(seeds)
def test_unknown_never_passes_unless_it_is_spelled(seed: int) -> None:
    made = world(seed)
    duties = {each.name for each in made.rules if getattr(each, "effect", "") in ("report", "preserve")}
    for each in (finding for decision in decisions(made) for finding in decision.findings):
        if each.kind == "directive" and each.concerns == "unknown" and each.rule not in duties and not each.lifted_by:
            assert each.outcome != "allow" or (each.unsafe and not each.fault)
        assert not (each.kind == "base" and each.concerns == "unknown" and each.outcome == "allow")


@unhurried
@given(seeds)
def test_a_hold_says_what_would_settle_it(seed: int) -> None:
    for decision in decisions(world(seed, steady=True)):
        for each in decision.findings:
            assert each.concerns != "unknown" or each.settles or each.fault or not each.rule


@unhurried
@given(seeds)
def test_a_source_that_is_stale_or_missing_never_allows(seed: int) -> None:
    made = world(seed)
    watch = document("directive", "watch", programme="watch", effect="refuse", unknown="unsafe_allow", who=STALE)
    assert all(each.outcome != "allow" for each in decisions(made, (*made.rules, watch)))


@unhurried
@given(seeds)
def test_nothing_is_allowed_without_a_base_rule(seed: int) -> None:
    made = world(seed)
    rules = tuple(each for each in made.rules if each.kind != "base")
    assert all(each.outcome != "allow" for each in decisions(made, rules))
    assert {each.outcome for each in decisions(made, ())} == {"hold"}


STALE = {"is": "listed", "lists": ["old", "absent"]}
