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

from bylaw.models.tree import head, hidden_states, lay_out
from bylaw.windtunnel.corpus import Corpus, Lesson, sample_texts
from bylaw.windtunnel.muon import Muon
from bylaw.windtunnel.tokenizer import build_tokenizer, sample_seed


WEIGHTS = {"answer": 0.7, "revise": 1.0, "letters": 2.0}


class SeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape and schooling of the seed model; the defaults fit 60 minutes on two CPU cores.

    The first ``primer`` steps are answers only, in small batches: copying is learned first, and several times sooner
    than from the whole mixture.
    """

    hidden: int = 128
    inner: int = 320
    layers: int = 5
    heads: int = 4
    context: int = 1024
    primer: int = 500
    primer_tokens: int = 1024
    steps: int = 3000
    step_tokens: int = 2560
    groups: int = 3
    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(WEIGHTS))
    muon_rate: float = 0.03
    adam_rate: float = 0.008
    warmup: float = 0.01
    decay: float = 0.5
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
    mixture = iter(Corpus(tokenizer, settings.seed + 1))
    started = time.monotonic()
    for step in range(settings.primer + settings.steps):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * _rate(step, settings)
        primer = step < settings.primer
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
    muon = Muon(matrices, lr=settings.muon_rate)
    adam = torch.optim.AdamW(others, lr=settings.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
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
    """Gradients of the step's loss: weighted means over answers, over critiques and revisions, over letters.

    Lessons of like length go through the model together: attention over a row costs its length squared.
    """
    totals = dict.fromkeys(settings.weights, 0)
    for lesson in drawn:
        for kind, count in _counts(lesson).items():
            totals[kind] += count
    figures = dict.fromkeys(settings.weights, 0.0)
    for group in _by_length(drawn, settings.groups):
        losses = _losses(model, group, letters)
        parts = [settings.weights[kind] / max(totals[kind], 1) * loss for kind, loss in losses.items()]
        torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
        for kind, loss in losses.items():
            figures[kind] += float(loss.detach()) / max(totals[kind], 1)
    return figures


def _kind(lesson: Lesson) -> str:
    return "answer" if lesson.task == "answer" else "revise"


def _counts(lesson: Lesson) -> dict[str, int]:
    spans = sum(last - first for branch in lesson.learn for first, last in branch)
    return {_kind(lesson): spans, "letters": sum(target is not None for target in lesson.letters)}


def _by_length(drawn: list[Lesson], groups: int) -> list[list[Lesson]]:
    ordered = sorted(drawn, key=lambda lesson: len(lesson.tree))
    budget = sum(len(lesson.tree) for lesson in drawn) / groups
    parts: list[list[Lesson]] = [[]]
    filled = 0
    for lesson in ordered:
        if filled >= budget:
            parts.append([])
            filled = 0
        parts[-1].append(lesson)
        filled += len(lesson.tree)
    return parts


def _losses(model: Any, drawn: list[Lesson], letters: torch.Tensor) -> dict[str, torch.Tensor]:
    """Summed losses by kind."""
    batch = lay_out([lesson.tree for lesson in drawn])
    hidden = hidden_states(model, batch)
    where: dict[str, list[tuple[int, int]]] = {"answer": [], "revise": []}
    asked: list[tuple[int, int]] = []
    targets: list[float] = []
    for lesson, place in zip(drawn, batch.places, strict=True):
        for branch, start in enumerate(place.branches):
            for first, last in lesson.learn[branch]:
                where[_kind(lesson)] += [(place.row, start + column) for column in range(first, last)]
            target = lesson.letters[branch]
            if target is not None:
                asked.append((place.row, start + len(lesson.tree.branches[branch]) - 1))
                targets.append(target)
    losses = {k: _next_token_loss(model, hidden, batch.input_ids, spots) for k, spots in where.items() if spots}
    if asked:
        losses["letters"] = _letter_loss(model, hidden, asked, torch.tensor(targets), letters)
    return losses


def _next_token_loss(model: Any, hidden: Any, ids: torch.Tensor, spots: list[tuple[int, int]]) -> torch.Tensor:
    rows, columns = torch.tensor(spots).unbind(1)
    # Within a branch the token before stands in the column before; spans never begin a branch.
    return F.cross_entropy(head(model, hidden[rows, columns - 1]), ids[rows, columns], reduction="sum")


def _letter_loss(
    model: Any, hidden: Any, spots: list[tuple[int, int]], p_first: torch.Tensor, letters: torch.Tensor
) -> torch.Tensor:
    rows, columns = torch.tensor(spots).unbind(1)
    logs = head(model, hidden[rows, columns]).log_softmax(-1)[:, letters]
    entropy = -(torch.special.xlogy(p_first, p_first) + torch.special.xlogy(1 - p_first, 1 - p_first))
    return (-(p_first * logs[:, 0] + (1 - p_first) * logs[:, 1]) - entropy).sum()


def json_log(path: Path) -> Log:
    """Append every step's figures to a .jsonl file."""

    def log(figures: dict[str, float]) -> None:
        with path.open("a") as file:
            file.write(json.dumps(figures) + "\n")

    return log
