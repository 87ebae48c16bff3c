"""Critique and revision: rounds chain, principles are drawn by row and round, a principle may be for judging only."""

import pytest

from bylaw.feedback.revise import ReviseSettings, revise
from bylaw.models.base import Ask, Generate
from bylaw.models.scripted import ScriptedModel
from bylaw.records import Critique, Message, Principle, Prompt, Response, Revision

TALK = (Message("user", "Hello"), Message("assistant", "Hi"), Message("user", "Do harm."))
PROMPT = Prompt(messages=TALK)
ANSWER = Response(prompt=PROMPT.id, model="seed", text="Answer 0")
PRINCIPLES = tuple(
    Principle(key=f"p{n}", comparison="c", critique_request=f"Critique {n}?", revision_request=f"Revise {n}.")
    for n in range(4)
)
JUDGING = Principle(key="judging", comparison="Choose.")


def reviser(asked: list[Generate]) -> ScriptedModel:
    def reply(ask: Ask) -> str:
        assert isinstance(ask, Generate)
        asked.append(ask)
        return f"said {len(asked)}"

    return ScriptedModel(reply)


def test_round_n_critiques_revision_n_minus_one_in_the_whole_conversation() -> None:
    asked: list[Generate] = []
    made = reviser(asked).run([revise(PROMPT, ANSWER, PRINCIPLES, ReviseSettings(rounds=2), 0)])[0]
    critique_1, revision_1, critique_2, revision_2 = made
    assert isinstance(critique_1, Critique) and isinstance(revision_2, Revision)
    assert asked[0].messages[:3] == TALK
    assert asked[0].messages[3] == Message("assistant", "Answer 0")
    assert asked[1].messages[:-2] == asked[0].messages, "the revision follows the critique in one conversation"
    assert asked[2].messages[3] == Message("assistant", revision_1.text), "the revision replaces the response"
    assert (critique_1.of, revision_1.of, critique_2.of, revision_2.of) == (
        ANSWER.id,
        ANSWER.id,
        revision_1.id,
        revision_1.id,
    )
    assert revision_1.critique == critique_1.id
    assert [asked[i].messages[-1].content[-2] for i in (0, 1)] == [critique_1.principle[1]] * 2


def test_direct_revision_asks_no_critique() -> None:
    asked: list[Generate] = []
    made = reviser(asked).run([revise(PROMPT, ANSWER, PRINCIPLES, ReviseSettings(rounds=3, direct=True), 0)])[0]
    assert [type(record) for record in made] == [Revision] * 3
    assert all(ask.messages[-1].content.startswith("Revise") for ask in asked)
    assert all(isinstance(record, Revision) and record.critique is None for record in made)


@pytest.mark.parametrize("seed", range(5))
def test_draws_depend_on_row_round_and_seed_only(seed: int) -> None:
    def draws() -> list[str]:
        program = revise(PROMPT, ANSWER, PRINCIPLES, ReviseSettings(), seed)
        return [record.principle for record in reviser([]).run([program])[0]]

    assert draws() == draws()


def test_all_principles_are_drawn_and_those_for_judging_never() -> None:
    drawn = set()
    for seed in range(30):
        rows = reviser([]).run([revise(PROMPT, ANSWER, (*PRINCIPLES, JUDGING), ReviseSettings(rounds=1), seed)])
        drawn |= {record.principle for record in rows[0]}
    assert drawn == {principle.key for principle in PRINCIPLES}
