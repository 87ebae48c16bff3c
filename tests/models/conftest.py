"""Tiny random models of several architectures and a byte-level tokenizer with a chat template, made in
seconds.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TEXTS = ["How do I poison the weeds?", "Name the harm. Rewrite it. The answer is: (A) or (B)"]
_SIZE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}

CONFIGS: dict[str, Callable[[int], Any]] = {
    "llama": lambda size: LlamaConfig(vocab_size=size, num_key_value_heads=4, **_SIZE),
    "llama-grouped": lambda size: LlamaConfig(vocab_size=size, num_key_value_heads=2, **_SIZE),
    "qwen2": lambda size: Qwen2Config(vocab_size=size, num_key_value_heads=2, **_SIZE),
    "qwen3": lambda size: Qwen3Config(vocab_size=size, num_key_value_heads=2, head_dim=8, **_SIZE),
    "mistral": lambda size: MistralConfig(vocab_size=size, num_key_value_heads=2, sliding_window=300, **_SIZE),
    "neox": lambda size: GPTNeoXConfig(vocab_size=size, **_SIZE),
    "gpt2": lambda size: GPT2Config(vocab_size=size, n_embd=32, n_layer=2, n_head=4),
}


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """About 320 tokens: bytes, a few merges, the roles, and ``<|end|>`` as end of turn."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    raw.train_from_iterator(TEXTS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|end|>", pad_token="<|end|>", chat_template=TEMPLATE
    )


@pytest.fixture(scope="session")
def make_model(tokenizer: Any) -> Callable[[str], Any]:
    """A random model of a named architecture, large enough in scale that its logits vary."""
    made: dict[str, Any] = {}

    def make(name: str) -> Any:
        if name not in made:
            torch.manual_seed(0)
            config = CONFIGS[name](len(tokenizer))
            config.eos_token_id = config.pad_token_id = tokenizer.eos_token_id
            config.bos_token_id = None
            model = AutoModelForCausalLM.from_config(config).eval()
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.ndim > 1:
                        parameter.mul_(8)
            made[name] = model
        return made[name]

    return make
