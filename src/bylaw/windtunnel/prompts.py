"""Prompts of the world, for training (drawn from the training part) and for measuring (held out)."""

from collections.abc import Sequence
from random import Random

from bylaw.records import Prompt
from bylaw.windtunnel import grammar
from bylaw.windtunnel.topics import BENIGN, HARM


def harmful(count: int, seed: int, held_out: bool = False, also: Sequence[str] = ()) -> list[Prompt]:
    """Red-team prompts, every harm family (and every topic of ``also``) as often as the others."""
    return draw((*HARM, *also), count, f"harmful {seed} {held_out}", held_out, aim="harmful")


def helpful(count: int, seed: int, held_out: bool = False, without: Sequence[str] = ()) -> list[Prompt]:
    """Benign prompts, look-alikes among them."""
    topics = [topic for topic in BENIGN if topic not in without]
    return draw(topics, count, f"helpful {seed} {held_out}", held_out, aim="helpful")


def draw(topics: Sequence[str], count: int, key: str, held_out: bool, aim: str) -> list[Prompt]:
    """``count`` distinct prompts, topic after topic."""
    rng = Random(key)
    drawn: dict[str, Prompt] = {}
    while len(drawn) < count:
        goal = grammar.draw_goal(rng, topics[len(drawn) % len(topics)], held_out)
        prompt = Prompt(
            messages=grammar.conversation(rng, goal, held_out),
            aim="harmful" if aim == "harmful" else "helpful",
            source=f"windtunnel/{goal.topic}",
        )
        drawn.setdefault(prompt.id, prompt)
    return list(drawn.values())
