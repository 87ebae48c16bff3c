"""A tokenizer of words and a tiny random Llama, made on the spot."""

import random
from collections.abc import Callable

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from bylaw.records import Conversation, Message
from bylaw.train.examples import PairExample, SFTExample

WORDS = [
    "how",
    "do",
    "i",
    "make",
    "a",
    "cake",
    "please",
    "tell",
    "me",
    "no",
    "yes",
    "sugar",
    "flour",
    "poison",
    "is",
    "bad",
    "good",
    "with",
    "some",
    "water",
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|> {{ m.content }}{% if m.role == 'assistant' %}<|end|>{% endif %} "
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    special = ["<|pad|>", "<|unk|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(special + WORDS)}, unk_token="<|unk|>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens(special)
    made = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<|pad|>", unk_token="<|unk|>", eos_token="<|end|>"
    )
    made.chat_template = TEMPLATE
    return made


def tiny_llama(seed: int = 0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=32,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        initializer_range=0.2,
        eos_token_id=2,
        bos_token_id=None,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def fresh() -> Callable[[], LlamaForCausalLM]:
    """Makes the same untrained model every time."""
    return tiny_llama


@pytest.fixture
def model() -> LlamaForCausalLM:
    return tiny_llama()


def _words(draw: random.Random, low: int, high: int) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(low, high)))


def _conversation(draw: random.Random) -> Conversation:
    turns = [Message("user", _words(draw, 2, 9))]
    if draw.random() < 0.5:
        turns += [Message("assistant", _words(draw, 1, 5)), Message("user", _words(draw, 1, 7))]
    return tuple(turns)


@pytest.fixture
def answers() -> list[SFTExample]:
    draw = random.Random(1)
    return [SFTExample(_conversation(draw), _words(draw, 1, 9), draw.choice([1.0, 0.5])) for _ in range(13)]


@pytest.fixture
def pairs() -> list[PairExample]:
    draw = random.Random(2)
    return [
        PairExample(_conversation(draw), _words(draw, 1, 9), _words(draw, 1, 9), round(draw.random(), 2))
        for _ in range(13)
    ]
