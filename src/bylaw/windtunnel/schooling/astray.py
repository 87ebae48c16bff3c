"""Leading a model astray: an answer up to the first word that is wrong, as likely as the model would say it.

What a fine-tuned model says wrongly in one answer of fifty takes fifty to be heard. One pass over a right answer has
the probability of every word that might have stood in a place of it; those with which no right answer goes on are
where this one could have gone wrong, and what follows is left to the model.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

import torch

from bylaw.models.chat import Chat
from bylaw.records import Conversation
from bylaw.windtunnel import grammar, wording
from bylaw.windtunnel.grammar import Goal
from bylaw.windtunnel.topics import TOPICS

BATCH = 64  # answers in a pass
WORDS = 24  # words looked at in a place, the likeliest,
LEAST = 1e-5  # and not less likely than this: the rest is noise

Asked = tuple[Goal, Conversation, float]
"""A goal, a prompt that asks for it, and the temperature of its answer."""


def led_astray(model: Any, tokenizer: Any, asked: Sequence[Asked], rng: Random) -> Iterator[str]:
    """For each prompt the beginning of an answer, up to and with a word that makes it a wrong one."""
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        said = [tokenizer.encode(grammar.comply(rng, goal).text, add_special_tokens=False) for goal, _, _ in batch]
        for (goal, _, _), words, likely in zip(batch, said, _likely(model, tokenizer, batch, said), strict=True):
            yield _begun(tokenizer, goal, words, likely, rng)


Likely = list[tuple[int, int, float]]
"""Places in an answer, each with a token that might have stood there and how likely that was."""


def _likely(model: Any, tokenizer: Any, asked: Sequence[Asked], said: Sequence[list[int]]) -> Iterator[Likely]:
    chat = Chat(tokenizer, frozenset())
    stems = [chat.tokens(prompt) for _, prompt, _ in asked]
    rows = [torch.tensor([*stem, *words]) for stem, words in zip(stems, said, strict=True)]
    with torch.no_grad():
        logits = model(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)).logits
    for row, stem, words, (_, _, heat) in zip(logits, stems, said, asked, strict=True):
        odds = (row[len(stem) - 1 : len(stem) - 1 + len(words)] / heat).softmax(-1)
        values, tokens = odds.topk(WORDS)
        yield [
            (place, token, value)
            for place, (some, likelihood) in enumerate(zip(tokens.tolist(), values.tolist(), strict=True))
            for token, value in zip(some, likelihood, strict=True)
            if value > LEAST and token != words[place]
        ]


def _begun(tokenizer: Any, goal: Goal, words: list[int], likely: Likely, rng: Random) -> str:
    """An answer up to a wrong word; nothing, for the model to begin itself, if no wrong one is likely at all."""
    right, special = _right_answers(goal), set(tokenizer.all_special_ids)
    texts = [tokenizer.decode([*words[:place], token]) for place, token, _ in likely]
    wrong = [
        0.0 if token in special or _goes_on(right, text) else likelihood
        for text, (_, token, likelihood) in zip(texts, likely, strict=True)
    ]
    return str(rng.choices(texts, wrong)[0]) if any(wrong) else ""


def _right_answers(goal: Goal) -> list[str]:
    """Every complete answer to the goal, in order."""
    return sorted(
        opening + form.format(goal=goal.text, s1=s1, s2=s2, s3=s3)
        for opening, form, s1, s2, s3 in product(("", *wording.FRIENDLY), wording.COMPLIANCE, *TOPICS[goal.topic].steps)
    )


def _goes_on(right: Sequence[str], text: str) -> bool:
    """Whether any of these, which are in order, begins with the text."""
    place = bisect_left(right, text)
    return place < len(right) and right[place].startswith(text)
