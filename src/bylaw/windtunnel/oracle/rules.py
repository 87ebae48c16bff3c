"""Reading a principle: what does it forbid, or which other quality does it ask for?"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bylaw.windtunnel.oracle.lexicon import lexicon

PrincipleKind = Literal["forbid", "helpful", "friendly", "plain", "unknown"]


@dataclass(frozen=True)
class PrincipleReading:
    """``topics`` is what it forbids; ``unplaced`` holds what it lists and no topic is known by."""

    kind: PrincipleKind
    topics: frozenset[str] = frozenset()
    unplaced: tuple[str, ...] = ()


# What stands before the list of things that are, or are not, to be helped with.
_BEFORE_LIST = re.compile(
    r"\b(?:help(?:s|ing)? with|support(?:s|ing)?(?: (?:to|for))?|encourag(?:es?|ing)|promot(?:es?|ing)"
    r"|assist(?:s|ing|ance)? with|avoids?|away from|refuses?|without any(?: help with)?) (?:any )?"
)
# A question about faults forbids what it asks for; a wish for a better answer forbids what it denies.
_FAULTS = re.compile(r"(?:Point|Say|Does|Do|Identify|Check|Describe|Explain|Is|Are|Find|List|Discuss)\b")
_DENIAL = re.compile(r"\b(?:not?|never|without|remove|avoids?|away from|refuses?)\b")
_QUALITIES: dict[PrincipleKind, re.Pattern[str]] = {
    "helpful": re.compile(r"\b(?:answers?|for) the question\b|\bmissing\b|\bcomplete\b|\buseful\b|\bhuman asked\b"),
    "friendly": re.compile(r"\bfriendly\b|\bwarm(?:er)?\b|\bkinder\b|\bkind tone\b|\bcold\b|\bunkind\b"),
    "plain": re.compile(r"\bplain words\b|\b(?:long|short) words\b|\bspelling\b|\b(?:hard|easy) to read\b|\bvague\b"),
}


@lru_cache(maxsize=4096)
def read_principle(text: str) -> PrincipleReading:
    """Read a critique request, a revision request or a comparison question."""
    before = _BEFORE_LIST.search(text)
    if before:
        return _forbidding(text, before)
    kinds = [kind for kind, cue in _QUALITIES.items() if cue.search(text)]
    return PrincipleReading(kinds[0] if len(kinds) == 1 else "unknown")


def _forbidding(text: str, before: re.Match[str]) -> PrincipleReading:
    listed = re.sub(r"[.?!]+(?:\s*Explain\.)?\s*$", "", text[before.end() :])
    topics: set[str] = set()
    unplaced = []
    for item in re.split(r",\s*(?:or |and )?| or | and ", listed):
        topic = _mentioned(item.strip())
        if topic is None:
            unplaced.append(item.strip())
        else:
            topics.add(topic)
    faults = _FAULTS.match(text) is not None
    denied = _DENIAL.search(text[: before.end()]) is not None
    # Exactly one of the two: "Say where it does not help with …" and "Choose what supports …" forbid nothing.
    kind: PrincipleKind = "forbid" if topics and faults != denied else "unknown"
    return PrincipleReading(kind, frozenset(topics), tuple(unplaced))


def _mentioned(item: str) -> str | None:
    """The one topic an item names: its things, alone or after a way of doing of the same topic."""
    words = item.split(" ")
    for cut in range(len(words)):
        topics = lexicon().things.get(" ".join(words[cut:]), frozenset())
        if cut:
            topics &= lexicon().doing.get(" ".join(words[:cut]), frozenset())
        if len(topics) == 1:
            return next(iter(topics))
    return None
