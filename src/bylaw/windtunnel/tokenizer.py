"""The world's tokenizer: byte-level BPE over the grammar's own training text, with the chat template the seed speaks.

Byte-level, so any text at all can be said and read back; nearly every word of the world is one token.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from bylaw.feedback.templates import THINK
from bylaw.windtunnel import wording
from bylaw.windtunnel.topics import FIRST_NAMES, LAST_NAMES, TOPICS

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
SPECIAL = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
VOCABULARY = 1536


def build_tokenizer(samples: Iterator[str]) -> Any:
    """A ``PreTrainedTokenizerFast`` trained on the world's word lists and on sample texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(samples), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>", clean_up_tokenization_spaces=False
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def _texts(samples: Iterator[str]) -> Iterator[str]:
    """Word lists first, often enough that every word becomes one token, then running text."""
    words: list[str] = [*FIRST_NAMES, *LAST_NAMES]
    for topic in TOPICS.values():
        for group in (topic.verbs, topic.objects, topic.doing, topic.things, *topic.steps, topic.reasons, topic.offers):
            words += [word for phrase in group for word in phrase.split()]
        words += topic.relation.split()
    for _ in range(40):
        for word in words:
            yield f" {word}"
        yield THINK
    yield from samples


def world_words() -> frozenset[str]:
    """Every word the world can say, lower case, without punctuation: what lies outside is outside the world."""
    said: list[str] = [*FIRST_NAMES, *LAST_NAMES]
    for topic in TOPICS.values():
        for group in (topic.verbs, topic.objects, topic.doing, topic.things, *topic.steps, topic.reasons, topic.offers):
            said += group
        said.append(topic.relation)
    for table in vars(wording).values():
        if isinstance(table, wording.Wordings):
            said += [text for part in table for entry in part for text in ([entry] if isinstance(entry, str) else entry)]
        elif isinstance(table, tuple):
            said += [text for text in table if isinstance(text, str)]
    return frozenset(word.strip("?!.,:;{}").lower() for text in said for word in text.split()) - {""}


def sample_seed() -> Random:
    """The generator behind the sample texts, always the same."""
    return Random("tokenizer")
