"""The training stages: from records to examples, through a method of ``train/``, to a model directory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from bylaw.canonical import seed_of
from bylaw.constitution.document import Constitution
from bylaw.errors import ModelError
from bylaw.feedback.judge_reward import JudgeReward
from bylaw.guard import Passed, Samples
from bylaw.lineage.left_out import OVER_LENGTH, SAMPLES, UNREADABLE
from bylaw.models.local import LocalModel, LocalSettings
from bylaw.parts import Models
from bylaw.recipe import Recipe
from bylaw.records import Comparison, Label, Prompt, Response, Revision
from bylaw.rewards.document import loads as reward_of
from bylaw.rewards.reward import ByRules
from bylaw.rollouts import Judged, Rollouts, plain
from bylaw.run import Run
from bylaw.run.local import public, shown
from bylaw.run.stage import Stage
from bylaw.settings import dumps
from bylaw.storage import write_records
from bylaw.train import orders
from bylaw.train.crew import the_crew
from bylaw.train.examples import PairExample, SFTExample
from bylaw.train.method import Progress, Report, TrainResult
from bylaw.train.preference import PreferenceModel
from bylaw.train.save import ModelCard, write_model
from bylaw.train.settings import TrainSettings

Weights = tuple[Any, Any]
"""A model and its tokenizer."""

Loop = tuple[TrainSettings, Path, Report]
"""What every ``train_…`` function takes after its data: settings, working directory, progress."""

S = TypeVar("S", bound=TrainSettings)
T = TypeVar("T")


def train_supervised(
    stage: Stage,
    out: Path,
    weights: Weights,
    recipe: Recipe,
    prompts: dict[str, Prompt],
    revisions: Sequence[Revision],
    helpful: Sequence[Response],
    passed: Passed,
) -> None:
    """Fine-tune on revisions and helpful samples, as far as they ``passed``, and write the model."""
    revisions, helpful = passed.of(revisions), passed.of(helpful)
    mixed = _evenly(helpful, round(len(revisions) * recipe.sft.helpful_ratio))
    examples = supervised_examples(recipe, prompts, revisions, mixed)
    loop = _seeded(recipe.sft, recipe), stage.working_file("training"), _progress(stage)
    result = orders.train("sft", weights, examples, *loop, temperature=recipe.sft.temperature)
    data = {"revisions": len(revisions), "helpful samples": len(mixed), "dropped": len(result.dropped)}
    done = Trained(result, "supervised fine-tuning on revisions", data, len(examples), passed.left_out)
    _write(stage, out, done, weights[1], recipe)


def supervised_examples(
    recipe: Recipe, prompts: Mapping[str, Prompt], revisions: Iterable[Revision], helpful: Iterable[Response]
) -> list[SFTExample]:
    """Revisions, then helpful samples, as what is fine-tuned on."""
    soft = recipe.sft.helpful_targets == "distribution"
    examples = [SFTExample(prompts[revision.prompt].messages, revision.text) for revision in revisions]
    return examples + [SFTExample(prompts[sample.prompt].messages, sample.text, soft=soft) for sample in helpful]


def _evenly(items: Sequence[T], wanted: int) -> list[T]:
    """Fewer items than wanted are taken over and over, more are thinned; of none there are none."""
    reach = max(wanted, len(items))
    return [items[number * reach // wanted % len(items)] for number in range(wanted)] if items else []


def pair_examples(
    pairs: Sequence[Comparison], labels: Sequence[Label], gold: Sequence[Comparison]
) -> list[PairExample]:
    """Labelled comparisons as training pairs, soft; gold ones as sure as gold is. Unreadable labels are left out.

    Raises ModelError if not a single label could be read.
    """
    by_id = {pair.id: pair for pair in pairs}
    read = [(by_id[label.comparison], label.p_first) for label in labels if label.p_first is not None]
    if labels and not read:
        raise ModelError(
            f"none of the {len(labels)} labels could be read: the judge names neither answer, or the questions do not "
            "fit its context. Name a better judge, or set a lower label.min_mass"
        )
    examples = [PairExample(pair.messages, pair.first, pair.second, p_first) for pair, p_first in read]
    known = [(pair, p_first) for pair in gold if (p_first := pair.soft_gold) is not None]
    return examples + [PairExample(pair.messages, pair.first, pair.second, p_first) for pair, p_first in known]


def train_preference_model(
    stage: Stage,
    out: Path,
    weights: Weights,
    recipe: Recipe,
    pairs: Sequence[Comparison],
    labels: Sequence[Label],
    gold: Sequence[Comparison],
    passed: Passed,
) -> None:
    """Train a preference model on soft labels, as far as their pairs ``passed``, and write it."""
    pairs, read, left = _of_passed(pairs, labels, passed)
    examples = pair_examples(pairs, read, passed.of(gold[: recipe.optimise.gold]))
    loop = _seeded(recipe.preference, recipe), stage.working_file("training"), _progress(stage)
    result = orders.train("preference", weights, examples, *loop)
    done = Trained(result, "preference model on soft labels", {"labels": len(read)}, len(examples), left)
    _write(stage, out, done, weights[1], recipe)


def _of_passed(
    pairs: Sequence[Comparison], labels: Sequence[Label], passed: Passed
) -> tuple[list[Comparison], list[Label], dict[str, int]]:
    """Pairs and labels that may be trained on, and how many labels were left out, by reason."""
    # A masked pair has another id; its label goes with it.
    kept = passed.kept
    read = [replace(one, comparison=kept[one.comparison].id) for one in labels if one.comparison in kept]
    unread = sum(one.p_first is None for one in read)
    return passed.of(pairs), read, {**passed.left_out, UNREADABLE: unread}


class Material(NamedTuple):
    """What a method of optimising may learn from; ``passed``: the pairs for DPO, the prompts for GRPO."""

    models: Models
    recipe: Recipe
    constitution: Constitution
    run: Run
    gold: Sequence[Comparison]
    passed: Passed


class Trained(NamedTuple):
    """A finished training, what its model card says of ``method`` and ``data``, and what it was given.

    ``left_out``: what was left out before ``examples`` were made, by reason.
    """

    result: TrainResult
    method: str
    data: dict[str, Any]
    examples: int
    left_out: Mapping[str, int] = {}


def optimise(stage: Stage, out: Path, material: Material) -> None:
    """Optimise the policy by the recipe's method and write the final model."""
    recipe = material.recipe
    policy = material.models.weights("sft")
    loop = _seeded(recipe.optimise, recipe), stage.working_file("training"), _progress(stage)
    done = METHODS[recipe.optimise.method](stage, material, policy, loop)
    _write(stage, out, done, policy[1], recipe)


def _by_dpo(stage: Stage, material: Material, policy: Weights, loop: Loop) -> Trained:
    settings, run = material.recipe.optimise, material.run
    gold = material.passed.of(material.gold[: settings.gold])
    pairs, labels, left = _of_passed(list(run.read(Comparison)), list(run.read(Label)), material.passed)
    examples = pair_examples(pairs, labels, gold)
    result = orders.train("dpo", policy, examples, *loop, dpo=settings.dpo)
    return Trained(result, "soft-label DPO", {"labels": len(examples)}, len(examples), left)


def _by_grpo(stage: Stage, material: Material, policy: Weights, loop: Loop) -> Trained:
    recipe, run = material.recipe, material.run
    prompts = material.passed.of(run.read(Prompt))
    Random(seed_of("grpo", recipe.seed)).shuffle(prompts)
    model, tokenizer = the_crew().placed(policy[0]), policy[1]
    sets, folder = material.models.evaluator.texts(), stage.working_file("samples")
    samples = Samples(run, stage.name, sets, recipe.leak, folder)
    policy_now = LocalModel("policy", model, tokenizer, LocalSettings(rows=recipe.rows))
    ids = {prompt.messages: prompt.id for prompt in prompts}
    rollouts = Rollouts(policy_now, _reward(stage, material, model.device), recipe, ids, samples)
    asked = [prompt.messages for prompt in prompts]
    grpo = recipe.optimise.grpo
    own = {"sample": rollouts.sample, "reward": rollouts.reward}
    result = orders.train("grpo", (model, tokenizer), asked, *loop, own=own, grpo=grpo)
    said, left = samples.report(result.updates)
    stage.add(*said, *samples.rewards(result.updates))
    stage.count(len(said), len(said) - left, **{SAMPLES: left})
    done = f"GRPO on a {recipe.optimise.reward} reward"
    return Trained(result, done, {"prompts": len(prompts)}, len(prompts), material.passed.left_out)


METHODS: Final[dict[str, Callable[[Stage, Material, Weights, Loop], Trained]]] = {"dpo": _by_dpo, "grpo": _by_grpo}
"""By the name that ``optimise.method`` takes."""


def _reward(stage: Stage, material: Material, device: Any) -> Judged:
    models, recipe = material.models, material.recipe
    if recipe.optimise.reward in ("judge", "rules"):
        judge = models.asked(stage, models.judge_name)
        if recipe.optimise.reward == "judge":
            return plain(JudgeReward(judge, material.constitution.principles, recipe.label, recipe.seed))
        aims = {prompt.messages: prompt.aim for prompt in material.passed.of(material.run.read(Prompt))}
        return ByRules(judge, reward_of(material.run.documents.reward), aims)
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    path = models.verified("preference")
    model = AutoModelForSequenceClassification.from_pretrained(path, use_safetensors=True).to(device)
    return plain(PreferenceModel(model, AutoTokenizer.from_pretrained(path)).rewards)


def _seeded(settings: S, recipe: Recipe) -> S:
    """The run's seed reaches the order of examples too."""
    return msgspec.structs.replace(settings, seed=settings.seed + recipe.seed)


def _progress(stage: Stage) -> Report:
    def report(now: Progress) -> None:
        stage.report(now.step, now.updates, now.seconds, now.tokens, now.resumed)

    return report


def _write(stage: Stage, out: Path, done: Trained, tokenizer: Any, recipe: Recipe) -> None:
    # The card says nothing that depends on how often the training was interrupted: the model keeps its digest.
    card = ModelCard(
        title=f"{stage.name} ({recipe.preset} preset)",
        base=shown(recipe.policy),
        method=done.method,
        data=done.data,
        settings={"recipe": public(dumps(recipe))},
        figures={"updates": done.result.updates},
    )
    stage.hashed(write_model(done.result.model, tokenizer, out, card))
    write_records(out / "training.jsonl", done.result.history)
    stage.note(trained_tokens=done.result.tokens)
    left, before = len(done.result.dropped), sum(done.left_out.values())
    stage.count(done.examples + before, done.examples - left, **{OVER_LENGTH: left}, **done.left_out)
