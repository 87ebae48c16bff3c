"""Labels: orders, pooling, clamp, hard labels, and what cannot be read."""

import math

import msgspec
import pytest

from bylaw.feedback.label import LabelSettings, label
from bylaw.feedback.templates import SO_THE_ANSWER, THINK
from bylaw.models.base import Ask, Choose
from bylaw.models.scripted import ScriptedModel
from bylaw.records import Comparison, Label, Message, Principle

PAIR = Comparison(messages=(Message("user", "How?"),), first="Good answer.", second="Bad answer.")
PRINCIPLES = tuple(
    Principle(key=key, comparison=f"Choose the {key} response.", critique_request="c", revision_request="r")
    for key in ("kind", "short", "honest")
)


def read(text: str, p_good: float, tilt: float = 0.0) -> tuple[float, float]:
    """Log-probabilities of A and B for a judge that likes the good answer and, by ``tilt``, the letter A."""
    good_is_a = "(A) Good" in text
    odds = math.log(p_good / (1 - p_good)) * (1 if good_is_a else -1) + tilt
    p_a = 1 / (1 + math.exp(-odds))
    return math.log(0.9 * p_a), math.log(0.9 * (1 - p_a))


def judge(p_good: float = 0.8, tilt: float = 0.0, mass: float = 1.0) -> ScriptedModel:
    def reply(ask: Ask) -> str | tuple[float, ...]:
        if isinstance(ask, Choose):
            return tuple(x + math.log(mass) for x in read(ask.conversations[0][0].content, p_good, tilt))
        return " the first is good."

    return ScriptedModel(reply)


def labelled(model: ScriptedModel, seed: int = 0, **settings: object) -> Label:
    return model.run([label(PAIR, PRINCIPLES, "judge", LabelSettings(**settings), seed)])[0]  # type: ignore[arg-type]


def test_an_ensemble_asks_every_principle_in_both_orders() -> None:
    made = labelled(judge())
    assert [(v.principle, v.swapped) for v in made.votes] == [
        (p.key, swapped) for swapped in (False, True) for p in PRINCIPLES
    ]
    assert all(vote.p_first == pytest.approx(0.8, abs=1e-5) for vote in made.votes)
    assert made.verdict == "first"


def test_both_orders_cancel_a_liking_for_a_letter() -> None:
    made = labelled(judge(p_good=0.5, tilt=2.0), pool="mean")
    assert made.p_first == pytest.approx(0.5, abs=1e-5)
    assert made.verdict == "tie"
    assert labelled(judge(p_good=0.5, tilt=2.0), both_orders=False).verdict == "first"


def test_a_product_adds_log_odds_of_principles_and_averages_orders() -> None:
    made = labelled(judge(p_good=0.8), pool="product", correlation=0.0)
    assert made.p_first == pytest.approx(0.8**3 / (0.8**3 + 0.2**3), abs=1e-5)
    assert labelled(judge(p_good=0.8), pool="mean").p_first == pytest.approx(0.8, abs=1e-5)


@pytest.mark.parametrize(("correlation", "experts"), [(0.0, 3), (0.5, 1.5), (1.0, 1)])
def test_votes_that_err_together_count_for_fewer(correlation: float, experts: float) -> None:
    """Three votes with correlation 0.5 are worth 3 / (1 + 2 * 0.5) = 1.5 independent ones (Kish 1965)."""
    made = labelled(judge(p_good=0.8), correlation=correlation)
    assert made.p_first == pytest.approx(0.8**experts / (0.8**experts + 0.2**experts), abs=1e-5)


def test_swapping_a_comparison_swaps_its_label() -> None:
    model = judge(p_good=0.7, tilt=0.4)
    there = labelled(model).p_first
    back = model.run([label(PAIR.swapped(), PRINCIPLES, "judge", LabelSettings(), 0)])[0].p_first
    assert there is not None and back is not None
    assert there + back == pytest.approx(1, abs=1e-5)


def test_one_principle_is_drawn_by_row_and_seed() -> None:
    drawn = {labelled(judge(), seed, scheme="one", both_orders=False).votes[0].principle for seed in range(30)}
    assert drawn == {p.key for p in PRINCIPLES}
    again = [labelled(judge(), 3, scheme="one").votes[0].principle for _ in range(2)]
    assert again[0] == again[1]


def test_what_cannot_be_read_is_counted_and_is_no_tie() -> None:
    made = labelled(judge(mass=0.1))
    assert (made.verdict, made.p_first, made.votes, made.unreadable) == ("unreadable", None, (), 6)


def test_hard_labels_and_the_clamp_of_a_chain_of_thought() -> None:
    assert labelled(judge(), hard=True).p_first == 1.0
    made = labelled(judge(0.99), think=True)
    assert made.p_first == 0.6
    assert made.votes[0].raw == THINK + " the first is good."


def test_a_thought_is_followed_by_the_question_for_the_letter() -> None:
    asked: list[Choose] = []

    def reply(ask: Ask) -> str | tuple[float, ...]:
        if isinstance(ask, Choose):
            asked.append(ask)
            return math.log(0.5), math.log(0.5)
        assert ask.prefill == THINK
        return " so."

    labelled(ScriptedModel(reply), think=True, scheme="one", both_orders=False)
    talk = asked[0].conversations[0]
    assert talk[-1].content == SO_THE_ANSWER
    assert not talk[0].content.endswith("The answer is:")


def test_weights_count() -> None:
    heavy = msgspec.structs.replace(PRINCIPLES[0], weight=2.0)
    made = judge(0.8).run([label(PAIR, (heavy,), "judge", LabelSettings(correlation=0.0), 0)])[0]
    assert made.p_first == pytest.approx(0.8**2 / (0.8**2 + 0.2**2), abs=1e-5)
