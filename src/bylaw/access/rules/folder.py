"""A folder of rules, seen whole: every document in it, or an error. Nothing in it is passed over, linked or nested."""

from pathlib import Path

from bylaw.access.rules.approval import SUFFIX
from bylaw.errors import SettingsError, VerificationError


def documents(folder: Path) -> list[Path]:
    """The documents of a folder, by name. Raises ``SettingsError`` for what does not belong there, and
    ``VerificationError`` for signatures without their document."""
    files = _files(folder)
    for path in files:
        if path.name.endswith(SUFFIX) and path.with_name(path.name.removesuffix(SUFFIX)) not in files:
            raise VerificationError("approval", f"{path.name} lies there without the document that was signed")
    return [path for path in files if path.suffix == ".toml"]


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
