"""What is computed once before a training and kept on disk, under a name that says what it was computed from."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from bylaw.train.crew import ALONE, Crew

Tensors = dict[str, torch.Tensor]


def kept(folder: Path, what: str, made_from: str, compute: Callable[[], Tensors], crew: Crew = ALONE) -> Tensors:
    """``compute()``, or what it gave when last called for the same ``made_from``; the file is whole or not there."""
    key = hashlib.sha256(made_from.encode()).hexdigest()
    path = folder / f"{what}-{key[:16]}.safetensors"
    if not crew.same(path.exists):
        made = compute()
        crew.same(lambda: _write(path, made, key))
    stored: Tensors = load_file(path)
    return stored


def _write(path: Path, made: Tensors, key: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(made, partial, metadata={"key": key})
    partial.rename(path)
