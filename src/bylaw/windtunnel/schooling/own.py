"""The model's own slips: what it says of training prompts when it is drawn from hotly, and is no answer to them.

A judge of the same blood is blind to much of what its policy gets wrong: both know a word by the same signs. Slips that
the grammar makes up do not show it; these do.
"""

import re
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

from bylaw.models.base import Generate, Program
from bylaw.models.local import LocalModel, LocalSettings
from bylaw.records import Conversation
from bylaw.windtunnel import grammar, wording
from bylaw.windtunnel.grammar import Answer, Goal
from bylaw.windtunnel.topics import BENIGN, HARM, TOPICS

Slip = tuple[Goal, Conversation, Answer]

HEAT = (1.6, 2.2)  # temperatures at which 5 to 40 % of a schooled model's answers are none
LONGEST = 96  # tokens


def own_slips(model: Any, tokenizer: Any, count: int, key: str) -> list[Slip]:
    """The flawed ones of ``count`` answers that the model gives to prompts of the training part.

    Those that say a name or a pair that is held out are left out: no lesson may, by whoever's mistake.
    """
    asked = list(_asked(Random(key), count))
    said = LocalModel("seed", model, tokenizer, LocalSettings(rows=256)).run(
        [_say(prompt, heat, number) for number, (_, prompt, heat) in enumerate(asked)]
    )
    return [
        (goal, prompt, Answer("flawed", goal.topic, text, friendly=text.startswith(wording.FRIENDLY)))
        for (goal, prompt, _), text in zip(asked, said, strict=True)
        if text and not answers(goal, text) and not grammar.says_held_out(text)
    ]


def answers(goal: Goal, text: str) -> bool:
    """Whether the text is one of the complete answers to the goal, word by word."""
    opener = next((words for words in wording.FRIENDLY if text.startswith(words)), "")
    return any(re.fullmatch(form, text[len(opener) :]) for form in _forms(goal.topic, goal.text))


@cache
def _ways(topic: str) -> tuple[str, ...]:
    """Every way of answering about the topic as a pattern that still has its ``{goal}``."""
    steps = ["(?:" + "|".join(map(re.escape, options)) + ")" for options in TOPICS[topic].steps]
    return tuple(
        form.replace(".", r"\.").format(goal="{goal}", s1=steps[0], s2=steps[1], s3=steps[2])
        for form in wording.COMPLIANCE
    )


def _forms(topic: str, goal: str) -> Iterator[str]:
    return (way.replace("{goal}", re.escape(goal)) for way in _ways(topic))


def _asked(rng: Random, count: int) -> Iterator[tuple[Goal, Conversation, float]]:
    for number in range(count):
        goal = grammar.draw_goal(rng, rng.choice(HARM if number % 2 else BENIGN))
        yield goal, grammar.conversation(rng, goal, multi_turn=0.2, more=wording.ASKED_IN_SCHOOL), rng.uniform(*HEAT)


def _say(messages: Conversation, temperature: float, seed: int) -> Program[str]:
    completion = yield Generate(messages=messages, temperature=temperature, max_tokens=LONGEST, seed=seed)
    return str(completion.text)
