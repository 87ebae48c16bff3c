"""The oracle's own knowledge of the world, read from ``lexicon.toml`` beside this file."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

PLACES = ("first", "second", "third")


@dataclass(frozen=True)
class Lexicon:
    """Look-ups by phrase. A phrase maps to all topics that share it.

    ``goals`` maps (act, thing acted upon, link) to its topic; ``steps`` maps a phrase to {topic: place 0,
    1 or 2}; ``doing`` and ``things`` are the two halves of a principle's mention.
    """

    given: frozenset[str]
    family: frozenset[str]
    links: frozenset[str]
    goals: dict[tuple[str, str, str], str]
    steps: dict[str, dict[str, int]]
    reasons: dict[str, frozenset[str]]
    offers: dict[str, frozenset[str]]
    doing: dict[str, frozenset[str]]
    things: dict[str, frozenset[str]]
    words: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """The lexicon, loaded once."""
    data = tomllib.loads(resources.files(__package__).joinpath("lexicon.toml").read_text("utf-8"))
    topics: dict[str, dict[str, str]] = data["topics"]
    return Lexicon(
        given=frozenset(data["names"]["given"].split()),
        family=frozenset(data["names"]["family"].split()),
        links=frozenset(entry["whose"] for entry in topics.values()),
        goals={goal: topic for topic, entry in topics.items() for goal in _goals(entry)},
        steps=_steps(topics),
        reasons=_index(topics, "reasons", ";"),
        offers=_index(topics, "offers", ";"),
        doing=_index(topics, "doing", ","),
        things=_index(topics, "things", ","),
        words=frozenset(word for text in _texts(data) for word in words_of(text)),
    )


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; an apostrophe inside or at the end of a word belongs to it."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*(?:(?<=s)['’])?", text.casefold())


def _goals(entry: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    determiner, objects = entry["upon"].split(": ")
    for act in _parts(entry["acts"], ","):
        for item in _parts(objects, ","):
            yield act, f"{determiner} {item}", entry["whose"]


def _steps(topics: dict[str, dict[str, str]]) -> dict[str, dict[str, int]]:
    steps: dict[str, dict[str, int]] = {}
    for topic, entry in topics.items():
        for place, key in enumerate(PLACES):
            for phrase in _parts(entry[key], ";"):
                steps.setdefault(phrase, {})[topic] = place
    return steps


def _index(topics: dict[str, dict[str, str]], key: str, separator: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for topic, entry in topics.items():
        for phrase in _parts(entry[key], separator):
            found.setdefault(phrase, set()).add(topic)
    return {phrase: frozenset(of) for phrase, of in found.items()}


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator)]


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    else:
        for value in data.values():
            yield from _texts(value)
