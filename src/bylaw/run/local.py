"""What settings say of this machine: where a model or a file lies here, which is nobody else's business.

A *place* is a text that leads to a file or directory here. ``run.toml`` and the statements hold its last name alone (a
statement adds the digest of what lies there); the settings as they were given stay beside them in ``local.toml``, which
is never handed out. Texts without a directory, and hub ids, are no places.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bylaw.errors import RunError
from bylaw.lineage.tree import file_digest, tree_digest
from bylaw.toml import parsed

_SHORTEST = 3
"""Parts of an absolute path that is taken for one though nothing lies there: ``/home/somebody``."""


def is_place(text: str) -> bool:
    """Whether a text leads to something on this machine."""
    path = Path(text)
    if "\n" in text or len(path.parts) < 2:
        return False
    return text.startswith("~/") or os.path.exists(text) or (path.is_absolute() and len(path.parts) >= _SHORTEST)


def bare(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement says of parameters: of a place, the last name and the digest of what lies there."""
    said: dict[str, Any] = _replaced(dict(parameters), _named)
    return said


def public(text: str) -> str:
    """Settings (TOML) with the last name of each place instead of the place. Raises ``RunError`` if that cannot be."""
    said = parsed(text, "settings")
    expected = _replaced(said, _last)
    for place in _places(said):
        text = text.replace(_string(place), _string(_last(place)))
    if parsed(text, "settings") != expected:
        raise RunError("write paths in settings between double quotes: their directories are kept out of what is shown")
    return text


def shown(text: str) -> str:
    """A text, or the last name of the place it leads to."""
    return _last(text) if is_place(text) else text


def agree(shown: str, local: str) -> bool:
    """Whether settings as given are those that are shown, but for the directories of places.

    Raises ``SettingsError`` for what is no TOML.
    """
    return _same(parsed(shown, "run.toml"), parsed(local, "local.toml"))


def _same(shown: Any, local: Any) -> bool:
    if isinstance(shown, dict) and isinstance(local, dict):
        return shown.keys() == local.keys() and all(_same(shown[key], local[key]) for key in shown)
    if isinstance(shown, list) and isinstance(local, list):
        return len(shown) == len(local) and all(map(_same, shown, local))
    return type(shown) is type(local) and (shown == local or (isinstance(local, str) and shown == _last(local)))


def _places(value: Any) -> list[str]:
    found: list[str] = []
    _replaced(value, found.append)
    return found


def _replaced(value: Any, by: Callable[[str], Any]) -> Any:
    """A value of JSON's types with something else in each place."""
    if isinstance(value, Mapping):
        return {key: _replaced(each, by) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(each, by) for each in value]
    return by(value) if isinstance(value, str) and is_place(value) else value


def _last(place: str) -> str:
    return Path(place).name


def _named(place: str) -> dict[str, str]:
    path = Path(place).expanduser()
    if path.is_dir():
        return {"name": path.name, "dirHash": tree_digest(path)}
    return {"name": path.name} | ({"sha256": file_digest(path)} if path.is_file() else {})


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
