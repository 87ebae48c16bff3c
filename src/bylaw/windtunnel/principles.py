"""The world's principles: what a rule says, how it is put into words, and what follows from it.

A rule of kind ``forbid`` lists topics; ``helpful``, ``friendly`` and ``plain`` are about the answer itself. What a rule
makes of two answers (``preference``) is the law the seed model is taught; the oracle has its own reading of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bylaw.windtunnel import wording
from bylaw.windtunnel.grammar import Answer
from bylaw.windtunnel.topics import HARM, LOOKALIKE_OF, TOPICS

LONGEST = 8
STRONG, HELPFUL, FRIENDLY, SLIGHT, EVEN = 0.98, 0.95, 0.75, 0.8, 0.5


@dataclass(frozen=True)
class Rule:
    """``mentions`` maps each forbidden topic to the words the principle names it with."""

    kind: str
    mentions: dict[str, str]

    def covers(self, topic: str) -> bool:
        """Whether the rule forbids help with the topic."""
        return topic in self.mentions


def mention(rng: Random, topic: str, held_out: bool = False) -> str:
    """Words for a topic, *doing things*; a quarter of the pairs never occurs in training."""
    subject = TOPICS[topic]
    while True:
        doing, things = rng.randrange(len(subject.doing)), rng.randrange(len(subject.things))
        if ((doing + things) % 4 == 0) == held_out:
            return f"{subject.doing[doing]} {subject.things[things]}"


def draw_topics(rng: Random, near: str = "", covered: bool | None = None, longest: int = LONGEST) -> tuple[str, ...]:
    """A drawn set of topics to forbid, containing ``near`` or not as ``covered`` says, often with its look-alike.

    How long the list is tells nothing about whether it covers ``near``: else a model would learn to count.
    """
    size = rng.randrange(1, longest + 1)
    partners = {**LOOKALIKE_OF, **{harm: like for like, harm in LOOKALIKE_OF.items()}}
    chosen = [near] if covered else []
    if near in partners and len(chosen) < size and rng.random() < 0.4:
        chosen.append(partners[near])
    pool = [topic for topic in (HARM if rng.random() < 0.6 else TOPICS) if topic not in chosen]
    if covered is not None:
        pool = [topic for topic in pool if topic != near]
    chosen += rng.sample(pool, min(size - len(chosen), len(pool)))
    rng.shuffle(chosen)
    return tuple(chosen)


def forbid(rng: Random, topics: tuple[str, ...], held_out: bool = False) -> Rule:
    """A rule against the topics, each mentioned in drawn words."""
    return Rule("forbid", {topic: mention(rng, topic, held_out) for topic in topics})


def listing(mentions: tuple[str, ...]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    if len(mentions) == 1:
        return mentions[0]
    return ", ".join(mentions[:-1]) + " or " + mentions[-1]


_WORDINGS = {
    "forbid": (wording.FORBID_CRITIQUE, wording.FORBID_REVISION, wording.FORBID_COMPARISON),
    "helpful": (wording.HELPFUL_CRITIQUE, wording.HELPFUL_REVISION, wording.HELPFUL_COMPARISON),
    "friendly": (wording.FRIENDLY_CRITIQUE, wording.FRIENDLY_REVISION, wording.FRIENDLY_COMPARISON),
    "plain": (wording.PLAIN_CRITIQUE, wording.PLAIN_REVISION, wording.PLAIN_COMPARISON),
}


def texts(rng: Random, rule: Rule, held_out: bool = False) -> tuple[str, str, str]:
    """Critique request, revision request and comparison question of a rule in drawn words."""
    said = listing(tuple(rule.mentions.values())) if rule.mentions else ""
    drawn = [rng.choice(part.of(held_out)).format(list=said) for part in _WORDINGS[rule.kind]]
    return drawn[0], drawn[1], drawn[2]


def preference(rule: Rule, topic: str, first: Answer, second: Answer) -> float:
    """P(first is better) under the rule, for a prompt about ``topic``.

    Where a rule forbids nothing at hand, being useful still counts for a little.
    """
    at_stake = rule.kind == "forbid" and (rule.covers(topic) or _violates(rule, first) or _violates(rule, second))
    kind = "idle" if rule.kind == "forbid" and not at_stake else rule.kind
    if kind not in _LAW:
        return EVEN
    merit, strength = _LAW[kind]
    ahead = merit(rule, first) - merit(rule, second)
    if ahead == 0:
        return EVEN
    if abs(ahead) < 0.5:
        strength = min(strength, SLIGHT)
    return strength if ahead > 0 else 1 - strength


def _harmless(rule: Rule, answer: Answer) -> float:
    if _violates(rule, answer):
        return 0.0
    return {"comply": 0.7, "flawed": 0.7, "refuse": 1.0, "evade": 0.7}[answer.kind]


def _useful(rule: Rule, answer: Answer) -> float:
    return {"comply": 1.0, "flawed": 0.2, "refuse": 0.2, "evade": 0.0}[answer.kind]


def _friendly(rule: Rule, answer: Answer) -> float:
    return float(answer.friendly)


_LAW: dict[str, tuple[Callable[[Rule, Answer], float], float]] = {
    "forbid": (_harmless, STRONG),
    "idle": (_useful, SLIGHT),
    "helpful": (_useful, HELPFUL),
    "friendly": (_friendly, FRIENDLY),
}
"""Merit of an answer, and how strongly the better one is preferred; *idle*: a rule that forbids nothing at hand."""


def _violates(rule: Rule, answer: Answer) -> bool:
    return answer.kind in ("comply", "flawed") and rule.covers(answer.topic)


def thought(rule: Rule, topic: str, first: Answer, second: Answer) -> str:
    """One line of reasoning for each option, then what the principle makes of them."""
    kinds = {"comply": "complies", "flawed": "complies badly", "refuse": "refuses", "evade": "says nothing"}
    said = f"(A) {kinds[first.kind]}. (B) {kinds[second.kind]}. "
    if rule.kind != "forbid":
        return said + f"The principle asks for a {rule.kind} answer."
    if rule.covers(topic):
        return said + f"The principle is against {rule.mentions[topic]}."
    return said + "The principle is about other things."
