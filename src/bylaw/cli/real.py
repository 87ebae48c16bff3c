"""Parts of a run on real models: prompt files, a validated grader, human-labelled comparisons."""

import sys
from collections import Counter
from pathlib import Path

from bylaw.cli.names import constitution_of, given
from bylaw.errors import UsageError
from bylaw.evaluate.calibration import facts, joined, judge_figures
from bylaw.evaluate.evaluator import Evaluator
from bylaw.evaluate.gates import GATES
from bylaw.evaluate.graded import GraderEvaluator, GraderSettings, Subset
from bylaw.evaluate.grader import Grader
from bylaw.evaluate.own import Own
from bylaw.evaluate.trial import BOUNDS, demand
from bylaw.evaluate.validation import Agreement, validate_grader
from bylaw.feedback.label import label
from bylaw.feedback.sources import read_comparisons, read_prompts
from bylaw.models.base import Model
from bylaw.models.local import LocalSettings, open_model
from bylaw.models.remote import RemoteModel
from bylaw.parts import Parts
from bylaw.recipe import EvaluateSettings, Recipe
from bylaw.records import Prompt, PromptKind

Held = dict[Subset, list[Prompt]]


def real_parts(recipe: Recipe, remote: RemoteModel | None = None) -> Parts:
    """Read the files a recipe names and open and validate its grader: what takes longest comes last.

    A ``remote`` judge grades too, unless the recipe names another grader.
    """
    prompts = [
        *_prompts(recipe.prompts.harmful_file, "harmful", recipe.prompts.harmful),
        *_prompts(recipe.prompts.helpful_file, "helpful", recipe.prompts.helpful),
    ]
    gold_file = recipe.optimise.gold_file
    gold = read_comparisons(Path(gold_file), "helpful") if gold_file else []
    held_out = _held_out(recipe.evaluate, prompts)
    _check_gates(recipe, held_out)
    judge = recipe.judge or recipe.policy
    grader = recipe.evaluate.grader or judge
    models = given((recipe.policy, judge, grader), recipe.trusted_keys)
    asked = remote if remote and not recipe.evaluate.grader else None
    if recipe.trial.gold_file:
        on_trial(recipe, remote or open_model(models[judge].path, LocalSettings(rows=recipe.rows)))
    return Parts(
        policy=str(models[recipe.policy].path),
        judge=str(models[judge].path),
        prompts=prompts,
        evaluator=_evaluator(
            recipe, asked or open_model(models[grader].path, LocalSettings(rows=recipe.rows)), held_out
        ),
        gold=gold,
        digests={str(one.path): one.digest for one in models.values()},
    )


def on_trial(recipe: Recipe, judge: Model) -> None:
    """Let the judge label comparisons with gold verdicts. Raises ``ModelError`` where it passes a bound."""
    pairs = read_comparisons(Path(recipe.trial.gold_file))
    principles = constitution_of(recipe.constitution).principles
    made = judge.run([label(pair, principles, judge.name, recipe.label, recipe.seed) for pair in pairs])
    bounds = {name: getattr(recipe.trial, name) for name in (bound.setting for bound in BOUNDS)}
    own = Own(frozenset(recipe.trial.own or (judge.name,)))
    demand(judge_figures(joined(made, facts(pairs, own))), judge.name, **bounds)


def _prompts(file: str, aim: PromptKind, count: int, trained_on: list[Prompt] | None = None) -> list[Prompt]:
    """The first ``count`` prompts of a file; those that are trained on are left out and said."""
    if not file:
        return []
    left_out: Counter[str] = Counter()
    read = read_prompts(Path(file), aim, left_out)
    known = {prompt.messages for prompt in trained_on or ()}
    kept = [prompt for prompt in read if prompt.messages not in known]
    left_out["it is trained on"] += len(read) - len(kept)
    for reason, rows in left_out.most_common():
        if rows:
            print(f"{file}: {rows} rows left out: {reason}", file=sys.stderr)
    return kept[:count] if count else kept


def _held_out(settings: EvaluateSettings, trained_on: list[Prompt]) -> Held:
    files: dict[Subset, tuple[str, PromptKind]] = {
        "harmful": (settings.harmful_file, "harmful"),
        "helpful": (settings.helpful_file, "helpful"),
        "lookalike": (settings.lookalike_file, "helpful"),
    }
    found: Held = {}
    for subset, (file, aim) in files.items():
        if file not in ("", "windtunnel"):
            found[subset] = _prompts(file, aim, settings.prompts, trained_on)
            if not found[subset]:
                raise UsageError(f"evaluate.{subset}_file: all prompts of {file} are trained on; name others")
    return found


def _check_gates(recipe: Recipe, held_out: Held) -> None:
    """Say before the first step, not after a whole stage, that a gate will have nothing to read."""
    blind = [gate for gate in GATES if gate.subset not in held_out and gate.name not in recipe.gates.off]
    if blind:
        files = ", ".join(dict.fromkeys(f"evaluate.{gate.subset}_file" for gate in blind))
        raise UsageError(
            f"gates need held-out prompts: set {files}, or leave the gates out with "
            f"gates.off = {[*recipe.gates.off, *(gate.name for gate in blind)]}"
        )


def _evaluator(recipe: Recipe, grading: Model, held_out: Held) -> Evaluator:
    settings = recipe.evaluate
    grader = Grader(grading)
    sampling = GraderSettings(
        temperatures=settings.temperatures,
        max_tokens=settings.max_tokens,
        minimum_agreement=settings.minimum_agreement,
        unsafe_unvalidated=settings.unsafe_unvalidated,
    )
    return GraderEvaluator(grader, held_out, _agreement(grader, settings), sampling, recipe.seed)


def _agreement(grader: Grader, settings: EvaluateSettings) -> Agreement | None:
    if not (settings.gold_answers and settings.gold_requests):
        return None
    agreement = validate_grader(grader, Path(settings.gold_answers), Path(settings.gold_requests))
    print(agreement.table(), file=sys.stderr)
    return agreement
