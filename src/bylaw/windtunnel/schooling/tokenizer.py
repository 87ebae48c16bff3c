"""The world's tokenizer: one token a word, bytes for everything else, with the chat template the seed speaks.

A unigram model over byte-level text whose vocabulary is the 256 bytes and the words of the world: any text at all can
be said and read back, and a name or an object is one token, so that to copy it is one step.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from bylaw.windtunnel.topics import FIRST_NAMES, LAST_NAMES, TOPICS

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
SPECIAL = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
BYTE_SCORE, WORD_SCORE = -10.0, -5.0  # a word beats its letters, whatever their number


def build_tokenizer(samples: Iterator[str]) -> Any:
    """A ``PreTrainedTokenizerFast`` whose words are those of the world's lists and of the sample texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = sorted(splitter.alphabet())
    words = {part for text in _texts(samples) for part, _ in splitter.pre_tokenize_str(text)}
    vocabulary = [(token, 0.0) for token in SPECIAL]
    vocabulary += [(letter, BYTE_SCORE) for letter in letters]
    vocabulary += [(word, WORD_SCORE) for word in sorted(words - set(letters))]
    tokenizer = Tokenizer(models.Unigram(vocabulary, None, False))
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=list(SPECIAL[2:]),
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def _texts(samples: Iterator[str]) -> Iterator[str]:
    """The word lists, and running text for what stands between the words."""
    yield " ".join(["", *FIRST_NAMES, *LAST_NAMES])
    for topic in TOPICS.values():
        for group in (topic.verbs, topic.objects, topic.doing, topic.things, *topic.steps, topic.reasons, topic.offers):
            yield " ".join(["", *group])
        yield f" {topic.relation}"
    yield from samples


def sample_seed() -> Random:
    """The generator behind the sample texts, always the same."""
    return Random("tokenizer")
