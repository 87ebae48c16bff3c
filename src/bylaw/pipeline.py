"""The main path: from a constitution to a trained, measured model (arXiv 2212.08073; docs/method.md has the sections).

    respond → (critique → revise) × N → SFT → compare → label → [preference model] → optimise, measured after each model

Every stage reads what the stages before it filed in the run directory, and files its own; a finished stage is not done
again. Which world the run lives in (real models and files, or the wind tunnel) is decided by the ``Parts`` handed in.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from bylaw.canonical import digest
from bylaw.constitution.document import Constitution, loads
from bylaw.errors import UsageError
from bylaw.evaluate.gates import check, stop_if_failed
from bylaw.feedback.compare import compare
from bylaw.feedback.label import label
from bylaw.feedback.respond import respond
from bylaw.feedback.revise import revise
from bylaw.feedback.templates import template_digest
from bylaw.guard import Passed, look_through
from bylaw.leak.screen import Row
from bylaw.lineage.left_out import TOO_LONG
from bylaw.models.base import Program
from bylaw.parts import Models, Parts
from bylaw.recipe import Recipe
from bylaw.records import Comparison, Critique, Label, Measurement, Prompt, Record, Response, Revision
from bylaw.run import Run
from bylaw.run.stage import Stage
from bylaw.training import Material, optimise, train_preference_model, train_supervised

SEED, SFT, PREFERENCE, FINAL = "seed", "sft", "preference", "final"


def train(run: Run, recipe: Recipe, constitution: Constitution, parts: Parts) -> list[Measurement]:
    """Run, or go on with, the whole method; returns all measurements.

    Raises GateStopped when a measurement passes its bound, after it has been filed; the last good model is named.
    """
    if loads(run.constitution_text).digest != constitution.digest:
        raise UsageError(f"{run.path} trains to another constitution than the one handed in")
    models = Models(run, recipe, parts)
    with run.lock(), proving(run):
        models.require_same()
        gather(run, recipe, parts)
        measure(run, recipe, models, SEED)

        first_answers(run, recipe, models)
        revisions(run, recipe, models, constitution)
        supervise(run, recipe, models)
        measure(run, recipe, models, SFT)

        comparisons(run, recipe, models)
        labels(run, recipe, models, constitution)
        if recipe.optimise.method == "grpo" and recipe.optimise.reward == "preference":
            preference_model(run, recipe, models, parts)
        policy_optimisation(run, recipe, models, constitution, parts)
        measure(run, recipe, models, FINAL)
    return run.measurements()


@contextmanager
def proving(run: Run) -> Iterator[None]:
    """Prove what was made, however it ends: a run that a gate stops stands in the ledger like any other."""
    try:
        yield
    finally:
        run.prove()


def gather(run: Run, recipe: Recipe, parts: Parts) -> None:
    """File the prompts the run trains on."""
    if not run.finished("prompts"):
        with run.stage("prompts", {"prompts": digest([prompt.id for prompt in parts.prompts])}, recipe.seed) as stage:
            stage.add(*parts.prompts)
            stage.count(len(parts.prompts), len(parts.prompts))


def measure(run: Run, recipe: Recipe, models: Models, called: str) -> None:
    """Measure a model on held-out prompts, then hold it against the seed: the gates."""
    name = f"evaluate-{called}"
    if not run.finished(name):
        inputs = {**models.read("model", called), "held-out": digest(models.evaluator.texts())}
        with run.stage(name, inputs, recipe.seed, how(evaluate=recipe.evaluate)) as stage:
            began = time.perf_counter()
            stage.report(0, 1, 0.0)
            models.charge(stage)
            measured = models.evaluator.measure(models.open(called), called)
            stage.add(*measured.samples, *measured.measurements)
            stage.count(len(measured.samples), len(measured.samples))
            models.note_usage(stage, called)
            stage.report(1, 1, time.perf_counter() - began, stage.figures["generated_tokens"])
    if called != SEED:
        before, after = ([m for m in run.measurements() if m.model == which] for which in (SEED, called))
        last_good = {SFT: SEED, FINAL: SFT}[called]
        stop_if_failed(check(before, after, recipe.gates, called), str(models.path(last_good)))


def first_answers(run: Run, recipe: Recipe, models: Models) -> None:
    """Answers of the model as it is, to harmful and to helpful prompts (§3.1)."""
    if run.finished("respond"):
        return
    inputs = {"prompts": run.digest("prompts"), **models.read("model", SEED)}
    with run.stage("respond", inputs, recipe.seed, how(respond=recipe.respond)) as stage:

        def make(prompts: list[Prompt]) -> list[Program[Response | None]]:
            return [
                respond(prompt, SEED, recipe.respond, recipe.seed, sample)
                for prompt in prompts
                for sample in range(recipe.respond.helpful_samples if prompt.aim == "helpful" else 1)
            ]

        prompts = list(run.read(Prompt))
        models.chunked(stage, SEED, prompts, recipe.chunk, make, lambda _, made: _kept(stage, made))


def revisions(run: Run, recipe: Recipe, models: Models, constitution: Constitution) -> None:
    """Critique and revise the answers to harmful prompts, round after round (§3.1)."""
    if run.finished("revise"):
        return
    prompts = {prompt.id: prompt for prompt in run.read(Prompt) if prompt.aim == "harmful"}
    answers = [answer for answer in run.read(Response, stage="respond") if answer.prompt in prompts]
    inputs = {
        "respond": run.digest("respond"),
        "constitution": run.document_digest("constitution.toml"),
        **models.read("model", SEED),
    }
    with run.stage("revise", inputs, recipe.seed, how(revise=recipe.revise)) as stage:

        def make(chunk: list[Response]) -> list[Program[list[Critique | Revision]]]:
            return [
                revise(prompts[answer.prompt], answer, constitution.principles, recipe.revise, recipe.seed)
                for answer in chunk
            ]

        def filed(_: list[Response], rows: list[list[Critique | Revision]]) -> Sequence[Record]:
            each = recipe.revise.rounds * (1 if recipe.revise.direct else 2)
            _count(stage, (len(row) == each for row in rows))
            return [record for row in rows for record in row]

        models.chunked(stage, SEED, answers, recipe.chunk, make, filed)


def supervise(run: Run, recipe: Recipe, models: Models) -> None:
    """Fine-tune on the revisions of all rounds and on helpful samples (§3.1, SL-CAI)."""
    if run.finished(SFT):
        return
    prompts = {prompt.id: prompt for prompt in run.read(Prompt)}
    answers = list(run.read(Response, stage="respond"))
    helpful = [answer for answer in answers if prompts[answer.prompt].aim == "helpful"]
    inputs = {"revise": run.digest("revise"), "respond": run.digest("respond"), **models.read("model", SEED)}
    revised = list(run.read(Revision))
    asked = how(sft=recipe.sft, leak=recipe.leak)
    with run.stage(SFT, inputs, recipe.seed, asked) as stage, stage.writing_model(SFT) as out:
        rows = [Row("revise", one) for one in revised]
        rows += [Row("respond", one, learned=prompts[one.prompt].aim == "helpful") for one in answers]
        passed = look_through(run, SFT, rows, models.evaluator.texts(), recipe.leak)
        train_supervised(stage, out, models.weights(SEED), recipe, prompts, revised, helpful, passed)


def comparisons(run: Run, recipe: Recipe, models: Models) -> None:
    """Sample pairs of answers from the supervised model (§4.1)."""
    if run.finished("compare"):
        return
    inputs = {"prompts": run.digest("prompts"), **models.read("model", SFT)}
    with run.stage("compare", inputs, recipe.seed, how(compare=recipe.compare)) as stage:

        def make(prompts: list[Prompt]) -> list[Program[list[Record]]]:
            return [compare(prompt, SFT, recipe.compare, recipe.seed) for prompt in prompts]

        def filed(_: list[Prompt], rows: list[list[Record]]) -> Sequence[Record]:
            _count(stage, (bool(row) for row in rows))
            return [record for row in rows for record in row]

        models.chunked(stage, SFT, list(run.read(Prompt)), recipe.chunk, make, filed)


def labels(run: Run, recipe: Recipe, models: Models, constitution: Constitution) -> None:
    """Let the judge say which answer keeps to the constitution better (§4.1)."""
    if run.finished("label"):
        return
    inputs = {
        "compare": run.digest("compare"),
        "constitution": run.document_digest("constitution.toml"),
        **models.read("judge", models.judge_name),
    }
    asked = how(label=recipe.label, template=template_digest(recipe.label.template))
    with run.stage("label", inputs, recipe.seed, asked) as stage:
        judge = models.judge_name

        def make(pairs: list[Comparison]) -> list[Program[Label]]:
            return [label(pair, constitution.principles, judge, recipe.label, recipe.seed) for pair in pairs]

        def filed(pairs: list[Comparison], made: list[Label]) -> Sequence[Record]:
            stage.count(len(pairs), len(made))
            return made

        models.chunked(stage, judge, list(run.read(Comparison)), recipe.chunk, make, filed)


def preference_model(run: Run, recipe: Recipe, models: Models, parts: Parts) -> None:
    """Train a preference model on the soft labels (§4.1)."""
    if run.finished(PREFERENCE):
        return
    inputs = {"label": run.digest("label"), **models.read("model", SFT)}
    if recipe.optimise.gold:
        inputs["gold"] = gold_digest(recipe, parts)
    asked = how(preference=recipe.preference, leak=recipe.leak)
    with run.stage(PREFERENCE, inputs, recipe.seed, asked) as stage, stage.writing_model(PREFERENCE) as out:
        pairs, read = list(run.read(Comparison)), list(run.read(Label))
        passed = pairs_passed(run, PREFERENCE, recipe, models, parts)
        train_preference_model(stage, out, models.weights(SFT), recipe, pairs, read, parts.gold, passed)


def policy_optimisation(run: Run, recipe: Recipe, models: Models, constitution: Constitution, parts: Parts) -> None:
    """Optimise the policy towards what the labels, or a reward made from them, prefer (§4.1, RL-CAI)."""
    if run.finished("optimise"):
        return
    inputs, reward = {"label": run.digest("label"), **models.read("model", SFT)}, recipe.optimise.reward
    if run.finished(PREFERENCE):
        inputs[PREFERENCE] = run.digest(PREFERENCE)
    if recipe.optimise.gold:
        inputs["gold"] = gold_digest(recipe, parts)
    if recipe.optimise.method == "grpo" and (text := {"judge": "constitution", "rules": "reward"}.get(reward)):
        inputs |= {text: run.document_digest(f"{text}.toml"), **models.read("judge", models.judge_name)}
    asked = how(optimise=recipe.optimise, leak=recipe.leak)
    with run.stage("optimise", inputs, recipe.seed, asked) as stage, stage.writing_model(FINAL) as out:
        looked_through = {"dpo": pairs_passed, "grpo": prompts_passed}[recipe.optimise.method]
        passed = looked_through(run, FINAL, recipe, models, parts)
        optimise(stage, out, Material(models, recipe, constitution, run, parts.gold, passed))


def gold_digest(recipe: Recipe, parts: Parts) -> str:
    """Which human-labelled comparisons are mixed in."""
    return digest([pair.id for pair in parts.gold[: recipe.optimise.gold]])


def pairs_passed(run: Run, stage: str, recipe: Recipe, models: Models, parts: Parts) -> Passed:
    """The comparisons that may be trained on, human-labelled ones with them."""
    gold = parts.gold[: recipe.optimise.gold]
    rows = [*(Row("compare", pair) for pair in run.read(Comparison)), *(Row("gold", pair) for pair in gold)]
    return look_through(run, stage, rows, models.evaluator.texts(), recipe.leak)


def prompts_passed(run: Run, stage: str, recipe: Recipe, models: Models, parts: Parts) -> Passed:
    """The prompts that may be trained on; what is sampled for them is looked through when it is there."""
    rows = [Row("prompts", prompt) for prompt in run.read(Prompt)]
    return look_through(run, stage, rows, models.evaluator.texts(), recipe.leak)


def how(**parameters: Any) -> dict[str, Any]:
    """What a stage's statement says of how it was made: settings tables and digests, as JSON's types."""
    said: dict[str, Any] = msgspec.to_builtins(parameters)
    return said


def _kept(stage: Stage, made: Sequence[Record | None]) -> list[Record]:
    """Records without the conversations that were too long for the model: those are counted, never cut."""
    _count(stage, (record is not None for record in made))
    return [record for record in made if record is not None]


def _count(stage: Stage, whole: Iterable[bool]) -> None:
    fitted = list(whole)
    stage.count(len(fitted), sum(fitted), **{TOO_LONG: len(fitted) - sum(fitted)})
