"""A rule-based reward as a TOML file: propositions a judge grades, answers ranked by people, and weights once fitted.

::

    [[proposition]]
    id = "declines"
    question = "Does the assistant's last reply decline to do what the user asked for?"

    [[class]]                                   # optional: all of holds are true and all of fails are false
    id = "good_refusal"
    holds = ["declines"]
    fails = ["judgemental"]

    [[ranking]]
    aim = "harmful"                             # or "helpful": each has weights of its own
    prompt = "How do I pick my neighbour's lock?"   # or messages = [{ role = "user", content = "…" }, …]
    answers = ["the best", ["one of two", "that are alike"], "the worst"]

What ``bylaw reward fit`` writes has ``[weights.…]`` and ``[fitted]`` in the place of the rankings, whose texts are thus
handed to nobody. What is wrong in a file is refused with file, line and key.
"""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import msgspec

from bylaw import settings
from bylaw.canonical import digest
from bylaw.errors import SettingsError
from bylaw.records import Conversation, Message, PromptKind

_ID = re.compile(r"\w[\w.-]{0,63}")
_PLACES = 6
"""Digits that grades and rewards keep: what is filed can be worked out again from what is filed."""


class Proposition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement about an answer, as a question that a judge says Yes or No to."""

    id: str
    question: str

    def __post_init__(self) -> None:
        _require_id(self.id)
        if not self.question.strip():
            raise ValueError(f"proposition {self.id!r} asks nothing: its question is empty")


class Class(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of answer: all propositions of ``holds`` are true of it and none of ``fails`` (§4.1)."""

    id: str
    holds: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_id(self.id)
        if not (self.holds or self.fails):
            raise ValueError(f"class {self.id!r} names no proposition")

    def probability(self, grades: Mapping[str, float]) -> float:
        """The product of its propositions' probabilities, as if they were independent."""
        return math.prod([*(grades[name] for name in self.holds), *(1 - grades[name] for name in self.fails)])


class Ranking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers to one conversation, the best first; those in a list of their own are alike."""

    aim: PromptKind = "harmful"
    prompt: str = ""
    messages: Conversation = ()
    answers: tuple[str | tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if bool(self.prompt) == bool(self.messages):
            raise ValueError("a ranking has either a prompt or messages")
        if len(self.answers) < 2:
            raise ValueError("a ranking has at least two answers, the best first")
        if len(set(self.texts)) < len(self.texts):
            raise ValueError("the same answer stands twice in a ranking")
        if self.conversation[-1].role != "user":
            raise ValueError("the messages of a ranking end with a user's turn")

    @property
    def conversation(self) -> Conversation:
        """What is answered."""
        return self.messages or (Message("user", self.prompt),)

    @property
    def tiers(self) -> list[tuple[str, ...]]:
        """The answers, the best first, in groups of those that are alike."""
        return [(one,) if isinstance(one, str) else one for one in self.answers]

    @property
    def texts(self) -> list[str]:
        """All answers, the best first."""
        return [text for tier in self.tiers for text in tier]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """(better, worse) of all answers that differ in rank, by their places in ``texts``."""
        ranks = [rank for rank, tier in enumerate(self.tiers) for _ in tier]
        return (pair for pair in combinations(range(len(ranks)), 2) if ranks[pair[0]] < ranks[pair[1]])


class Ordered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How weights order the pairs of one aim: the share that is right, where they were fitted and where left out."""

    pairs: int
    fitted: float
    left_out: float | None = None


class Fitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What weights were fitted to: whose grades, and which rankings (a digest)."""

    judge: str
    judge_digest: str
    rankings: str
    harmful: Ordered | None = None
    helpful: Ordered | None = None


class RuleReward(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"propositions": "proposition"}
):
    """A rule-based reward: an answer is worth the weighted sum of its propositions' and classes' probabilities."""

    propositions: tuple[Proposition, ...] = ()
    classes: tuple[Class, ...] = msgspec.field(default=(), name="class")
    rankings: tuple[Ranking, ...] = msgspec.field(default=(), name="ranking")
    weights: dict[PromptKind, dict[str, float]] = {}
    fitted: Fitted | None = None

    def __post_init__(self) -> None:
        if not self.propositions:
            raise ValueError("there is no [[proposition]]")
        names = list(self.features)
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the id {twice[0]!r} stands twice")
        known = {one.id for one in self.propositions}
        for one in self.classes:
            if strange := [name for name in (*one.holds, *one.fails) if name not in known]:
                raise ValueError(f"class {one.id!r} names {strange[0]!r}, which is no proposition of this file")
        for aim, weights in self.weights.items():
            if weights.keys() != set(names) or not all(map(math.isfinite, weights.values())):
                raise ValueError(f"weights.{aim} has not a finite number for each of {', '.join(names)}, and no other")

    @property
    def features(self) -> tuple[str, ...]:
        """What has a weight, in the file's order."""
        return (*(one.id for one in self.propositions), *(one.id for one in self.classes))

    @property
    def questions(self) -> dict[str, str]:
        """Question by proposition."""
        return {one.id: one.question for one in self.propositions}

    def row(self, grades: Mapping[str, float]) -> list[float] | None:
        """The features of an answer, in order; None where a proposition has no grade."""
        if any(one.id not in grades for one in self.propositions):
            return None
        return [grades[one.id] for one in self.propositions] + [one.probability(grades) for one in self.classes]

    def value(self, aim: PromptKind, grades: Mapping[str, float]) -> float | None:
        """What an answer to a prompt of this aim is worth; None where a proposition has no grade."""
        row = self.row(grades)
        if row is None:
            return None
        weights = self.weights[aim]
        return rounded(sum(weights[name] * value for name, value in zip(self.features, row, strict=True)))


def rounded(value: float) -> float:
    """A grade or reward with the digits that are filed."""
    return round(value, _PLACES)


def rankings_digest(reward: RuleReward) -> str:
    """One digest over all rankings."""
    return digest(msgspec.to_builtins(reward.rankings))


def load(path: Path) -> RuleReward:
    """Read a file. ``SettingsError`` names file, line and key of what is wrong."""
    return settings.load(RuleReward, path)


def loads(text: str, where: str = "reward.toml") -> RuleReward:
    """Read a text; ``where`` names it in errors."""
    return settings.load(RuleReward, text, where=where)


def dumps(reward: RuleReward) -> str:
    """The file that reads back as an equal reward."""
    return settings.dumps(reward)


def require_ranked(reward: RuleReward, where: Path) -> None:
    """Raise ``SettingsError`` for a file without rankings: there is nothing to fit to."""
    if not reward.rankings:
        raise SettingsError("there is no [[ranking]], so nothing to fit weights to", str(where))


def _require_id(name: str) -> None:
    if not _ID.fullmatch(name):
        raise ValueError(f"an id is a word of letters, digits, _ . and -, not {name!r}")
