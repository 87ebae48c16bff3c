"""Puts a run's parts together: files and real models, or the wind tunnel. Only the command line knows both."""

from pathlib import Path

from msgspec.structs import replace

from bylaw.cli.names import WORLD, constitution_of, given
from bylaw.constitution import Constitution
from bylaw.errors import ConstitutionError, UsageError
from bylaw.models.remote import RemoteModel, open_remote
from bylaw.parts import Parts
from bylaw.recipe import Recipe
from bylaw.rewards.document import RuleReward, load
from bylaw.run.documents import costs_of


def assemble(recipe: Recipe, run: Path | None = None) -> tuple[Constitution, Parts]:
    """Constitution and parts of a run; raises for a mixture of world and files that could not be measured.

    What a judge behind a server is paid is entered in the directory ``run``.
    """
    files = {
        "prompts.harmful_file": recipe.prompts.harmful_file,
        "prompts.helpful_file": recipe.prompts.helpful_file,
        "evaluate.harmful_file": recipe.evaluate.harmful_file,
    }
    world = [name for name, file in files.items() if file == WORLD]
    if world and len(world) < len(files):
        raise UsageError(
            f"prompts come either all from the wind tunnel or all from files, and {' and '.join(world)} "
            f"{'is' if len(world) == 1 else 'are'} the wind tunnel's: set {', '.join(files)} together"
        )
    remote = _remote(recipe, run)
    constitution, parts = _world(recipe) if world else _real(recipe, remote)
    parts = parts._replace(remote=remote)
    parts = parts._replace(reward=_reward(recipe, parts))
    if recipe.revise.rounds and not any(one.critique_request for one in constitution.principles):
        raise ConstitutionError("no principle has a critique_request, so nothing can be revised", recipe.constitution)
    return constitution, parts


def _remote(recipe: Recipe, run: Path | None) -> RemoteModel | None:
    """The judge behind a server, if the run has one."""
    if not recipe.models.judge.backend:
        return None
    if recipe.judge:
        raise UsageError("judge names a model here, and models.judge one behind a server: leave one of them out")
    return open_remote(recipe.models.judge, costs_of(run) if run else None)


def _reward(recipe: Recipe, parts: Parts) -> RuleReward | None:
    """The rule-based reward, if the run has one. Raises ``UsageError`` for one that does not fit the run."""
    optimise = recipe.optimise
    if (optimise.method, optimise.reward) != ("grpo", "rules"):
        return None
    if not optimise.reward_file:
        raise UsageError("optimise.reward_file says which rule-based reward, and is empty; bylaw reward fit makes one")
    reward = load(Path(optimise.reward_file))
    if reward.fitted is None or not reward.weights:
        raise UsageError(f"{optimise.reward_file} has no fitted weights: make it with bylaw reward fit")
    judge = parts.remote.settings.digest if parts.remote else parts.digests.get(parts.judge)
    if reward.fitted.judge_digest != judge:
        raise UsageError(
            f"{optimise.reward_file} was fitted to grades of another judge, {reward.fitted.judge}: its weights say "
            "nothing of this one's. Fit it anew with the judge of the run"
        )
    if lacking := sorted({prompt.aim for prompt in parts.prompts} - reward.weights.keys()):
        raise UsageError(
            f"{optimise.reward_file} has no weights for {lacking[0]} prompts, and the run has such: rank answers to "
            "them too, or leave those prompts out"
        )
    return replace(reward, rankings=())


def _world(recipe: Recipe) -> tuple[Constitution, Parts]:
    from bylaw.windtunnel.parts import check_constitution, world_parts

    for name in ("helpful_file", "lookalike_file"):
        if getattr(recipe.evaluate, name) != WORLD:
            raise UsageError(f"evaluate.{name} names a file, but the other prompts are the wind tunnel's")
    constitution = constitution_of(recipe.constitution)
    check_constitution(constitution)
    parts = world_parts(recipe)
    looked_at = given((parts.policy, parts.judge), recipe.trusted_keys)
    policy, judge = looked_at[parts.policy], looked_at[parts.judge]
    digests = {str(one.path): one.digest for one in looked_at.values()}
    return constitution, parts._replace(policy=str(policy.path), judge=str(judge.path), digests=digests)


def _real(recipe: Recipe, remote: RemoteModel | None) -> tuple[Constitution, Parts]:
    from bylaw.cli.real import real_parts

    named = {
        "policy": recipe.policy,
        "judge": recipe.judge,
        "evaluate.grader": recipe.evaluate.grader,
        "constitution": recipe.constitution,
    }
    for name, value in named.items():
        if value == WORLD:
            what = "a constitution's file, or default" if name == "constitution" else "a model directory or hub id"
            raise UsageError(f"prompts come from files, and {name} is the wind tunnel's: set {name} to {what}")
    return constitution_of(recipe.constitution), real_parts(recipe, remote)
