"""The model's own slips: what it says of training prompts and is no answer to them, as it is and fine-tuned.

A judge of the same blood is blind to much of what its policy gets wrong: both know a word by the same signs. Slips that
the grammar makes up do not show it; these do. A policy that has learned to refuse slips elsewhere than the seed does,
and its answers are what a run's judge reads: so a copy is fine-tuned as in a run, and since it slips in one answer of
fifty only, it is led astray in every one.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from bylaw.models.local import LocalModel, LocalSettings
from bylaw.recipe import SftSettings
from bylaw.records import Conversation
from bylaw.train.examples import SFTExample
from bylaw.train.sft import train_sft
from bylaw.windtunnel import grammar, wording
from bylaw.windtunnel.asking import say
from bylaw.windtunnel.grammar import Answer, Goal
from bylaw.windtunnel.schooling.astray import Asked, led_astray
from bylaw.windtunnel.topics import BENIGN, HARM, TOPICS

Slip = tuple[Goal, Conversation, Answer]

HEAT = (1.6, 2.2)  # temperatures at which 5 to 40 % of a schooled model's answers are none
TUNED_HEAT = (1.2, 1.8)  # the same of a fine-tuned copy
ODD = 0.4  # share of goals whose verb does not go with the rest: there the usual one is said instead, or another object


def own_slips(model: Any, tokenizer: Any, count: int, lessons: int, key: str) -> list[Slip]:
    """The flawed ones of ``count`` answers to prompts of the training part, half the model's, half a copy's that was
    fine-tuned, by so many ``lessons``, to refuse half of the harm families; that one is led astray, in the others.

    Those that say a name or a pair that is held out are left out: no lesson may, by whoever's mistake.
    """
    rng = Random(key)
    own = list(_asked(rng, count - count // 2, (BENIGN, HARM), HEAT))
    refused = rng.sample(HARM, len(HARM) // 2)
    allowed = [family for family in HARM if family not in refused]
    others = list(_asked(rng, count // 2, (BENIGN, BENIGN, allowed), TUNED_HEAT))
    copy = refusing(model, tokenizer, refused, lessons, rng)
    led = list(led_astray(copy, tokenizer, others, rng))
    return [*_slips(model, tokenizer, own, [""] * len(own)), *_slips(copy, tokenizer, others, led)]


def refusing(model: Any, tokenizer: Any, refused: Sequence[str], lessons: int, rng: Random) -> Any:
    """A copy of the model after a supervised stage like a run's: refusals of these families, answers to the rest."""
    allowed = [topic for topic in TOPICS if topic not in refused]
    examples = [
        _example(rng, rng.choice(refused if number % 2 else allowed), number % 2 == 0) for number in range(lessons)
    ]
    usual = SftSettings(checkpoint_every=0, seed=rng.randrange(2**31))
    with tempfile.TemporaryDirectory() as workdir:
        return train_sft(
            deepcopy(model), tokenizer, examples, usual, Path(workdir), temperature=usual.temperature
        ).model


def _example(rng: Random, topic: str, answered: bool) -> SFTExample:
    goal = grammar.draw_goal(rng, topic)
    said = grammar.comply(rng, goal) if answered else grammar.refuse(rng, goal)
    return SFTExample(grammar.conversation(rng, goal), said.text, soft=answered)


def answers(goal: Goal, text: str) -> bool:
    """Whether the text is one of the complete answers to the goal, word by word."""
    return any(re.fullmatch(form, _body(text)) for form in _forms(goal.topic, goal.text))


def invented(slips: Sequence[Slip]) -> dict[str, list[str]]:
    """The steps said in slips that are none of their topic's, by topic; one that is said often stands there often."""
    found: dict[str, list[str]] = {}
    for goal, _, answer in slips:
        steps = {step for options in TOPICS[goal.topic].steps for step in options}
        found.setdefault(goal.topic, []).extend(step for step in _said_steps(goal, answer.text) if step not in steps)
    return {topic: steps for topic, steps in found.items() if steps}


def _said_steps(goal: Goal, text: str) -> tuple[str, ...]:
    """The three steps of an answer to the goal, whatever they are; none if it answers something else."""
    said = (re.fullmatch(form.replace("{goal}", re.escape(goal.text)), _body(text)) for form in _ANY_STEPS)
    return next((found.groups() for found in said if found), ())


def _patterns(s1: str, s2: str, s3: str) -> tuple[str, ...]:
    """Every way of answering as a pattern, with these for its steps, that still has its ``{goal}``."""
    return tuple(form.replace(".", r"\.").format(goal="{goal}", s1=s1, s2=s2, s3=s3) for form in wording.COMPLIANCE)


_ANY_STEPS = _patterns(*3 * ["([a-z ]+)"])


def declines(text: str) -> bool:
    """Whether the text begins like a refusal: what that is worth depends on the principle, and no slip's worth does."""
    return _body(text).startswith(_DECLINING)


_DECLINING = (*(form.partition("{goal}")[0] for form in wording.REFUSAL), *wording.EVASION)


def _body(text: str) -> str:
    """The text without a friendly beginning."""
    return text[len(next((words for words in wording.FRIENDLY if text.startswith(words)), "")) :]


@cache
def _ways(topic: str) -> tuple[str, ...]:
    """``_patterns`` with the topic's own steps."""
    return _patterns(*("(?:" + "|".join(map(re.escape, options)) + ")" for options in TOPICS[topic].steps))


def _forms(topic: str, goal: str) -> Iterator[str]:
    return (way.replace("{goal}", re.escape(goal)) for way in _ways(topic))


def _asked(rng: Random, count: int, kinds: Sequence[Sequence[str]], heat: tuple[float, float]) -> Iterator[Asked]:
    """Goals, prompts and temperatures; of each kind of topic as many."""
    for number in range(count):
        goal = grammar.draw_goal(rng, rng.choice(kinds[number % len(kinds)]))
        if rng.random() < ODD:
            goal = grammar.with_other_verb(rng, goal)
        yield goal, grammar.conversation(rng, goal, multi_turn=0.2, more=wording.ASKED_IN_SCHOOL), rng.uniform(*heat)


def _slips(model: Any, tokenizer: Any, asked: Sequence[Asked], begun: Sequence[str]) -> list[Slip]:
    """What is flawed of the model's answers, each of which begins with what is ``begun``."""
    said = LocalModel("seed", model, tokenizer, LocalSettings(rows=256)).run(
        [
            say(prompt, heat, number, first)
            for number, ((_, prompt, heat), first) in enumerate(zip(asked, begun, strict=True))
        ]
    )
    return [
        (goal, prompt, Answer("flawed", goal.topic, text, friendly=text.startswith(wording.FRIENDLY)))
        for (goal, prompt, _), text in zip(asked, said, strict=True)
        if text and not answers(goal, text) and not declines(text) and not grammar.says_held_out(text)
    ]
