"""A recipe's stages on N GPUs: tokens, rate, hours, and what each GPU needs.

Tokens follow from the recipe and from how long texts are (``Lengths``); rates from ``rates``. What shares the work, and
how well, is said line by line: chunks are independent, so generation and labels go N times as fast; sharded training
waits for its weights; GRPO samples on the first GPU alone.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bylaw.errors import UsageError
from bylaw.recipe import Recipe
from bylaw.rewards.document import load
from bylaw.scale import memory
from bylaw.scale.rates import Rate, Work
from bylaw.scale.shapes import Shape

EFFICIENCY: dict[Work, float] = {"generate": 0.95, "label": 0.95, "train": 0.85}
"""What is left of N times as fast, on more than one GPU. Not measured here."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Mean tokens of a text: those of hh-rlhf's harmless test set for prompts, assumed for the rest."""

    prompt: int = 113
    answer: int = 128
    request: int = 40
    principle: int = 36
    overhead: int = 30
    few_shots: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One stage's work of one kind."""

    stage: str
    work: Work
    rows: int
    tokens: float
    rate: Rate
    gpus: int

    @property
    def hours(self) -> float:
        """Of the clock."""
        shared = self.gpus * (EFFICIENCY[self.work] if self.gpus > 1 else 1.0)
        return self.tokens / self.rate.tokens / shared / 3600


class Plan(msgspec.Struct, frozen=True):
    """The whole run on ``gpus`` GPUs."""

    gpus: int
    steps: tuple[Step, ...]
    needs: tuple[memory.Need, ...]

    @property
    def hours(self) -> float:
        """Of the clock, stage after stage."""
        return sum(step.hours for step in self.steps)


def plan(recipe: Recipe, shape: Shape, rates: dict[Work, Rate], gpus: int, lengths: Lengths) -> Plan:
    """Plan a run. Raises ``UsageError`` where a recipe does not say how many prompts there are."""
    harmful, helpful = (_count(recipe, aim) for aim in ("harmful", "helpful"))
    steps = [
        Step(
            stage=stage,
            work=work,
            rows=rows,
            tokens=float(rows * each),
            rate=rates[work],
            gpus=1 if stage.endswith("(sampling)") else gpus,
        )
        for stage, work, rows, each in _work(recipe, harmful, helpful, lengths)
        if rows
    ]
    return Plan(gpus, tuple(steps), _needs(recipe, shape, gpus, lengths))


def _work(recipe: Recipe, harmful: int, helpful: int, size: Lengths) -> Iterator[tuple[str, Work, int, float]]:
    """(stage, kind of work, rows, tokens a row). Generation counts what it puts out; prompts are cached prefixes."""
    prompts = harmful + helpful
    samples = helpful * recipe.respond.helpful_samples
    yield "respond", "generate", harmful + samples, size.answer
    each = recipe.revise.rounds * (1 if recipe.revise.direct else 2)
    yield "revise", "generate", harmful * each, size.answer
    revised = harmful * recipe.revise.rounds
    learned = revised + round(revised * recipe.sft.helpful_ratio)
    yield "sft", "train", recipe.sft.epochs * learned, size.prompt + size.answer
    pairs = prompts * recipe.compare.pairs
    yield "compare", "generate", 2 * pairs, size.answer
    yield "label", "label", pairs, judged(recipe, size)
    pair = size.prompt + 2 * size.answer
    if recipe.optimise.method == "dpo":
        # A third more than training: the reference's log-probabilities are one forward pass.
        yield "optimise", "train", recipe.optimise.epochs * pairs, pair + pair / (3 * recipe.optimise.epochs)
        return
    if recipe.optimise.reward == "preference":
        yield "preference", "train", recipe.preference.epochs * pairs, pair
    group = recipe.optimise.epochs * prompts * recipe.optimise.grpo.group
    yield "optimise (sampling)", "generate", group, size.answer
    scored = {"preference": size.answer, "judge": judged(recipe, size), "rules": graded(recipe, size)}
    yield "optimise (rewards) (sampling)", "label", group, scored[recipe.optimise.reward]
    shared = size.prompt / recipe.optimise.grpo.group + size.answer
    yield "optimise", "train", group, shared * (4 / 3 if recipe.optimise.grpo.kl else 1)


def judged(recipe: Recipe, size: Lengths, principles: int = 16) -> float:
    """Tokens computed for one label: what its questions share is computed once."""
    said = recipe.label
    orders = 2 if said.both_orders else 1
    asked = principles if said.scheme == "ensemble" else 1
    pair = size.prompt + 2 * size.answer
    if said.template == "principle_last":
        return orders * (pair + asked * (size.principle + size.overhead))
    return size.prompt + orders * asked * (2 * size.answer + size.principle + size.overhead)


def graded(recipe: Recipe, size: Lengths, propositions: int = 10) -> float:
    """Tokens computed for the grades of one answer: of as many propositions as the run's reward has."""
    file = Path(recipe.optimise.reward_file)
    count = len(load(file).propositions) if file.is_file() else propositions
    return size.prompt + size.answer + count * (size.principle + size.overhead)


def _count(recipe: Recipe, aim: str) -> int:
    count, file = getattr(recipe.prompts, aim), getattr(recipe.prompts, f"{aim}_file")
    if count or not file:
        return int(count if file else 0)
    if not Path(file).is_file():
        raise UsageError(f"prompts.{aim} = 0 takes all of {file}, which is not there: set prompts.{aim} to plan with")
    from bylaw.feedback.sources import rows

    return sum(1 for _ in rows(Path(file)))


def _needs(recipe: Recipe, shape: Shape, gpus: int, lengths: Lengths) -> tuple[memory.Need, ...]:
    context = lengths.prompt + recipe.revise.max_tokens * (1 + 2 * recipe.revise.rounds)
    method = recipe.optimise.method
    return (
        memory.generating(shape, recipe.rows, context),
        memory.training(shape, recipe.sft, gpus),
        memory.training(shape, recipe.optimise, gpus, method=method),
    )
