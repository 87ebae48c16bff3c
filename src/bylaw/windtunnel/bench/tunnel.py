"""The bench's runs: the whole pipeline under one constitution after another, each in a directory of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bylaw import recipe as recipes
from bylaw.constitution.document import Constitution, dumps
from bylaw.evaluate.evaluator import Evaluator, Measured
from bylaw.models.base import Model
from bylaw.pipeline import train
from bylaw.recipe import Recipe
from bylaw.records import Comparison, Measurement
from bylaw.run import Run
from bylaw.settings import dumps as settings_text
from bylaw.storage import write_bytes
from bylaw.windtunnel.parts import world_parts

# A bench measures; it does not stop at what it is there to find out.
NO_GATES = "gates.off=['distinct','shortest','longest','boilerplate','helpful_lost','lookalike_refused','garbled',"
OVERRIDES = (NO_GATES + "'harmful_garbled']",)


class Tunnel:
    """Runs in ``folder``; a run that is there is read, one that was cut off is continued."""

    def __init__(
        self,
        folder: Path,
        seed_model: Path,
        prompts: int,
        overrides: Sequence[str],
        say: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.seed_model = seed_model
        self.prompts = prompts
        self._overrides = (*OVERRIDES, *overrides, f"evaluate.prompts={prompts}")
        self._say = say

    def recipe(self, seed: int, *overrides: str) -> Recipe:
        """The default recipe at a seed."""
        return recipes.read("", (*self._overrides, f"seed={seed}", *overrides))

    def run(
        self,
        name: str,
        constitution: Constitution,
        seed: int = 0,
        *,
        overrides: Sequence[str] = (),
        forbidden: Sequence[str] = (),
        gold: Sequence[Comparison] = (),
    ) -> Run:
        """The finished run of that name and seed. ``gold``: comparisons of which ``optimise.gold`` are mixed in."""
        recipe = self.recipe(seed, *overrides)
        run = Run.create(self.folder / f"{name}-{seed}", settings_text(recipe), dumps(constitution))
        if not run.finished("evaluate-final"):
            self._say(f"running {name}, seed {seed}")
            parts = world_parts(recipe, self.seed_model, forbidden, gold)
            evaluator = Remembering(parts.evaluator, self.folder / "seed-model", recipe, forbidden)
            train(run, recipe, constitution, parts._replace(evaluator=evaluator))
        return run


class Remembering:
    """An evaluator that measures the seed model once for all runs with the same prompts."""

    def __init__(self, inner: Evaluator, folder: Path, recipe: Recipe, forbidden: Sequence[str]) -> None:
        self._inner = inner
        words = "-".join([str(recipe.seed), str(recipe.evaluate.prompts), *forbidden])
        self._path = folder / f"{words}.json"

    def texts(self) -> dict[str, list[str]]:
        """What is asked."""
        return self._inner.texts()

    def measure(self, model: Model, called: str) -> Measured:
        """Measurements of a model; those of the seed model are kept on disk."""
        if called != "seed":
            return self._inner.measure(model, called)
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path, msgspec.json.encode(self._inner.measure(model, called)))
        return msgspec.json.decode(self._path.read_bytes(), type=Measured)


def value(measured: Sequence[Measurement], model: str, name: str, subset: str, temperature: float) -> float:
    """One figure out of a run's measurements."""
    for one in measured:
        if (one.model, one.name, one.subset, one.temperature) == (model, name, subset, temperature):
            return one.value
    raise KeyError(f"{name} of {model} on {subset} at T={temperature:g} was not measured")
