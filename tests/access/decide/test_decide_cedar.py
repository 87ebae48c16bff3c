"""Another engine, asked the same: Cedar decides as this one does, and accepts what is exported as well typed."""

import cedarpy
import pytest
from decide_cases import AT, world
from decide_cedar import Engine

from bylaw.access.decide import cedar_text
from bylaw.access.decide.cedar import CEDAR
from bylaw.access.decide.evaluate import EVALUATE
from bylaw.access.decide.policy import compile
from bylaw.access.rules.predicates import Predicate


def disagreements(seed: int) -> tuple[int, list[str]]:
    """(cases, those where the engines differ) of a world."""
    made = world(seed)
    policy = compile(made.rules, made.outside, AT)
    desk = policy.over(made.register)
    asked = [(subject, request) for subject in made.register for request in made.requests]
    theirs = Engine(policy, made).outcomes(asked)
    mine = [desk.decide(subject, request).outcome for subject, request in asked]
    pairs = zip(asked, mine, theirs, strict=True)
    return len(asked), [f"{seed}: {case}: {one}, Cedar: {other}" for case, one, other in pairs if one != other]


def test_both_engines_know_every_predicate() -> None:
    assert set(EVALUATE) == set(CEDAR) == set(Predicate.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(20))
def test_cedar_decides_the_same(seed: int) -> None:
    cases, differ = disagreements(seed)
    assert cases == 64
    assert not differ, differ[:3]


@pytest.mark.long
def test_cedar_decides_twenty_thousand_cases_the_same() -> None:
    found = [disagreements(seed) for seed in range(10_000, 10_313)]
    assert sum(cases for cases, _ in found) >= 20_000
    assert not [case for _, differ in found for case in differ]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_exported_is_well_typed(seed: int) -> None:
    made = world(seed)
    engine = Engine(compile(made.rules, made.outside, AT), made)
    found = cedarpy.validate_policies(engine.text, engine.schema)
    assert found.validation_passed, [str(each) for each in found.errors[:2]]
    cedarpy.Entities.from_json_str(engine.entities_json, engine.schema)


def test_texts_are_escaped() -> None:
    policy = (
        f"permit(principal, action, resource) when {{ resource == Model::{cedar_text.text(chr(34) + 'a' + chr(92))} }};"
    )
    assert cedarpy.policies_to_json_str(policy)
