"""Leading a model astray: the first wrong word, and only that, is chosen for it, as likely as it would have said it."""

from collections import Counter
from random import Random

import pytest

from bylaw.models.local import LocalModel, open_model
from bylaw.windtunnel import WEIGHTS, grammar
from bylaw.windtunnel.asking import say
from bylaw.windtunnel.schooling.astray import Asked, led_astray
from bylaw.windtunnel.schooling.own import answers, declines
from bylaw.windtunnel.topics import BENIGN


@pytest.fixture(scope="module")
def shipped() -> LocalModel:
    return open_model(WEIGHTS)


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    rng = Random("asked")
    goals = [grammar.draw_goal(rng, topic) for topic in BENIGN for _ in range(10)]
    return [(goal, grammar.conversation(rng, goal), 1.5) for goal in goals]


@pytest.fixture(scope="module")
def begun(shipped: LocalModel, asked: list[Asked]) -> list[str]:
    return list(led_astray(shipped.model, shipped.tokenizer, asked, Random(0)))


def test_an_answer_goes_wrong_in_its_last_word_and_not_before(
    shipped: LocalModel, asked: list[Asked], begun: list[str]
) -> None:
    tokenizer, rng = shipped.tokenizer, Random(0)
    for (goal, _, _), text in list(zip(asked, begun, strict=True))[::5]:
        before = tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)[:-1])
        rights = [grammar.comply(rng, goal).text for _ in range(1500)]
        assert not any(right.startswith(text) for right in rights), text
        assert any(right.startswith(before) for right in rights), text


def test_what_is_said_from_there_on_is_hardly_ever_an_answer(
    shipped: LocalModel, asked: list[Asked], begun: list[str]
) -> None:
    said = shipped.run([say(prompt, heat, 1, text) for (_, prompt, heat), text in zip(asked, begun, strict=True)])
    assert all(text.startswith(first) for text, first in zip(said, begun, strict=True))
    assert sum(answers(goal, text) for (goal, _, _), text in zip(asked, said, strict=True)) < len(said) / 20
    assert sum(declines(text) for text in said) < len(said) / 2


def test_where_it_goes_wrong_is_drawn_by_how_likely_that_is(shipped: LocalModel) -> None:
    """Heated, one answer's wrong words are many; cooled down, they are the few that nearly were said."""
    rng = Random("one")
    goal = grammar.draw_goal(rng, "baking")
    prompt = grammar.conversation(rng, goal, multi_turn=0.0)
    drawn = {
        heat: Counter(led_astray(shipped.model, shipped.tokenizer, 100 * [(goal, prompt, heat)], Random(1)))
        for heat in (0.6, 2.0)
    }
    assert len(drawn[0.6]) < len(drawn[2.0])
    assert drawn[0.6].most_common(1)[0][1] > drawn[2.0].most_common(1)[0][1]
