"""Weights are hashed while they are written: a large model is not read again to be signed.

``save_pretrained`` writes each shard through one function of safetensors. Within ``hashed_weights`` that function is
ours: the same format (safetensors, *Format*), tensor by tensor, each block hashed on its way. Where transformers has no
such function any more, or a tensor is of a kind not known here, the file is written as ever, and read to be hashed.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from bylaw.lineage.tree import Hashing

KINDS = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_SEAM = "safe_save_file"
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def hashed_weights() -> Iterator[dict[str, str]]:
    """Within it, transformers' weights files are hashed as they are written: name → SHA-256."""
    from transformers import modeling_utils

    digests: dict[str, str] = {}
    plain: Any = getattr(modeling_utils, _SEAM, None)

    def save(tensors: Mapping[str, torch.Tensor], filename: Any, metadata: dict[str, str] | None = None) -> None:
        if all(tensor.dtype in KINDS for tensor in tensors.values()):
            digests[Path(filename).name] = write_safetensors(tensors, Path(filename), metadata or {})
        else:
            plain(tensors, filename, metadata=metadata)

    with _ONE_AT_A_TIME:
        if plain:
            setattr(modeling_utils, _SEAM, save)
        try:
            yield digests
        finally:
            if plain:
                setattr(modeling_utils, _SEAM, plain)


def write_safetensors(tensors: Mapping[str, torch.Tensor], path: Path, metadata: Mapping[str, str]) -> str:
    """Write a safetensors file; returns its SHA-256. Tensors stand by falling width, then by name, as is usual."""
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name in names:
        tensor = tensors[name]
        end = at + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    said = json.dumps(header, separators=(",", ":")).encode()
    said += b" " * (-len(said) % 8)
    with path.open("wb") as file:
        hashing = Hashing(file)
        hashing.write(len(said).to_bytes(8, "little") + said)
        for name in names:
            hashing.write(_bytes(tensors[name]))
    return hashing.hexdigest()


def _bytes(tensor: torch.Tensor) -> memoryview:
    flat = tensor.detach().to("cpu").contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data
