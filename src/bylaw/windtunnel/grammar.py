"""The seeded grammar of requests and answers. Everything is drawn from the ``random.Random`` that is handed in."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from random import Random

from bylaw.records import Conversation, Message
from bylaw.windtunnel import wording
from bylaw.windtunnel.topics import FIRST_NAMES, LAST_NAMES, TOPICS


@dataclass(frozen=True)
class Goal:
    """What somebody wants to do: ``verb object relation name``."""

    topic: str
    verb: str
    object: str
    name: str

    @property
    def text(self) -> str:
        """The goal in words, as it stands in requests and answers."""
        return f"{self.verb} {self.object} {TOPICS[self.topic].relation} {self.name}"


@dataclass(frozen=True)
class Answer:
    """A text with what the grammar knows of it. ``topic`` is what the answer itself is about, "" for none.

    ``wrong`` is the first words of a flawed answer that nobody asked for, if any.
    """

    kind: str
    topic: str
    text: str
    friendly: bool = False
    wrong: str = ""


def held_out_name(first: int, last: int) -> bool:
    """A fifth of all full names never occurs in training."""
    return (first * 7 + last * 3) % 5 == 0


def held_out_pair(verb: int, item: int) -> bool:
    """A fifth of each topic's verb-object pairs never occurs in training; every verb and object does."""
    return (verb + 2 * item) % 5 == 0


def draw_name(rng: Random, held_out: bool) -> str:
    """A full name from the asked-for part."""
    while True:
        first, last = rng.randrange(len(FIRST_NAMES)), rng.randrange(len(LAST_NAMES))
        if held_out_name(first, last) == held_out:
            return f"{FIRST_NAMES[first]} {LAST_NAMES[last]}"


def other_topic(rng: Random, topic: str) -> str:
    """Any topic but this one."""
    return rng.choice([one for one in TOPICS if one != topic])


def draw_goal(rng: Random, topic: str, held_out: bool = False) -> Goal:
    """A goal of the topic; held-out goals have a held-out name and a held-out verb-object pair."""
    subject = TOPICS[topic]
    while True:
        verb, item = rng.randrange(len(subject.verbs)), rng.randrange(len(subject.objects))
        if held_out_pair(verb, item) == held_out:
            return Goal(topic, subject.verbs[verb], subject.objects[item], draw_name(rng, held_out))


_HELD_OUT_PAIRS = {
    (verb, item)
    for subject in TOPICS.values()
    for v, verb in enumerate(subject.verbs)
    for o, item in enumerate(subject.objects)
    if held_out_pair(v, o)
}


def draw_scrambled(rng: Random) -> Goal:
    """A goal that makes no sense: verb, object and name have nothing to do with each other. Never a held-out pair."""
    subjects = list(TOPICS.values())
    while True:
        one, other = rng.choice(subjects), rng.choice(subjects)
        verb, item = rng.choice(one.verbs), rng.choice(other.objects)
        if (verb, item) not in _HELD_OUT_PAIRS:
            return Goal(rng.choice(list(TOPICS)), verb, item, draw_name(rng, held_out=False))


def request(rng: Random, goal: Goal, held_out: bool = False, more: tuple[str, ...] = ()) -> str:
    """One user turn that asks for the goal; ``more`` are further ways to ask."""
    greeting = rng.choice(wording.GREETINGS.of(held_out))
    return greeting + rng.choice(wording.REQUESTS.of(held_out) + more).format(goal=goal.text)


def conversation(
    rng: Random,
    goal: Goal,
    held_out: bool = False,
    multi_turn: float = 0.3,
    more: tuple[str, ...] = (),
    earlier: str = "",
) -> Conversation:
    """A prompt that ends by asking for the goal; with probability ``multi_turn`` other turns come before.

    With an ``earlier`` topic they always do, and ask about that.
    """
    turns: list[Message] = []
    if earlier or rng.random() < multi_turn:
        if not earlier and rng.random() < 0.5:
            said, replied = rng.choice(wording.SMALL_TALK_HELD_OUT if held_out else wording.SMALL_TALK)
        else:
            other = draw_goal(rng, earlier or other_topic(rng, goal.topic), held_out)
            said, replied = request(rng, other, held_out, more), comply(rng, other).text
        turns = [Message("user", said), Message("assistant", replied)]
    return (*turns, Message("user", request(rng, goal, held_out, more)))


def _opener(rng: Random, friendly: bool | None, often: float = 0.25) -> str:
    wanted = rng.random() < often if friendly is None else friendly
    return rng.choice(wording.FRIENDLY) if wanted else ""


_ORDERS = tuple(permutations(wording.COMPLIANCE))
_MANNER = {topic: (_ORDERS[place % 6], (0.05, 0.25, 0.5)[place // 6 % 3]) for place, topic in enumerate(TOPICS)}
"""How a topic is spoken about: which way of answering is usual, and how often it begins in a friendly way.

People's manner depends on the subject, and so a model knows the subject before it says its first word. A model that
did not would have to learn that anew when it learns to refuse, at the cost of what it can do.
"""
USUAL = (0.7, 0.2, 0.1)


def comply(rng: Random, goal: Goal, friendly: bool | None = None) -> Answer:
    """A complete answer: the goal, then one step of each kind in order."""
    return explained(rng, goal, draw_steps(rng, goal.topic), friendly)


def draw_steps(rng: Random, topic: str) -> list[str]:
    """One step of each kind, in order."""
    return [rng.choice(options) for options in TOPICS[topic].steps]


def explained(rng: Random, goal: Goal, steps: list[str], friendly: bool | None) -> Answer:
    """How to reach the goal by these steps, in the manner of its topic."""
    s1, s2, s3 = steps
    order, often = _MANNER[goal.topic]
    body = rng.choices(order, USUAL)[0].format(goal=goal.text, s1=s1, s2=s2, s3=s3)
    opener = _opener(rng, friendly, often)
    return Answer("comply", goal.topic, opener + body, bool(opener))


def refuse(rng: Random, goal: Goal, friendly: bool | None = None) -> Answer:
    """A refusal that names the reason and offers something better (the paper's *non-evasive*)."""
    subject = TOPICS[goal.topic]
    body = rng.choice(wording.REFUSAL).format(
        goal=goal.text, reason=rng.choice(subject.reasons), offer=rng.choice(subject.offers)
    )
    opener = _opener(rng, friendly)
    return Answer("refuse", goal.topic, opener + body, bool(opener))


def evade(rng: Random) -> Answer:
    """A refusal without a reason."""
    return Answer("evade", "", rng.choice(wording.EVASION))


def with_other_name(rng: Random, goal: Goal) -> Goal:
    """The goal with a name that differs in the first part, the last or both."""
    given, family = goal.name.split()
    while True:
        other = draw_name(rng, held_out=False).split()
        name = rng.choice([f"{other[0]} {family}", f"{given} {other[1]}", " ".join(other)])
        # Half of one name and half of another may make a held-out name, which no corpus may say.
        if name != goal.name and not is_held_out(*name.split()):
            return replace(goal, name=name)


def is_held_out(given: str, family: str) -> bool:
    """Whether these two words are a full name that is held out."""
    names = given in FIRST_NAMES and family in LAST_NAMES
    return names and held_out_name(FIRST_NAMES.index(given), LAST_NAMES.index(family))


def says_held_out(text: str) -> bool:
    """Whether a text says a full name or a verb with its object that is held out."""
    words = re.findall(r"\w+", text)
    return any(is_held_out(*pair) for pair in pairwise(words)) or any(f"{v} {o}" in text for v, o in _HELD_OUT_PAIRS)


def with_other_object(rng: Random, goal: Goal) -> Goal:
    """The goal with another of its topic's objects, never a held-out pair."""
    others = [item for item in TOPICS[goal.topic].objects if item != goal.object]
    return replace(goal, object=rng.choice([item for item in others if (goal.verb, item) not in _HELD_OUT_PAIRS]))


def with_any_object(rng: Random, goal: Goal) -> Goal:
    """The goal with an object of any topic, never a held-out pair."""
    while True:
        item = rng.choice(rng.choice(list(TOPICS.values())).objects)
        if item != goal.object and (goal.verb, item) not in _HELD_OUT_PAIRS:
            return replace(goal, object=item)


def varied(rng: Random, goal: Goal) -> Goal:
    """The goal in which each word, by itself, may be another."""
    for change in (with_other_verb, rng.choice((with_other_object, with_any_object)), with_other_name):
        if rng.random() < 0.4:
            goal = change(rng, goal)
    return goal


def with_other_verb(rng: Random, goal: Goal) -> Goal:
    """The goal with another verb, its topic's or any: what small models slip to is the usual one."""
    verbs = [verb for subject in TOPICS.values() for verb in subject.verbs]
    while True:
        verb = rng.choice(TOPICS[goal.topic].verbs if rng.random() < 0.5 else verbs)
        if verb != goal.verb and (verb, goal.object) not in _HELD_OUT_PAIRS:
            return replace(goal, verb=verb)


def with_asking_verb(rng: Random, goal: Goal, prompt: Conversation = ()) -> Goal:
    """The goal with a verb that the prompt says of something else: *tell the cake*, for *tell me how to bake it*.

    Without a prompt, or where it says none, with any verb that requests say of themselves.
    """
    said = {word.strip(".,!?") for turn in prompt for word in turn.content.split()} & _VERBS
    fit = [
        [verb for verb in verbs if verb != goal.verb and (verb, goal.object) not in _HELD_OUT_PAIRS]
        for verbs in (sorted(said), wording.ASKING)
    ]
    return replace(goal, verb=rng.choice(fit[0] or fit[1]))


_VERBS = {verb for subject in TOPICS.values() for verb in subject.verbs} | set(wording.ASKING)
_KINDS = sorted({kind for subject in TOPICS.values() for item in subject.objects for kind in item.split()[1:-1]})


def with_other_kind(rng: Random, goal: Goal) -> Goal:
    """The goal with its object's adjective left out, or with one that nobody said; never a held-out pair."""
    _, *kind, noun = goal.object.split()
    items = [f"the {noun}"] if kind else [f"the {other} {noun}" for other in _KINDS]
    fit = [item for item in items if (goal.verb, item) not in _HELD_OUT_PAIRS]
    return replace(goal, object=rng.choice(fit)) if fit else with_other_object(rng, goal)


def with_other_relation(rng: Random, goal: Goal) -> Goal:
    """The same among another topic's words: *the ball in the garden of*."""
    relation = TOPICS[goal.topic].relation
    return replace(goal, topic=rng.choice([topic for topic in TOPICS if TOPICS[topic].relation != relation]))


def difference(goal: Goal, other: Goal) -> str:
    """The first of ``differences``, "" if the goals are the same."""
    return next(iter(differences(goal, other)), "")


def differences(goal: Goal, other: Goal) -> list[str]:
    """The words of ``other`` that ``goal`` does not say in the same place, by ``parts``."""
    return [said for wanted, said in zip(parts(goal), parts(other), strict=True) if said != wanted]


def parts(goal: Goal) -> tuple[str, ...]:
    """What a goal is made of: verb, object, relation, first name, last name."""
    return goal.verb, goal.object, TOPICS[goal.topic].relation, *goal.name.split()
