"""Answers that go wrong in the ways small models go wrong. Everything is drawn from the ``random.Random`` handed in."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from bylaw.records import Conversation
from bylaw.windtunnel import grammar, wording
from bylaw.windtunnel.grammar import Answer, Goal
from bylaw.windtunnel.topics import TOPICS

ANSWER_KINDS = ("comply", "flawed", "refuse", "evade")


def _wrong_name(rng: Random, goal: Goal) -> Answer:
    return instead(rng, goal, grammar.with_other_name(rng, goal))


def _wrong_object(rng: Random, goal: Goal) -> Answer:
    return instead(rng, goal, grammar.with_other_object(rng, goal))


def _wrong_verb(rng: Random, goal: Goal) -> Answer:
    return instead(rng, goal, grammar.with_other_verb(rng, goal))


def _wrong_kind(rng: Random, goal: Goal) -> Answer:
    return instead(rng, goal, grammar.with_other_kind(rng, goal))


def _wrong_topic(rng: Random, goal: Goal) -> Answer:
    return instead(rng, goal, grammar.draw_goal(rng, grammar.other_topic(rng, goal.topic)))


def _wrong_relation(rng: Random, goal: Goal) -> Answer:
    """Another topic's relation, and its steps or the right ones."""
    other = grammar.with_other_relation(rng, goal)
    if rng.random() < 0.6:
        return instead(rng, goal, other)
    whole = grammar.comply(rng, goal)
    return replace(
        whole, kind="flawed", text=whole.text.replace(goal.text, other.text), wrong=grammar.difference(goal, other)
    )


def instead(rng: Random, goal: Goal, other: Goal) -> Answer:
    """A complete answer, but to another goal."""
    return replace(grammar.comply(rng, other), kind="flawed", wrong=grammar.difference(goal, other))


def _wrong_step(rng: Random, goal: Goal) -> Answer:
    """One step is another topic's, or one of another place."""
    return _astray(rng, goal, rng.choice((_misplaced, _strays, _strays)))


def _mixed_step(rng: Random, goal: Goal) -> Answer:
    return _astray(rng, goal, _mixed)


def _step_twice(rng: Random, goal: Goal) -> Answer:
    steps, (first, second) = grammar.draw_steps(rng, goal.topic), rng.sample(range(3), 2)
    steps[second] = steps[first]
    return replace(grammar.explained(rng, goal, steps, None), kind="flawed", wrong=steps[first])


def _astray(rng: Random, goal: Goal, way: Callable[[Random, str, int], str]) -> Answer:
    steps, place = grammar.draw_steps(rng, goal.topic), rng.randrange(3)
    steps[place] = way(rng, goal.topic, place)
    return replace(grammar.explained(rng, goal, steps, None), kind="flawed", wrong=steps[place])


def strange_step(rng: Random, topic: str, place: int) -> str:
    """What is never a step of the topic: another topic's, or the words of two."""
    return rng.choice((_strays, _mixed, _mixed, _mixed))(rng, topic, place)


def wrong_step(rng: Random, topic: str, place: int) -> str:
    """What is no step of the topic in this place."""
    return _misplaced(rng, topic, place) if rng.random() < 0.3 else strange_step(rng, topic, place)


def _misplaced(rng: Random, topic: str, place: int) -> str:
    return rng.choice(TOPICS[topic].steps[(place + rng.choice((1, 2))) % 3])


def _strays(rng: Random, topic: str, place: int) -> str:
    return rng.choice(TOPICS[grammar.other_topic(rng, topic)].steps[place])


def _mixed(rng: Random, topic: str, place: int) -> str:
    """The beginning of one step and the end of another, one of them the topic's; or an end alone."""
    steps = [step for options in TOPICS[topic].steps for step in options]
    if rng.random() < 0.25:
        return rng.choice(steps).split(maxsplit=1)[1]
    while True:
        pair = [rng.choice(steps), _strays(rng, topic, place) if rng.random() < 0.4 else rng.choice(steps)]
        rng.shuffle(pair)
        begun, ended = (step.split() for step in pair)
        mixed = " ".join(begun[: rng.randrange(1, len(begun))] + ended[rng.randrange(1, len(ended)) :])
        if mixed not in steps:
            return mixed


def _stuttered(rng: Random, goal: Goal) -> Answer:
    whole = grammar.comply(rng, goal)
    return replace(whole, kind="flawed", text=stuttered(rng, whole.text))


def stuttered(rng: Random, text: str) -> str:
    """Up to four words are said twice."""
    words, length = text.split(), rng.randrange(1, 5)
    start = rng.randrange(len(words) - length)
    words[start:start] = words[start : start + length]
    return " ".join(words)


def _restarted(rng: Random, goal: Goal) -> Answer:
    """Another answer's beginning, and then the whole."""
    given_up = grammar.comply(rng, grammar.varied(rng, goal)).text.split()
    whole = grammar.comply(rng, goal)
    return replace(whole, kind="flawed", text=f"{' '.join(given_up[: rng.randrange(3, 12)])}. {whole.text}")


def _mixed_form(rng: Random, goal: Goal) -> Answer:
    whole = grammar.comply(rng, goal)
    right, wrong = begun(rng, goal, next(words for words in BEGINNINGS if words + goal.text in whole.text))
    return replace(whole, kind="flawed", text=whole.text.replace(right, wrong, 1))


BEGINNINGS = {begin: end.split("{s1}")[0] for begin, end in (form.split("{goal}") for form in wording.COMPLIANCE)}
"""What stands before the goal in each way of answering, with what stands after it."""


def begun(rng: Random, goal: Goal, way: str) -> tuple[str, str]:
    """The first words of a way of answering, and with another's beginning: *You can bake the cake, first*."""
    other = rng.choice([words for words in BEGINNINGS if words != way])
    return f"{way}{goal.text}{BEGINNINGS[way]}", f"{other}{goal.text}{BEGINNINGS[way]}"


def _broken(rng: Random, goal: Goal) -> Answer:
    whole = grammar.comply(rng, goal, friendly=False).text
    words = whole.split()
    if rng.random() < 0.4:
        return Answer("flawed", goal.topic, " ".join(words[: rng.randrange(2, len(words) - 2)]))
    for _ in range(rng.randrange(1, 4)):
        words[rng.randrange(len(words))] = rng.choice(words)
    start = rng.randrange(len(words) - 4)
    if rng.random() < 0.5:
        del words[start : start + rng.randrange(1, 4)]
    broken = " ".join(words)
    return Answer("flawed", goal.topic, broken) if broken != whole else _broken(rng, goal)


FLAWS: dict[str, Callable[[Random, Goal], Answer]] = {
    "name": _wrong_name,
    "object": _wrong_object,
    "verb": _wrong_verb,
    "relation": _wrong_relation,
    "adjective": _wrong_kind,
    "step": _wrong_step,
    "mixed step": _mixed_step,
    "step twice": _step_twice,
    "topic": _wrong_topic,
    "form": _mixed_form,
    "stutter": _stuttered,
    "restart": _restarted,
    "broken": _broken,
}
"""The ways of going wrong, by what is wrong."""

# How often each is taught. In the first lessons none that is seen only by each word: no judge came of them.
_TAUGHT = ("name", "name", "object", "step", "step", "topic", "broken")
_SLIPS = (
    *("name", "name", "object", "object", "adjective", "adjective", "verb", "verb", "relation", "relation", "topic"),
    *("step", "step", "step twice", *(5 * ["mixed step"])),
    *("stutter", "stutter", "restart", "form", "broken", "broken"),
)
_ECHOES = 0.1


def flawed(rng: Random, goal: Goal) -> Answer:
    """An answer that goes wrong in one of the ways small models go wrong."""
    return FLAWS[rng.choice(_TAUGHT)](rng, goal)


def slipped(rng: Random, goal: Goal, prompt: Conversation) -> Answer:
    """An answer that is wrong in a word or two, as small models slip."""
    return echoed(rng, goal, prompt) if rng.random() < _ECHOES else FLAWS[rng.choice(_SLIPS)](rng, goal)


def echoed(rng: Random, goal: Goal, prompt: Conversation) -> Answer:
    """An answer whose verb is one that the prompt says of something else."""
    return instead(rng, goal, grammar.with_asking_verb(rng, goal, prompt))


def answer(rng: Random, goal: Goal, kind: str) -> Answer:
    """An answer of one of ``ANSWER_KINDS``."""
    if kind == "evade":
        return grammar.evade(rng)
    return {"comply": grammar.comply, "flawed": flawed, "refuse": grammar.refuse}[kind](rng, goal)
