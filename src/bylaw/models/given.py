"""Models from outside: found by name, bound by their content, and held against their signature before they are loaded.

A hub id stands for its snapshot in the hub's cache on this machine (downloaded if it is not there; of the revision
``main``: name the snapshot's directory to stay with another). Only what is loaded is fetched, and all of it where the
model is signed, for a signature is over all files. ``model.sig`` is an OpenSSF Model Signing bundle (``lineage.oms``).
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bylaw.errors import MissingExtra, ModelError, VerificationError
from bylaw.lineage.oms import resources, verify_files
from bylaw.lineage.tree import SIGNATURE, digest_of, snapshot_of, tree_files
from bylaw.signing import PublicKey

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_LOADED = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model", "*.tiktoken", SIGNATURE]
_OTHER_FORMS = ["consolidated*", "original/*"]
"""The same weights once more, as some publish them: nothing here reads them."""


class Given(NamedTuple):
    """A model that was looked at: its directory, the name it goes by, and its *dirHash*.

    ``unchecked`` says what a person should know that was not checked; "" where there is nothing to say.
    """

    path: Path
    name: str
    digest: str
    unchecked: str


def receive(name: str | Path, trusted: Sequence[PublicKey] = ()) -> Given:
    """Find a model and check its signature, if it has one; with ``trusted`` keys it must, from one of them.

    Without keys, a signature still says which files there were. Raises ``ModelError`` for what is no model, and
    ``VerificationError`` naming what differs from what was signed, or lacks a signature.
    """
    path = locate(name)
    files = tree_files(path)
    signature = path / SIGNATURE
    if signature.is_file():
        # Files of git are left out by the signature's format, and loaded by nobody; the digest binds them too.
        verify_files(path, files, resources(signature.read_bytes(), trusted or None), allow_git=True)
    elif trusted:
        raise VerificationError("model signature", f"there is no {signature}, and only models that are signed are used")
    signed = "its files are those that were signed; by whom was not checked: name the keys that you trust"
    return Given(path, name_of(path), digest_of(files), signed if signature.is_file() and not trusted else "")


def locate(name: str | Path) -> Path:
    """The directory of a model: as named, or the snapshot of a hub id. Raises ``ModelError``."""
    directory = Path(name)
    if directory.is_dir():
        return directory
    if directory.exists():
        raise ModelError(f"{name} is a file; name the directory that holds config.json and the weights")
    if isinstance(name, str) and _HUB_ID.fullmatch(name):
        return _snapshot(name)
    raise ModelError(f"there is no model directory {name}")


def name_of(directory: Path) -> str:
    """What a model is called: the directory's name; of a snapshot, the hub id."""
    repository = snapshot_of(directory)
    return repository.name.removeprefix("models--").replace("--", "/") if repository else directory.name


def _snapshot(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtra("huggingface_hub", "train") from error
    try:
        found = Path(snapshot_download(name, allow_patterns=_LOADED, ignore_patterns=_OTHER_FORMS))
        return Path(snapshot_download(name)) if (found / SIGNATURE).is_file() else found
    except (OSError, ValueError) as error:
        raise ModelError(f"{name} is no directory here, and cannot be had from the hub: {error}") from error
