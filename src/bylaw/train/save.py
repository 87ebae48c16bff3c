"""A trained model as a standard Hugging Face directory: safetensors, tokenizer, chat template, model card."""

import copy
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec

from bylaw.train.examples import end_of_turn
from bylaw.train.hashed import hashed_weights


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the README of a model says: what it was made from, how, and what was measured."""

    title: str
    base: str
    method: str
    data: dict[str, str | int | float] = {}
    settings: dict[str, Any] = {}
    figures: dict[str, str | int | float] = {}
    notes: tuple[str, ...] = ()


def save_model(model: Any, tokenizer: Any, path: Path, card: ModelCard) -> Path:
    """Write model, tokenizer, generation config and card to ``path``; an older directory there is replaced.

    Everything is written under another name and renamed, so that a directory of this name is whole.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    write_model(model, tokenizer, partial, card)
    if path.exists():
        shutil.rmtree(path)
    partial.rename(path)
    return path


def write_model(model: Any, tokenizer: Any, folder: Path, card: ModelCard) -> dict[str, str]:
    """Write everything into a folder that is there: for callers that rename the whole themselves.

    Returns the digests of the weights, taken while they were written.
    """
    if getattr(model, "generation_config", None) is not None:
        _set_generation(model, tokenizer)
    with hashed_weights() as digests:
        model.save_pretrained(folder)
    _padding_as(model, tokenizer).save_pretrained(folder)
    (folder / "README.md").write_text(card_text(card), encoding="utf-8")
    return digests


def card_text(card: ModelCard) -> str:
    """The card in Markdown, with the front matter that model hubs read."""
    parts = [
        "---\nlibrary_name: transformers\ntags: [bylaw, constitutional-ai]\n---",
        f"# {card.title}",
        f"Made from `{card.base}` by {card.method}.",
        _table("Data", card.data),
        _table("Settings", _flat(card.settings)),
        _table("Figures", card.figures),
        "\n".join(f"- {note}" for note in card.notes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _set_generation(model: Any, tokenizer: Any) -> None:
    """Let the generation config name every token that ends an answer, the one trained on first."""
    end = end_of_turn(tokenizer)
    known = model.generation_config.eos_token_id
    others = [known] if isinstance(known, int) else list(known or [])
    ends = [end, *(token for token in others if token != end)]
    model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else ends
    model.generation_config.pad_token_id = end if tokenizer.pad_token_id is None else tokenizer.pad_token_id


def _padding_as(model: Any, tokenizer: Any) -> Any:
    """A tokenizer that pads as the model's config says: a classifier finds the end of a text by its
    padding."""
    pad = model.config.pad_token_id
    if not hasattr(model, "score") or pad in (None, tokenizer.pad_token_id):
        return tokenizer
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.pad_token = tokenizer.convert_ids_to_tokens(pad)
    return tokenizer


def _table(title: str, rows: dict[str, Any]) -> str:
    if not rows:
        return ""
    lines = [
        f"## {title}",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows.items()),
    ]
    return "\n".join(lines)


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat.update(_flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat
