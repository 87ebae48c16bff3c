"""From a conversation to token ids and back, through the tokenizer's own chat template."""

from collections.abc import Sequence
from typing import Any

from bylaw.errors import ModelError
from bylaw.records import Conversation

# How many tokens at the end of a text decide how what is appended to it is tokenised.
_TAIL = 16


class Chat:
    """Renders for one tokenizer. ``stops`` are the ids that end an assistant's turn."""

    def __init__(self, tokenizer: Any, stops: frozenset[int]) -> None:
        if not tokenizer.chat_template:
            raise ModelError("the tokenizer has no chat template; add chat_template.jinja beside it")
        self.tokenizer = tokenizer
        self.stops = stops
        self._first: dict[tuple[Any, ...], tuple[int, tuple[int, ...]]] = {}

    def text(self, messages: Conversation, prefill: str = "") -> str:
        """The conversation up to where the assistant speaks next, and the words put in its mouth.

        A conversation that ends with an assistant's turn is continued inside that turn. Raises ModelError
        where the template refuses the conversation (many refuse a system turn, or one role twice in a row).
        """
        from jinja2 import TemplateError

        if not messages:
            raise ModelError("a conversation without a turn cannot be continued")
        if messages[-1].role == "assistant":
            messages, prefill = messages[:-1], messages[-1].content + prefill
        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            # Templates of thinking models read enable_thinking: an answer here is no train of thought.
            rendered = self.tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        except TemplateError as error:
            roles = ", ".join(turn["role"] for turn in turns)
            raise ModelError(f"the chat template refuses a conversation of ({roles}): {error}") from error
        return str(rendered) + prefill

    def encode(self, text: str) -> list[int]:
        """Token ids of rendered text; the template has put the special tokens in already."""
        return self.tokenizer.encode(text, add_special_tokens=False)  # type: ignore[no-any-return]

    def tokens(self, messages: Conversation, prefill: str = "") -> list[int]:
        """Token ids of ``text``."""
        return self.encode(self.text(messages, prefill))

    def options(
        self, messages: Conversation, prefill: str, options: Sequence[str]
    ) -> tuple[list[int], tuple[int, ...]]:
        """The tokens to condition on, and the first token that each option adds to them.

        A tokenizer may merge the end of the text with the option; then the text is cut before the merged
        token, and all options are read there. Raises ModelError where options begin with the same token.
        """
        text = self.text(messages, prefill)
        base = self.encode(text)
        key = (*base[-_TAIL:], tuple(options))
        if key not in self._first:
            self._first[key] = self._first_tokens(text, base, options)
        dropped, first = self._first[key]
        return base[: len(base) - dropped], first

    def _first_tokens(self, text: str, base: list[int], options: Sequence[str]) -> tuple[int, tuple[int, ...]]:
        longer = [self.encode(text + option) for option in options]
        kept = min(common_prefix(base, tokens) for tokens in longer)
        if any(len(tokens) <= kept for tokens in longer):
            raise ModelError(f"one of the options {list(options)} adds no token to the conversation")
        first = tuple(tokens[kept] for tokens in longer)
        if len(set(first)) < len(first):
            raise ModelError(f"the options {list(options)} begin with one token; move what they share into the prefill")
        return len(base) - kept, first

    def answer(self, prompt: list[int], new: list[int], continued: bool) -> str:
        """Text of generated ids, the end token left out. ``continued``: the answer goes on inside a prefill.

        Some tokenizers drop a leading space when they decode; inside a prefill it is kept, by decoding both.
        """
        kept = [token for token in new if token not in self.stops]
        if not continued:
            return self._decode(kept)
        before = prompt[-_TAIL:]
        return self._decode(before + kept)[len(self._decode(before)) :]

    def _decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(  # type: ignore[no-any-return]
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )


def common_prefix(first: Sequence[object], second: Sequence[object]) -> int:
    """How many tokens, or characters, two sequences share at their beginning; by halving, with slices compared in C."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
