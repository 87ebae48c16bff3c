"""What is trained on, as texts and as token trees.

An SFT example is a stem (the rendered prompt, free of loss) with one branch (the answer and the
end-of-turn token); a pair is a stem with two, so that the prompt both responses share is computed once.
What does not fit the context is returned as dropped, with the reason; nothing is ever cut.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bylaw.errors import ModelError
from bylaw.models.chat import Chat
from bylaw.models.tree import Tree
from bylaw.records import Conversation


class SFTExample(msgspec.Struct, frozen=True):
    """A conversation so far and the answer to learn; ``weight`` multiplies its loss.

    ``soft``: what is learned is not the answer's tokens but how the model, before its training, would have said them.
    """

    messages: Conversation
    answer: str
    weight: float = 1.0
    soft: bool = False


class PairExample(msgspec.Struct, frozen=True):
    """Two responses to one conversation; ``p_first`` is the soft label, the probability that *first* is
    better."""

    messages: Conversation
    first: str
    second: str
    p_first: float
    weight: float = 1.0


@dataclass(frozen=True)
class Encoded:
    """An example as tokens. ``target`` is the soft label of a pair, 1.0 elsewhere; ``index`` its place in
    the input."""

    index: int
    tree: Tree
    target: float
    weight: float


class Dropped(msgspec.Struct, frozen=True):
    """An example that is not trained on: its place in the input, and why."""

    index: int
    reason: str


@dataclass(frozen=True)
class Encodings:
    """The examples that fit, in input order, and those that were dropped."""

    kept: tuple[Encoded, ...]
    dropped: tuple[Dropped, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over tokens, targets and weights: two equal ones train the same."""
        rows = [[e.index, e.tree.stem, e.tree.branches, e.target, e.weight] for e in self.kept]
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()


class Encoder:
    """Texts to tokens for one tokenizer: a conversation is a stem, an answer a branch that ends the turn."""

    def __init__(self, tokenizer: Any) -> None:
        self.chat = Chat(tokenizer, frozenset())
        self.end = end_of_turn(tokenizer)

    def stem(self, messages: Conversation) -> tuple[int, ...]:
        """The rendered conversation, up to where the assistant answers."""
        return tuple(self.chat.tokens(messages))

    def branch(self, answer: str, ended: bool = True) -> tuple[int, ...]:
        """An answer, with the end-of-turn token if it was ``ended``; tokenised alone, as it is generated."""
        tokens = self.chat.encode(answer)
        return (*tokens, self.end) if ended else tuple(tokens)

    def tree(self, messages: Conversation, answers: Sequence[str]) -> Tree:
        """The conversation with one branch for each answer."""
        return Tree(self.stem(messages), tuple(map(self.branch, answers)))


def encode_sft(tokenizer: Any, examples: Sequence[SFTExample], context: int) -> Encodings:
    """Tokens of SFT examples; ``context`` is the longest sequence allowed."""
    encode = Encoder(tokenizer)
    trees = (encode.tree(one.messages, (one.answer,)) for one in examples)
    return _fitting([Encoded(i, tree, 1.0, examples[i].weight) for i, tree in enumerate(trees)], context)


def encode_pairs(tokenizer: Any, pairs: Sequence[PairExample], context: int) -> Encodings:
    """Tokens of pairs; a pair is dropped if either response does not fit."""
    encode = Encoder(tokenizer)
    trees = (encode.tree(one.messages, (one.first, one.second)) for one in pairs)
    return _fitting([Encoded(i, tree, pairs[i].p_first, pairs[i].weight) for i, tree in enumerate(trees)], context)


def end_of_turn(tokenizer: Any) -> int:
    """The token that ends an answer: the first special one after it in the chat template, else the
    tokenizer's own end token.
    """
    mark = "answer"
    turns = [{"role": "user", "content": "question"}, {"role": "assistant", "content": mark}]
    rendered = str(tokenizer.apply_chat_template(turns, tokenize=False))
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    after = tokenizer.encode(rendered.rpartition(mark)[2], add_special_tokens=False)
    end = next((token for token in after if token in special), tokenizer.eos_token_id)
    if end is None:
        raise ModelError("neither the chat template nor the tokenizer has a token that ends an answer")
    return int(end)


def too_long(tree: Tree, context: int) -> str | None:
    """Why a tree does not fit, or None. Each branch must fit after the stem, on its own."""
    longest = len(tree.stem) + max(map(len, tree.branches), default=0)
    return f"takes {longest} tokens, the context holds {context}" if longest > context else None


def _fitting(encoded: Sequence[Encoded], context: int) -> Encodings:
    reasons = [too_long(one.tree, context) for one in encoded]
    kept = (one for one, reason in zip(encoded, reasons, strict=True) if reason is None)
    dropped = (Dropped(one.index, why) for one, why in zip(encoded, reasons, strict=True) if why is not None)
    return Encodings(tuple(kept), tuple(dropped))
