"""The seed model: a tiny Llama trained from nothing on the world's corpus. Helpful only: it answers everything.

It learns to answer, critique, revise and judge; nothing ever teaches it to refuse a request. Muon for the matrices
(Jordan et al. 2024), AdamW for embeddings and norms; constant learning rate, then linear decay.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import torch
import torch.nn.functional as F

from bylaw.models.tree import head
from bylaw.train.packed import packed_hidden
from bylaw.windtunnel.corpus import Corpus, Lesson, sample_texts
from bylaw.windtunnel.muon import Muon
from bylaw.windtunnel.tokenizer import build_tokenizer, sample_seed

WEIGHTS = {"answer": 0.7, "revise": 1.0, "letters": 3.0}


class SeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape and schooling of the seed model; the defaults fit 60 minutes on two CPU cores.

    The first ``primer`` steps are answers only, in small batches: copying is learned first, and several times sooner
    than from the whole mixture. ``lists`` says how many topics a principle names at most, and from which share of the
    other steps on: telling whether one mention is meant comes first, finding it in a list of eight last.
    ``rates`` are Muon's and AdamW's peak learning rates; the primer bears higher ones.
    """

    hidden: int = 128
    inner: int = 320
    layers: int = 5
    heads: int = 4
    context: int = 1024
    primer: int = 500
    lists: tuple[tuple[float, int], ...] = ((0.0, 1), (0.15, 3), (0.6, 8))
    primer_tokens: int = 1024
    steps: int = 2800
    step_tokens: int = 2560
    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(WEIGHTS))
    primer_rates: tuple[float, float] = (0.04, 0.04)
    rates: tuple[float, float] = (0.02, 0.015)
    warmup: float = 0.01
    decay: float = 0.6
    seed: int = 0


Log = Callable[[dict[str, float]], None]


def new_model(settings: SeedSettings, tokenizer: Any) -> Any:
    """A freshly initialised Llama of the settings' shape, tied embeddings."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(settings.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden,
        intermediate_size=settings.inner,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        max_position_embeddings=settings.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def build_seed(out: Path, settings: SeedSettings, log: Log, keep_every: int = 0) -> None:
    """Train a seed model from nothing and save it, with its tokenizer, as a Hugging Face directory."""
    tokenizer = build_tokenizer(sample_texts(sample_seed(), 3000))
    model = new_model(settings, tokenizer)
    letters = torch.tensor([tokenizer.convert_tokens_to_ids(letter) for letter in ("A", "B")])
    optimizers = _optimizers(model, settings)
    answers = iter(Corpus(tokenizer, settings.seed, tasks={"answer": 1.0}))
    corpus = Corpus(tokenizer, settings.seed + 1)
    mixture = iter(corpus)
    started = time.monotonic()
    for step in range(settings.primer + settings.steps):
        primer = step < settings.primer
        peaks = settings.primer_rates if primer else settings.rates
        for optimizer, peak in zip(optimizers, peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * _rate(step, settings)
        done = (step - settings.primer) / settings.steps
        corpus.longest_list = max((size for share, size in settings.lists if share <= done), default=1)
        drawn = _draw(answers, settings.primer_tokens) if primer else _draw(mixture, settings.step_tokens)
        figures = _backward(model, drawn, settings, letters)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        log({"step": step, "seconds": time.monotonic() - started, **figures})
        if keep_every and (step + 1) % keep_every == 0:
            save_seed(out, model, tokenizer)
    save_seed(out, model, tokenizer)


def save_seed(out: Path, model: Any, tokenizer: Any) -> None:
    """Save as safetensors with tokenizer, chat template and generation config."""
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _optimizers(model: Any, settings: SeedSettings) -> list[torch.optim.Optimizer]:
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    muon = Muon(matrices, lr=settings.rates[0])
    adam = torch.optim.AdamW(others, lr=settings.rates[1], betas=(0.9, 0.98), weight_decay=0.0)
    return [muon, adam]


def _rate(step: int, settings: SeedSettings) -> float:
    total = settings.primer + settings.steps
    return min(1.0, (step + 1) / (settings.warmup * total), (total - step) / (settings.decay * total))


def _draw(lessons: Iterator[Lesson], tokens: int) -> list[Lesson]:
    drawn: list[Lesson] = []
    while sum(len(lesson.tree) for lesson in drawn) < tokens:
        drawn.append(next(lessons))
    return drawn


def _backward(model: Any, drawn: list[Lesson], settings: SeedSettings, letters: torch.Tensor) -> dict[str, float]:
    """Gradients of the step's loss: weighted means over answers, over critiques and revisions, over letters."""
    hidden = packed_hidden(model, [lesson.tree for lesson in drawn])
    spots = _spots(drawn)
    losses: dict[str, torch.Tensor] = {}
    for kind in ("answer", "revise"):
        if spots.tokens[kind]:
            before = torch.tensor(spots.before[kind])
            losses[kind] = F.cross_entropy(head(model, hidden[before]), torch.tensor(spots.tokens[kind]))
    if spots.asked:
        p_first = torch.tensor(spots.letters)
        losses["letters"] = _letter_loss(head(model, hidden[torch.tensor(spots.asked)]), p_first, letters)
    weighted = [settings.weights[kind] * loss for kind, loss in losses.items()]
    torch.stack(weighted).sum().backward()  # type: ignore[no-untyped-call]
    return {kind: float(losses[kind].detach()) if kind in losses else 0.0 for kind in settings.weights}


class _Spots:
    """Where in the packed tokens something is learned: positions before the tokens to predict, and asked letters."""

    def __init__(self) -> None:
        self.before: dict[str, list[int]] = {"answer": [], "revise": []}
        self.tokens: dict[str, list[int]] = {"answer": [], "revise": []}
        self.asked: list[int] = []
        self.letters: list[float] = []


def _spots(drawn: list[Lesson]) -> _Spots:
    spots = _Spots()
    start = 0
    for lesson in drawn:
        kind = "answer" if lesson.task == "answer" else "revise"
        start += len(lesson.tree.stem)
        for tokens, learn, target in zip(lesson.tree.branches, lesson.learn, lesson.letters, strict=True):
            for first, last in learn:
                # Within a branch the token before stands one place before; spans never begin a branch.
                spots.before[kind] += range(start + first - 1, start + last - 1)
                spots.tokens[kind] += tokens[first:last]
            start += len(tokens)
            if target is not None:
                spots.asked.append(start - 1)
                spots.letters.append(target)
    return spots


def _letter_loss(logits: torch.Tensor, p_first: torch.Tensor, letters: torch.Tensor) -> torch.Tensor:
    """Mean divergence from the soft targets, over the whole vocabulary."""
    logs = logits.log_softmax(-1)[:, letters]
    entropy = -(torch.special.xlogy(p_first, p_first) + torch.special.xlogy(1 - p_first, 1 - p_first))
    crossed: torch.Tensor = -(p_first * logs[:, 0] + (1 - p_first) * logs[:, 1])
    mean: torch.Tensor = (crossed - entropy).mean()
    return mean


def json_log(path: Path) -> Log:
    """Append every step's figures to a .jsonl file."""

    def log(figures: dict[str, float]) -> None:
        with path.open("a") as file:
            file.write(json.dumps(figures) + "\n")

    return log
