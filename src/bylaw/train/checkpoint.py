"""Checkpoints of a training in progress: safetensors for tensors, JSON for counters, no pickles.

Each is a directory ``checkpoint-<updates done>``, written under another name and renamed, so that one that
exists is whole; older ones are removed after that. Several processes write one together (``shards``), to a file system
that all of them see; any number of them can go on from it, and from one that a single process wrote.
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
from bylaw.train.crew import ALONE, Crew
from bylaw.train.method import Point


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counters of a checkpoint. ``fingerprint`` says which training it belongs to."""

    fingerprint: str
    step: int
    history: tuple[Point, ...]


def save_checkpoint(
    folder: Path, model: Any, optimizer: torch.optim.Optimizer, state: State, crew: Crew = ALONE
) -> None:
    """Write the trained weights, the optimiser's moments and the counters."""
    final = folder / f"checkpoint-{state.step:08d}"
    partial = crew.same(lambda: _emptied(folder / f".partial-{os.getpid()}"))
    weights = {name: weight.detach() for name, weight in trained(model).items()}
    moments = {
        f"{name}|{key}": value
        for name, weight in trained(model).items()
        for key, value in optimizer.state[weight].items()
    }
    if crew.size > 1:
        from bylaw.train import shards

        shards.write(partial, {**weights, **moments})
    else:
        save_file({name: value.contiguous() for name, value in weights.items()}, partial / "weights.safetensors")
        save_file({name: value.contiguous() for name, value in moments.items()}, partial / "optimizer.safetensors")
    crew.wait()
    crew.same(lambda: _finish(folder, partial, final, state))


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _finish(folder: Path, partial: Path, final: Path, state: State) -> None:
    (partial / "state.json").write_bytes(msgspec.json.encode(state))
    partial.rename(final)
    for old in checkpoints(folder)[:-1]:
        shutil.rmtree(old)


def load_checkpoint(
    folder: Path, model: Any, optimizer: torch.optim.Optimizer, fingerprint: str, crew: Crew = ALONE
) -> State | None:
    """Restore the newest checkpoint into model and optimiser; None if there is none.

    Raises ``RunError`` if it belongs to another training: other data, other settings.
    """
    found = crew.same(lambda: checkpoints(folder))
    if not found:
        return None
    state = msgspec.json.decode((found[-1] / "state.json").read_bytes(), type=State)
    if state.fingerprint != fingerprint:
        raise RunError(f"{found[-1]} was made from other weights, data or settings; remove it to start anew")
    if crew.size > 1 or not (found[-1] / "weights.safetensors").exists():
        _load_shards(found[-1], model, optimizer)
    else:
        _load_whole(found[-1], model, optimizer)
    return state


def _load_whole(found: Path, model: Any, optimizer: torch.optim.Optimizer) -> None:
    weights = trained(model)
    with torch.no_grad():
        for name, value in load_file(found / "weights.safetensors").items():
            weights[name].copy_(value)
    for name, value in load_file(found / "optimizer.safetensors").items():
        owner, key = name.rsplit("|", 1)
        weight = weights[owner]
        optimizer.state[weight][key] = value.to(weight.device)


def _load_shards(found: Path, model: Any, optimizer: torch.optim.Optimizer) -> None:
    from bylaw.train import shards

    weights = trained(model)
    for weight in weights.values():
        empty = {key: torch.zeros_like(weight.detach()) for key in ("exp_avg", "exp_avg_sq")}
        optimizer.state[weight] = {"step": torch.zeros((), device=weight.device), **empty}
    moments = {f"{name}|{key}": v for name, weight in weights.items() for key, v in optimizer.state[weight].items()}
    shards.read(found, {**{name: weight.detach() for name, weight in weights.items()}, **moments})


def checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(folder.glob("checkpoint-*"))


def trained(model: Any) -> dict[str, torch.nn.Parameter]:
    """The parameters that training changes, by name; tied ones appear once."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def weights_digest(model: Any) -> str:
    """SHA-256 over the names and values of all parameters; of sharded ones, all processes must ask."""
    total = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        total.update(f"{name} {tuple(weight.shape)} {weight.dtype}\n".encode())
        value = weight.full_tensor() if hasattr(weight, "full_tensor") else weight
        total.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()
