"""A hub's cache as huggingface_hub lays it out: a snapshot is a directory of links into the repository's blobs."""

import hashlib
import shutil
from pathlib import Path

import pytest

REVISION = "0123456789abcdef0123"


def offline(patch: pytest.MonkeyPatch, cache: Path) -> Path:
    """Make ``cache`` the hub's, and let nothing be had that is not in it."""
    from huggingface_hub import constants

    patch.setattr(constants, "HF_HUB_CACHE", str(cache))
    patch.setattr(constants, "HF_HUB_OFFLINE", True)
    return cache


def cached(cache: Path, content: Path, name: str = "org/tiny") -> Path:
    """Put a model's files in the cache; returns the snapshot."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / REVISION
    for file in (each for each in content.rglob("*") if each.is_file()):
        blob = repository / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        link = snapshot / file.relative_to(content)
        for path in (blob, link):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, blob)
        up = "../" * (len(link.relative_to(repository).parts) - 1)
        link.symlink_to(f"{up}blobs/{blob.name}")
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(REVISION)
    return snapshot
