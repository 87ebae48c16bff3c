"""Which code ran, and on what: this package by the digest of its files, the libraries that compute by version."""

import functools
import platform
from importlib import metadata
from pathlib import Path

from bylaw import __version__
from bylaw.lineage.tree import digest_of, file_digest

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "peft", "numpy", "msgspec", "cryptography")


@functools.cache
def code_digest() -> str:
    """*dirHash* over the package's own source files (``*.py``), as installed."""
    root = Path(__file__).parents[1]
    files = {path.relative_to(root).as_posix(): file_digest(path) for path in root.rglob("*.py")}
    return digest_of(files)


@functools.cache
def versions() -> dict[str, str]:
    """bylaw, Python and the libraries that are installed, by version."""
    found = {"bylaw": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str]:
    """Operating system and kind of processor: what the last digits of a sum may depend on."""
    return {"system": platform.system(), "processor": platform.machine()}
