"""How an ask is worded for a server, and by which tokens an option is known there."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bylaw.errors import MissingExtra, ModelError
from bylaw.models.chat import common_prefix
from bylaw.models.given import locate
from bylaw.records import Conversation, Message

NEXT_TURN = "\n\nHuman:"
LETTER_TOKENS = 4
"""Room for a letter as a sampled vote says it: ``(A)``, with what may stand around it."""

_SPEAKERS = {"user": "Human", "assistant": "Assistant", "system": "System"}
_AROUND = "\"'`*([{ \t\n"
"""What a model may say before a letter, in the same token."""


def turns(conversation: Conversation) -> list[dict[str, str]]:
    """A conversation as chat APIs take it."""
    return [{"role": message.role, "content": message.content} for message in conversation]


def flat(messages: Sequence[dict[str, str]]) -> str:
    """All that is said in messages, to be counted."""
    return "\n".join(message["content"] for message in messages)


def shared(texts: Sequence[str]) -> int:
    """How many characters the texts have in common from their beginning; 0 for one alone."""
    return common_prefix(min(texts), max(texts)) if len(texts) > 1 else 0


def say_only(options: Sequence[str]) -> str:
    """What is asked for instead of an answer that was begun for the model."""
    return f"Say only {' or '.join(options)}, and nothing else."


def dropped(conversation: Conversation, prefill: str, instead: str) -> Conversation:
    """A conversation for a server that cannot be made to go on inside an answer: the last user turn says how to begin.

    The words come last, so the prefix is shared as before.
    """
    begin = instead or (f"Begin your answer with: {prefill}" if prefill else "")
    if not begin:
        return conversation
    last = conversation[-1]
    if last.role != "user":
        return (*conversation, Message("user", begin))
    return (*conversation[:-1], Message("user", f"{last.content}\n\n{begin}"))


def readings(options: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Without a tokenizer: an option is known by its text, bare of what may stand before it in a token."""
    return tuple(frozenset([option]) for option in options)


@lru_cache(maxsize=4096)
def option_of(token: str, options: tuple[frozenset[str], ...], exact: bool) -> int | None:
    """Which option a token says, or begins, if it can be only one of them."""
    if exact:
        return next((place for place, known in enumerate(options) if token in known), None)
    bare = token.strip().lstrip(_AROUND).rstrip("\"'`*)]}.,:;! ")
    if not bare:
        return None
    fitting = [place for place, known in enumerate(options) if any(one.strip().startswith(bare) for one in known)]
    return fitting[0] if len(fitting) == 1 else None


def letter(text: str, options: tuple[frozenset[str], ...]) -> int | None:
    """Which option a sampled answer names: by itself, or as the only one among its words."""
    alone = option_of(text, options, exact=False)
    if alone is not None:
        return alone
    words = set(re.findall(r"\w+", text))
    named = [place for place, known in enumerate(options) if known & words]
    return named[0] if len(named) == 1 else None


class Rendered:
    """Text for completions: through a tokenizer's own chat template, or as a plain transcript.

    With a tokenizer, options are read at exactly the tokens a local model would be read at.
    """

    def __init__(self, tokenizer: str) -> None:
        self._chat: Any = None
        if tokenizer:
            try:
                from transformers import AutoTokenizer

                from bylaw.models.chat import Chat
            except ImportError as error:
                raise MissingExtra("transformers", "train") from error
            try:
                loaded = AutoTokenizer.from_pretrained(locate(tokenizer), trust_remote_code=False)
            except (OSError, ValueError) as error:
                raise ModelError(f"models.judge.tokenizer: {tokenizer} holds no tokenizer: {error}") from error
            self._chat = Chat(loaded, frozenset())

    def text(self, conversation: Conversation, prefill: str = "") -> str:
        """The conversation up to where the model speaks next."""
        if self._chat:
            return str(self._chat.text(conversation, prefill))
        begun = conversation[-1].role == "assistant"
        said = "\n\n".join(f"{_SPEAKERS[message.role]}: {message.content}" for message in conversation)
        return said + prefill if begun else f"{said}\n\nAssistant:{' ' if prefill else ''}{prefill}"

    def question(
        self, conversation: Conversation, prefill: str, options: Sequence[str]
    ) -> tuple[str, tuple[frozenset[str], ...]]:
        """The text to go on from, and the tokens by which each option is known there."""
        text = self.text(conversation, prefill)
        if not self._chat:
            return text, readings(options)
        kept, first = self._chat.options(conversation, prefill, options)
        whole = self._chat.encode(text)
        cut = self._decode(whole[len(kept) :])
        return text[: len(text) - len(cut)], tuple(frozenset([self._decode([token])]) for token in first)

    @property
    def exact(self) -> bool:
        """Whether options are tokens of a known tokenizer."""
        return self._chat is not None

    def _decode(self, ids: list[int]) -> str:
        return self._chat.tokenizer.decode(ids, clean_up_tokenization_spaces=False) if ids else ""
