"""Checkpoints that every process writes its part of: safetensors through torch.distributed.checkpoint, no pickles.

Each file says which part of which tensor it holds, so any number of processes can read them, one alone too.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

Tensors = Mapping[str, torch.Tensor]


def write(folder: Path, tensors: Tensors) -> None:
    """Write tensors; of one that is sharded, each process its part."""
    save(dict(tensors), storage_writer=HuggingFaceStorageWriter(str(folder), save_distributed=True))


def read(folder: Path, into: Tensors) -> None:
    """Fill tensors in place, however they are sharded and were when they were written."""
    load(dict(into), storage_reader=HuggingFaceStorageReader(str(folder)), no_dist=not dist.is_initialized())
