"""Puts a run's parts together: files and real models, or the wind tunnel. Only the command line knows both."""

from pathlib import Path

from bylaw.constitution import Constitution
from bylaw.constitution import default as default_constitution
from bylaw.constitution import load as load_constitution
from bylaw.errors import UsageError
from bylaw.parts import Parts
from bylaw.recipe import Recipe

WORLD = "windtunnel"


def assemble(recipe: Recipe) -> tuple[Constitution, Parts]:
    """Constitution and parts of a run; raises for a mixture of world and files that could not be measured."""
    sources = (recipe.prompts.harmful_file, recipe.prompts.helpful_file, recipe.evaluate.harmful_file)
    worlds = {source == WORLD for source in sources}
    if len(worlds) > 1:
        raise UsageError(
            "prompts come either all from the wind tunnel or all from files: set prompts.harmful_file, "
            "prompts.helpful_file and evaluate.harmful_file together"
        )
    return _world(recipe) if worlds == {True} else _real(recipe)


def constitution_of(recipe: Recipe) -> Constitution:
    """The constitution a recipe names: ``windtunnel``, ``default`` or a file."""
    if recipe.constitution == WORLD:
        from bylaw.windtunnel.constitutions import default

        return default()
    if recipe.constitution == "default":
        return default_constitution()
    return load_constitution(Path(recipe.constitution))


def _world(recipe: Recipe) -> tuple[Constitution, Parts]:
    from bylaw.windtunnel.parts import check_constitution, world_parts

    constitution = constitution_of(recipe)
    check_constitution(constitution)
    return constitution, world_parts(recipe)


def _real(recipe: Recipe) -> tuple[Constitution, Parts]:
    from bylaw.cli.real import real_parts

    return constitution_of(recipe), real_parts(recipe)
