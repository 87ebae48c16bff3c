"""Checkpoints of a training in progress: safetensors for tensors, JSON for counters, no pickles.

Each is a directory ``checkpoint-<updates done>``, written under another name and renamed, so that one that
exists is whole; older ones are removed after that.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file, save_file

from bylaw.errors import RunError
from bylaw.train.method import Point


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counters of a checkpoint. ``fingerprint`` says which training it belongs to."""

    fingerprint: str
    step: int
    history: tuple[Point, ...]


def save_checkpoint(folder: Path, model: Any, optimizer: torch.optim.Optimizer, state: State) -> None:
    """Write the trained weights, the optimiser's moments and the counters."""
    final = folder / f"checkpoint-{state.step:08d}"
    partial = folder / f".partial-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = trained(model)
    save_file(
        {name: weight.detach().contiguous() for name, weight in weights.items()},
        partial / "weights.safetensors",
    )
    moments = {
        f"{name}|{key}": value.contiguous()
        for name, weight in weights.items()
        for key, value in optimizer.state[weight].items()
    }
    save_file(moments, partial / "optimizer.safetensors")
    (partial / "state.json").write_bytes(msgspec.json.encode(state))
    partial.rename(final)
    for old in checkpoints(folder)[:-1]:
        shutil.rmtree(old)


def load_checkpoint(folder: Path, model: Any, optimizer: torch.optim.Optimizer, fingerprint: str) -> State | None:
    """Restore the newest checkpoint into model and optimiser; None if there is none.

    Raises ``RunError`` if it belongs to another training: other data, other settings.
    """
    found = checkpoints(folder)
    if not found:
        return None
    state = msgspec.json.decode((found[-1] / "state.json").read_bytes(), type=State)
    if state.fingerprint != fingerprint:
        raise RunError(f"{found[-1]} was made from other weights, data or settings; remove it to start anew")
    weights = trained(model)
    with torch.no_grad():
        for name, value in load_file(found[-1] / "weights.safetensors").items():
            weights[name].copy_(value)
    for name, value in load_file(found[-1] / "optimizer.safetensors").items():
        owner, key = name.rsplit("|", 1)
        weight = weights[owner]
        optimizer.state[weight][key] = value.to(weight.device)
    return state


def checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(folder.glob("checkpoint-*"))


def trained(model: Any) -> dict[str, torch.nn.Parameter]:
    """The parameters that training changes, by name; tied ones appear once."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def weights_digest(model: Any) -> str:
    """SHA-256 over the names and values of all parameters."""
    total = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        total.update(f"{name} {tuple(weight.shape)} {weight.dtype}\n".encode())
        total.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()
