"""A folder of rules, read whole: every document in it, or an error. Nothing in it is passed over, linked or nested."""

from datetime import datetime
from pathlib import Path

from bylaw.access.rules.approval import SUFFIX, Approvers, approved
from bylaw.access.rules.document import Document, read
from bylaw.errors import SettingsError, VerificationError


def load_signed(folder: Path, approvers: Approvers, at: datetime) -> tuple[Document, ...]:
    """The documents of a folder, each signed by two approvers. Raises ``VerificationError``, ``SettingsError``."""
    files = _files(folder)
    for path in files:
        if path.name.endswith(SUFFIX) and path.with_name(path.name.removesuffix(SUFFIX)) not in files:
            raise VerificationError("approval", f"{path.name} lies there without the document that was signed")
    return tuple(approved(path, approvers, at) for path in files if path.suffix == ".toml")


def load_drafts(folder: Path) -> tuple[Document, ...]:
    """The documents of a folder, signed or not: to check them, never to decide by them."""
    return tuple(read(path) for path in _files(folder) if path.suffix == ".toml")


def _files(folder: Path) -> list[Path]:
    """Documents and envelopes, by name. What is hidden is being written by somebody."""
    if not folder.is_dir():
        raise SettingsError("is no folder of rules", str(folder))
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in files:
        if path.is_symlink() or not path.is_file():
            raise SettingsError("is no plain file; a folder of rules holds nothing else", str(path))
        if not path.name.endswith((".toml", f".toml{SUFFIX}")):
            raise SettingsError(f"is neither a document (.toml) nor its signatures (.toml{SUFFIX})", str(path))
    return files
