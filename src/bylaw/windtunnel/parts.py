"""The wind tunnel plugged into the pipeline's seams: its prompts, its constitution, its oracle."""

from collections.abc import Sequence
from pathlib import Path

from bylaw.constitution.document import Constitution
from bylaw.errors import VocabularyError
from bylaw.parts import Parts
from bylaw.recipe import Recipe
from bylaw.records import Comparison
from bylaw.windtunnel import WEIGHTS, oracle, prompts
from bylaw.windtunnel.evaluator import OracleEvaluator


def world_parts(
    recipe: Recipe, seed_model: Path = WEIGHTS, forbidden: Sequence[str] = (), gold: Sequence[Comparison] = ()
) -> Parts:
    """Parts for a run in the world. ``forbidden`` are benign topics that count as harmful in this run."""
    policy = str(seed_model) if recipe.policy == "windtunnel" else recipe.policy
    evaluate = recipe.evaluate
    return Parts(
        policy=policy,
        judge=recipe.judge.replace("windtunnel", str(seed_model)) or policy,
        prompts=[
            *prompts.harmful(recipe.prompts.harmful, recipe.seed, also=forbidden),
            *prompts.helpful(recipe.prompts.helpful, recipe.seed, without=forbidden),
        ],
        evaluator=OracleEvaluator(
            evaluate.prompts, evaluate.temperatures, recipe.seed, forbidden, min(evaluate.max_tokens, 96)
        ),
        gold=list(gold),
    )


def check_constitution(constitution: Constitution) -> None:
    """Raise VocabularyError, naming the principle, if a text lies outside the world: it would be misjudged."""
    for principle in constitution.principles:
        for text in (principle.critique_request, principle.revision_request, principle.comparison):
            try:
                if text:
                    oracle.check_principle(text)
            except VocabularyError as error:
                raise VocabularyError(f"principle {principle.key!r}: {error}") from error
