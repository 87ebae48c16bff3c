"""Labels made again: whole chunks of a finished run, drawn at random, asked of the same judge with the same seeds.

What is compared is ``p_first``. On another kind of machine, or with another number of threads, its last digits may
move; beyond ``TOLERANCE`` the labels are not those this judge gives.
"""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from bylaw.constitution import Constitution
from bylaw.errors import RunCorrupt, RunError
from bylaw.feedback.label import label
from bylaw.parts import Models
from bylaw.recipe import Recipe
from bylaw.records import Comparison, Label
from bylaw.run import Run

TOLERANCE = 1e-3


class Redone(NamedTuple):
    """A label as it was filed and as it came out now; None where it could not be read."""

    comparison: str
    filed: float | None
    now: float | None

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        if self.filed is None or self.now is None:
            return self.filed is self.now
        return abs(self.filed - self.now) <= TOLERANCE


def reproduce_labels(
    run: Run, recipe: Recipe, models: Models, constitution: Constitution, chunks: int, rng: Random
) -> list[Redone]:
    """Label ``chunks`` chunks again. Raises ``RunError`` for a run without labels, ``RunCorrupt`` for another judge."""
    if not run.finished("label"):
        raise RunError(f"{run.path} has no labels yet")
    _require_same_judge(run, models)
    pairs, filed = list(run.read(Comparison)), {one.comparison: one for one in run.read(Label)}
    starts = range(0, len(pairs), recipe.chunk)
    made: list[Redone] = []
    for start in sorted(rng.sample(starts, min(chunks, len(starts)))):
        made += _again(pairs[start : start + recipe.chunk], filed, recipe, models, constitution)
    return made


def _again(
    pairs: Sequence[Comparison],
    filed: dict[str, Label],
    recipe: Recipe,
    models: Models,
    constitution: Constitution,
) -> list[Redone]:
    judge = models.judge_name
    programs = [label(pair, constitution.principles, judge, recipe.label, recipe.seed) for pair in pairs]
    fresh = models.open(judge).run(programs)
    return [Redone(one.comparison, filed[one.comparison].p_first, one.p_first) for one in fresh]


def _require_same_judge(run: Run, models: Models) -> None:
    said = run.manifest.finished()["label"].inputs
    now = models.read("judge", models.judge_name)
    for role, found in now.items():
        if said.get(role) != found:
            raise RunCorrupt(f"{run.path} was labelled by a {role} with digest {said.get(role)}; this one has {found}")
