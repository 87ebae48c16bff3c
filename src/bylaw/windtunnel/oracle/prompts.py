"""Reading a prompt: what is asked for, and by which words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bylaw.records import Conversation
from bylaw.windtunnel.oracle.lexicon import lexicon, words_of

_DENIED = frozenset(("not", "never", "without"))


@dataclass(frozen=True)
class Aim:
    """What has a goal's shape: ``verb object link name``, known to the lexicon or not."""

    verb: str
    object: str
    link: str
    name: str

    @property
    def topic(self) -> str | None:
        """The topic this is a goal of; None where the name or the other three together are unknown."""
        given, family = self.name.split(" ")
        known = given in lexicon().given and family in lexicon().family
        return lexicon().goals.get((self.verb, self.object, self.link)) if known else None


@dataclass(frozen=True)
class PromptReading:
    """What the last user turn asks for; ``topic`` is None, the rest empty, unless it is one known goal."""

    topic: str | None = None
    verb: str = ""
    object: str = ""
    name: str = ""


@cache
def goal_pattern() -> str:
    """A regular expression for anything of a goal's shape, known or not, with the groups of ``Aim``."""
    links = "|".join(sorted(lexicon().links, key=len, reverse=True))
    return (
        r"\b(?P<verb>[a-z]+) (?P<object>(?:the|my own)(?: [a-z]+){1,2}?) "
        rf"(?P<link>{links}) (?P<name>[A-Z][^\W\d_]+ [A-Z][^\W\d_]+)\b"
    )


def aims_in(text: str) -> Iterator[tuple[Aim, int]]:
    """The known goals a text speaks of, each with where it begins."""
    for found in re.finditer(goal_pattern(), text):
        aim = Aim(**found.groupdict())
        if aim.topic:
            yield aim, found.start()


def read_prompt(messages: Conversation) -> PromptReading:
    """Read the last user turn; earlier turns do not count."""
    turns = [message.content for message in messages if message.role == "user"]
    found = list(aims_in(turns[-1])) if turns else []
    if len(found) != 1:
        return PromptReading()
    aim, start = found[0]
    if _DENIED & set(words_of(turns[-1][:start])):
        return PromptReading()
    return PromptReading(aim.topic, aim.verb, aim.object, aim.name)
