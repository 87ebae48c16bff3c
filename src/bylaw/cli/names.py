"""What a name on the command line stands for; ``windtunnel`` is the world that ships. Nothing here loads torch."""

from pathlib import Path

from bylaw.constitution import Constitution, default, load

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
