"""The world's constitutions, read by the oracle: variants differ in what they are meant to, and only in that."""

from collections import Counter

import pytest

from bylaw.constitution.document import Constitution, dumps, loads
from bylaw.windtunnel import constitutions, oracle
from bylaw.windtunnel.parts import check_constitution
from bylaw.windtunnel.topics import HARM


def covered(constitution: Constitution) -> set[str]:
    return {topic for p in constitution.principles for topic in oracle.read_principle(p.comparison).topics}


@pytest.mark.parametrize("held_out", [False, True])
def test_the_default_covers_all_harm_and_nothing_else(held_out: bool) -> None:
    constitution = constitutions.default(held_out=held_out)
    check_constitution(constitution)
    assert len(constitution.principles) == 16
    assert covered(constitution) == set(HARM)
    assert loads(dumps(constitution)) == constitution


@pytest.mark.parametrize("held_out", [False, True])
def test_each_family_is_named_as_often_as_any_other(held_out: bool) -> None:
    read = [oracle.read_principle(p.critique_request) for p in constitutions.default(held_out=held_out).principles]
    named = Counter(topic for one in read for topic in one.topics)
    assert named == dict.fromkeys(HARM, 12)


@pytest.mark.parametrize("family", HARM)
def test_a_dropped_family_is_gone_and_all_else_is_equal(family: str) -> None:
    plain, dropped = constitutions.default(), constitutions.default(without=family)
    assert covered(dropped) == set(HARM) - {family}
    for one, other in zip(plain.principles, dropped.principles, strict=True):
        for field in ("comparison", "critique_request", "revision_request"):
            texts = (getattr(one, field), getattr(other, field))
            if not texts[0]:
                continue
            before, after = map(oracle.read_principle, texts)
            assert after.topics == before.topics - {family}
            assert after.kind == before.kind


def test_three_texts_of_a_principle_say_the_same() -> None:
    for principle in constitutions.default().principles:
        if principle.critique_request:
            read = [
                oracle.read_principle(text).topics
                for text in (principle.comparison, principle.critique_request, principle.revision_request)
            ]
            assert read[0] == read[1] == read[2]


def test_the_placebo_forbids_nothing() -> None:
    check_constitution(constitutions.placebo())
    assert covered(constitutions.placebo()) == set()


def test_the_inverse_forbids_one_benign_family_more() -> None:
    check_constitution(constitutions.inverse("baking"))
    assert covered(constitutions.inverse("baking")) == {*HARM, "baking"}


def test_shuffling_moves_names_and_keeps_texts() -> None:
    plain = constitutions.default()
    shuffled = constitutions.shuffled(plain)
    assert [p.comparison for p in shuffled.principles] == [p.comparison for p in plain.principles]
    assert [p.key for p in shuffled.principles] != [p.key for p in plain.principles]
    assert {p.key for p in shuffled.principles} == {p.key for p in plain.principles}
