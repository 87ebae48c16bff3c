"""What a machine does, on random weights: tokens a second generated, read for labels and trained on.

Random weights cost what trained ones do. Shares are of the chip's bfloat16 peak, counting operations that the work
needs: not those done twice (``recompute``), nor attention beyond what is seen.
"""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import torch

from bylaw.errors import ModelError
from bylaw.feedback.label import LabelSettings, label
from bylaw.models.base import Generate, Program
from bylaw.models.local import LocalModel, LocalSettings
from bylaw.records import Comparison, Message, Principle
from bylaw.scale import memory
from bylaw.scale.rates import Rate, peak_of
from bylaw.scale.shapes import Shape
from bylaw.train.examples import SFTExample, encode_sft
from bylaw.train.fit import prepare
from bylaw.train.loop import accumulate, adamw
from bylaw.train.settings import TrainSettings
from bylaw.train.sft import SFT

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured at once: conversations, words of a text, tokens of an answer, principles of a label."""

    rows: int = 256
    words: int = 100
    answer: int = 128
    pairs: int = 64
    principles: int = 16
    micro_tokens: int = 8192
    updates: int = 3


def settings_of(load: Load) -> TrainSettings:
    """How the bench trains: weights and computation in bfloat16, activations computed again."""
    return TrainSettings(precision="bfloat16", micro_tokens=load.micro_tokens, recompute=True, batch_size=load.rows)


def needs(shape: Shape, load: Load) -> list[memory.Need]:
    """What the bench needs of the one device it runs on."""
    context = 2 * load.words + load.answer
    return [memory.generating(shape, load.rows, context), memory.training(shape, settings_of(load), 1)]


def memory_of(device: torch.device) -> float:
    """Bytes of a GPU; of this machine, where the device is its CPU."""
    if device.type == "cuda":
        return float(torch.cuda.get_device_properties(device).total_memory)
    import os

    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def name_of(device: torch.device) -> str:
    """What a device is called."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"CPU, {torch.get_num_threads()} threads"


def measure(shape: Shape, device: torch.device, load: Load) -> list[Rate]:
    """The three rates of a device. Raises ``ModelError`` before anything is made if it does not fit."""
    have = memory_of(device)
    for need in needs(shape, load):
        if not need.fits(have):
            raise ModelError(need.said(have))
    tokenizer = words_tokenizer()
    model = random_model(shape, tokenizer, device)
    local = LocalModel("random", model, tokenizer, LocalSettings(rows=load.rows, pass_tokens=load.micro_tokens))
    found = [_generation(local, shape, load), _labels(local, shape, load), _training(model, tokenizer, shape, load)]
    peak = peak_of(name_of(device))
    return [_rate(shape, device, peak, *one) for one in found]


def _rate(shape: Shape, device: torch.device, peak: float | None, work: Any, tokens: float, flops: float) -> Rate:
    share = flops / peak if peak else None
    source = f"bylaw bench, {name_of(device)}, torch {torch.__version__}"
    return Rate(work=work, tokens=tokens, parameters=shape.parameters, source=source, measured=True, share=share)


def _generation(model: LocalModel, shape: Shape, load: Load) -> tuple[str, float, float]:
    draw = Random(1)
    asks = [_ask(_text(draw, load.words), load.answer, seed) for seed in range(load.rows)]
    seconds = _timed(lambda: model.run(asks), model.model.device)
    tokens = model.usage.generated_tokens / seconds
    return "generate", tokens, tokens * (shape.body_flops(load.words + load.answer) + shape.head_flops)


def _labels(model: LocalModel, shape: Shape, load: Load) -> tuple[str, float, float]:
    draw, before = Random(2), msgspec.structs.replace(model.usage)
    asked = [Principle(key=str(n), comparison=f"Which is better, by rule {n}?") for n in range(load.principles)]
    talk = [(Message("user", _text(draw, load.words)),) for _ in range(load.pairs)]
    pairs = [Comparison(messages=one, first=_text(draw, 80), second=_text(draw, 80)) for one in talk]
    programs = [label(pair, asked, "random", LabelSettings(min_mass=0), 0) for pair in pairs]
    seconds = _timed(lambda: model.run(programs), model.model.device)
    usage = model.usage
    computed = usage.prompt_tokens - before.prompt_tokens - usage.reused_tokens + before.reused_tokens
    tokens = computed / seconds
    return "label", tokens, tokens * shape.body_flops(3 * load.words)


def _training(model: Any, tokenizer: Any, shape: Shape, load: Load) -> tuple[str, float, float]:
    draw, settings = Random(3), settings_of(load)
    examples = [SFTExample((Message("user", _text(draw, load.words)),), _text(draw, 80)) for _ in range(load.rows)]
    encoded = encode_sft(tokenizer, examples, 1 << 20).kept
    policy = prepare(model, settings)
    method, optimizer = SFT(encoded, "", settings), adamw(policy, settings)
    batch = method.batch(0)

    def updates() -> None:
        for _ in range(load.updates):
            optimizer.zero_grad(set_to_none=True)
            accumulate(policy, method, batch, settings)
            optimizer.step()

    seconds = _timed(updates, model.device)
    count = load.updates * sum(len(one.tree) for one in batch)
    predicted = load.updates * sum(len(one.tree.branches[0]) for one in batch)
    flops = 3 * (count * shape.body_flops(load.words) + predicted * shape.head_flops)
    return "train", count / seconds, flops / seconds


def _timed(work: Callable[[], object], device: torch.device) -> float:
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def _ask(text: str, tokens: int, seed: int) -> Program[str]:
    said = yield Generate(messages=(Message("user", text),), max_tokens=tokens, seed=seed)
    return str(said.text)


def _text(draw: Random, words: int) -> str:
    return " ".join(draw.choices(["lock", "cake", "harm", "kind", "true", "water"], k=words))


def words_tokenizer() -> Any:
    """A byte-level tokenizer with a chat template, trained on the bench's own words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator([_text(Random(0), 500), "The answer is: (A) or (B)"], trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", pad_token="<|pad|>")
    made.chat_template = TEMPLATE
    return made


def random_model(shape: Shape, tokenizer: Any, device: torch.device) -> Any:
    """A Llama of a shape with random weights in bfloat16, made on its device."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_width,
        max_position_embeddings=1 << 17,
        tie_word_embeddings=shape.tied,
        # No end token: with random weights an answer would end by chance, and every length be another's.
        eos_token_id=None,
        bos_token_id=None,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    with torch.device(device):
        return LlamaForCausalLM._from_config(config, dtype=torch.bfloat16).eval()


def bench(shape: Shape, device: torch.device, load: Load, keep: Path | None = None) -> list[Rate]:
    """Warm up on a little, then measure; the rates are appended to ``keep``."""
    if device.type == "cuda":
        small = msgspec.structs.replace(load, rows=8, answer=8, pairs=4, updates=1)
        measure(shape, device, small)
        torch.cuda.empty_cache()
    rates = measure(shape, device, load)
    if keep:
        from bylaw.storage import append_line

        for rate in rates:
            append_line(keep, rate)
    return rates
