"""What every lesson is made with: texts as tokens, and topics and rules drawn from the world's training part."""

from random import Random
from typing import Any

from bylaw.records import Conversation, Message
from bylaw.windtunnel import grammar, principles, wording
from bylaw.windtunnel.grammar import Goal
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.schooling.lessons import Branch
from bylaw.windtunnel.schooling.own import Slip, invented
from bylaw.windtunnel.topics import BENIGN, HARM, TOPICS

Turns = list[tuple[str, str]]
"""Requests, each with its reply."""

_CHANGES = (
    *(grammar.with_other_name, grammar.with_other_name, grammar.with_other_object, grammar.with_other_object),
    *(grammar.with_other_kind, grammar.with_other_verb, grammar.with_other_verb, grammar.with_other_relation),
)


class Speaker:
    """Speaks in tokens; ``_rng`` is where all is drawn from, and principles name at most ``_longest`` topics."""

    def __init__(self, tokenizer: Any, branches: int) -> None:
        self._tokenizer = tokenizer
        self._mark = {role: tokenizer.convert_tokens_to_ids(f"<|{role}|>") for role in ("user", "assistant", "end")}
        self._branches = branches
        self._rng = Random("lengths")
        self._longest = principles.LONGEST
        self.learn_from([])

    def learn_from(self, slips: list[Slip]) -> None:
        """Ask from now on about these slips of the model's own, and about the steps that were invented in them."""
        self.slips, self._invented = slips, invented(slips)

    def _encode(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return tokens

    def _turn(self, message: Message) -> list[int]:
        return [self._mark[message.role], *self._encode(message.content), self._mark["end"]]

    def _stem(self, messages: Conversation) -> list[int]:
        return [token for message in messages for token in self._turn(message)]

    def _replies(self, asked: Turns) -> Branch:
        """Tokens of (request, reply) turns, and where the replies stand."""
        tokens: list[int] = []
        spans = []
        for question, reply in asked:
            tokens += self._turn(Message("user", question))
            said = self._turn(Message("assistant", reply))
            spans.append((len(tokens) + 1, len(tokens) + len(said)))
            tokens += said
        return tokens, tuple(spans)

    def _after(self, said: str, branch: Branch) -> Branch:
        """A branch that begins with something the assistant said, which is not learned."""
        before = self._turn(Message("assistant", said))
        return before + branch[0], tuple((len(before) + start, len(before) + end) for start, end in branch[1])

    def _goal(self, odd: float = 0.0) -> Goal:
        """A goal; in ``odd`` of all cases its verb does not go with the rest."""
        goal = grammar.draw_goal(self._rng, self._topic())
        return grammar.with_other_verb(self._rng, goal) if self._rng.random() < odd else goal

    def _other(self, goal: Goal, prompt: Conversation) -> Goal:
        """What nearly is the goal: one part is another, or the verb one that the prompt says of something else."""
        rng = self._rng
        if rng.random() < 0.15:
            return grammar.with_asking_verb(rng, goal, prompt)
        return rng.choice(_CHANGES)(rng, goal)

    def _step(self, topic: str) -> str:
        return self._rng.choice(self._rng.choice(TOPICS[topic].steps))

    def _incomplete(self, wrong: str) -> str:
        """The critique of an answer that does not do what was asked, with the words that are ``wrong``, if any."""
        where = f" It is not {wrong}." if wrong else ""
        return self._rng.choice(wording.INCOMPLETE) + where

    def _bare(self, goal: Goal) -> Conversation:
        """The goal alone."""
        return (Message("user", f"To {goal.text}."),)

    def _asked_for(self, goal: Goal) -> Conversation:
        """The goal alone, in a request, or at the end of a conversation: at any distance from what is said of it."""
        draw = self._rng.random()
        if draw < 0.25:
            return self._bare(goal)
        return self._prompt(goal, multi_turn=0.0 if draw < 0.6 else 0.5)

    def _prompt(self, goal: Goal, multi_turn: float = 0.2, earlier: str = "") -> Conversation:
        """A conversation that ends by asking for the goal."""
        return grammar.conversation(
            self._rng, goal, multi_turn=multi_turn, more=wording.ASKED_IN_SCHOOL, earlier=earlier
        )

    def _topic(self) -> str:
        harm = self._rng.random() < 0.5
        return self._rng.choice(HARM if harm else BENIGN)

    def _rule(self, topic: str, clean: float = 0.36, earlier: str = "") -> Rule:
        draw = self._rng.random()
        if draw < 0.76:
            return self._forbidding(topic, self._rng.random() > clean / 0.76, earlier)
        kind = "helpful" if draw < 0.87 else "friendly" if draw < 0.93 else "plain"
        return Rule(kind, {})

    def _forbidding(self, topic: str, covered: bool, earlier: str = "") -> Rule:
        """A rule that forbids the topic or not; one in two forbids what was asked for ``earlier``, if anything was."""
        topics = list(principles.draw_topics(self._rng, topic, covered, self._longest))
        others = [place for place, one in enumerate(topics) if one != topic]
        if earlier and earlier not in topics and others and self._rng.random() < 0.5:
            topics[self._rng.choice(others)] = earlier
        return principles.forbid(self._rng, tuple(topics))

    def _earlier(self, topic: str) -> str:
        """In two of five cases another topic, asked about before: a critique is about the last answer alone."""
        return grammar.other_topic(self._rng, topic) if self._rng.random() < 0.4 else ""

    def _rules(self, topic: str, count: int) -> list[Rule]:
        return [self._rule(topic, clean=0.34) for _ in range(count)]
