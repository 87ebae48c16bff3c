"""What a name on the command line stands for; ``windtunnel`` is the world that ships. Nothing here loads torch."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bylaw.constitution import Constitution, default, load
from bylaw.models.given import Given, receive
from bylaw.signing import PublicKey

WORLD = "windtunnel"


def constitution_of(name: str) -> Constitution:
    """The constitution of a name: ``windtunnel``, ``default`` or a file."""
    if name == WORLD:
        from bylaw.windtunnel.constitutions import default as default_of_world

        return default_of_world()
    return default() if name == "default" else load(Path(name))


def model_of(name: str) -> str:
    """The model directory or hub id of a name: ``windtunnel`` is the seed model that ships."""
    if name != WORLD:
        return name
    from bylaw.windtunnel import WEIGHTS

    return str(WEIGHTS)


def given(names: Iterable[str], trusted: Sequence[str]) -> dict[str, Given]:
    """The models of some names, each looked at once, before any is loaded; ``trusted`` are files of public keys.

    Says on stderr what was not checked.
    """
    keys = [PublicKey.load(Path(key)) for key in trusted]
    found = {name: receive(model_of(name), keys) for name in dict.fromkeys(names)}
    for name, one in found.items():
        if one.unchecked:
            print(f"{name}: {one.unchecked}", file=sys.stderr)
    return found
