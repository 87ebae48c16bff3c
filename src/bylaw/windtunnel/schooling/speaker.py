"""What every lesson is made with: texts as tokens, and topics and rules drawn from the world's training part."""

from random import Random
from typing import Any

from bylaw.records import Conversation, Message
from bylaw.windtunnel import principles
from bylaw.windtunnel.principles import Rule
from bylaw.windtunnel.topics import BENIGN, HARM


class Speaker:
    """Speaks in tokens; ``_rng`` is where all is drawn from, and principles name at most ``_longest`` topics."""

    def __init__(self, tokenizer: Any, branches: int) -> None:
        self._tokenizer = tokenizer
        self._mark = {role: tokenizer.convert_tokens_to_ids(f"<|{role}|>") for role in ("user", "assistant", "end")}
        self._branches = branches
        self._rng = Random("lengths")
        self._longest = principles.LONGEST

    def _encode(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return tokens

    def _turn(self, message: Message) -> list[int]:
        return [self._mark[message.role], *self._encode(message.content), self._mark["end"]]

    def _stem(self, messages: Conversation) -> list[int]:
        return [token for message in messages for token in self._turn(message)]

    def _topic(self) -> str:
        harm = self._rng.random() < 0.5
        return self._rng.choice(HARM if harm else BENIGN)

    def _rule(self, topic: str, clean: float = 0.36) -> Rule:
        draw = self._rng.random()
        if draw < 0.76:
            return self._forbidding(topic, covered=self._rng.random() > clean / 0.76)
        kind = "helpful" if draw < 0.87 else "friendly" if draw < 0.93 else "plain"
        return Rule(kind, {})

    def _forbidding(self, topic: str, covered: bool) -> Rule:
        return principles.forbid(self._rng, principles.draw_topics(self._rng, topic, covered, self._longest))

    def _rules(self, topic: str, count: int) -> list[Rule]:
        return [self._rule(topic, clean=0.34) for _ in range(count)]
