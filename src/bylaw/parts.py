"""What a run is made with: prompts, an evaluator, models by name. The command line puts the parts together."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from bylaw.errors import RunCorrupt
from bylaw.evaluate.evaluator import Evaluator
from bylaw.lineage.tree import tree_digest
from bylaw.models.base import Model, Program, T, Usage
from bylaw.models.given import locate
from bylaw.models.local import LocalModel, LocalSettings, open_model
from bylaw.models.pool import Workers
from bylaw.models.remote.model import RemoteModel
from bylaw.recipe import Recipe
from bylaw.records import Comparison, Prompt, Record
from bylaw.rewards.document import RuleReward
from bylaw.run import Run
from bylaw.run.stage import Item, Stage
from bylaw.train.crew import the_crew


class Parts(NamedTuple):
    """``policy`` and ``judge`` are model directories or hub ids; ``gold`` are human-labelled comparisons.

    ``digests``: directory → *dirHash* of models that were looked at when the run was put together; they must stay so.
    ``remote``: the judge, where it is behind a server; ``judge`` is then its name. ``reward``: a rule-based reward.
    """

    policy: str
    judge: str
    prompts: list[Prompt]
    evaluator: Evaluator
    gold: list[Comparison]
    digests: Mapping[str, str] = MappingProxyType({})
    remote: RemoteModel | None = None
    reward: RuleReward | None = None


GIVEN = {"seed": "policy", "judge": "judge"}
"""Models from outside, by the part that names them; the run makes the others."""


class Models:
    """The run's models by the name they have in records: ``seed``, ``sft``, ``final``, ``judge``; opened when needed.

    Only the last one opened stays in memory beside the judge: real models are large.
    """

    def __init__(self, run: Run, recipe: Recipe, parts: Parts) -> None:
        self.evaluator = parts.evaluator
        self.judge_name = "judge" if parts.judge != parts.policy or parts.remote else "seed"
        self._run = run
        self._parts = parts
        self._settings = LocalSettings(rows=recipe.rows)
        self._cluster = recipe.cluster
        self._open: tuple[str, LocalModel] | None = None
        self._seen: dict[str, Usage] = {}
        self._digests: dict[str, str] = {}

    def path(self, name: str) -> Path:
        """Where a model lies: given from outside, or made by the run."""
        return locate(getattr(self._parts, GIVEN[name])) if name in GIVEN else self._run.model_dir(name)

    def digest(self, name: str) -> str:
        """Digest of a model's directory."""
        if name not in GIVEN:
            return self._run.model_digest(name)
        if name == "judge" and self._parts.remote:
            return self._parts.remote.settings.digest
        if name not in self._digests:
            path = self.path(name)
            self._digests[name] = self._parts.digests.get(str(path)) or tree_digest(path)
        return self._digests[name]

    def require_same(self) -> None:
        """Raise ``RunCorrupt`` unless models from outside are those that finished stages were made with.

        A run goes on where such a model lies elsewhere; it does not with another model of that name.
        """
        finished = self._run.manifest.finished()
        for stage, role, name in (("evaluate-seed", "model", "seed"), ("label", "judge", self.judge_name)):
            if stage in finished and (before := finished[stage].inputs[role]) != (now := self.digest(name)):
                raise RunCorrupt(f"{stage} was made with another {role} than the one given now: {before}, now {now}")

    def read(self, role: str, name: str) -> dict[str, str]:
        """A model as a stage's input: its digest under ``role``."""
        return {role: self.digest(name)}

    def verified(self, name: str) -> Path:
        """Where a model lies, if it still is what it was when its digest was taken."""
        path = self.path(name)
        if name not in GIVEN:
            return self._run.verified_model(name)
        if (found := tree_digest(path)) != self.digest(name):
            raise RunCorrupt(f"{path} has changed while the run went on: expected {self.digest(name)}, found {found}")
        return path

    def open(self, name: str) -> LocalModel:
        """A model ready to run programs."""
        if self._open is None or self._open[0] != name:
            self._open = None
            model = open_model(self.verified(name), self._settings)
            model.name = name
            self._open = (name, model)
            self._seen.pop(name, None)
        return self._open[1]

    def weights(self, name: str) -> tuple[Any, Any]:
        """A freshly loaded (model, tokenizer) pair that training may change.

        Where several processes train, it lies in main memory until it is shared out.
        """
        self._open = None
        shared = the_crew().size > 1
        settings = msgspec.structs.replace(self._settings, device="cpu") if shared else self._settings
        model = open_model(self.verified(name), settings)
        return model.model, model.tokenizer

    def charge(self, stage: Stage) -> None:
        """What a server is asked from here on is charged to a stage."""
        if self._parts.remote:
            self._parts.remote.spending.stage = stage.name

    def asked(self, stage: Stage, name: str) -> Model:
        """A model that is asked for a stage, wherever it is; behind a server, the stage is what it is charged to."""
        remote = self._remote(name)
        if remote is None:
            return self.open(name)
        self.charge(stage)
        return remote

    def _remote(self, name: str) -> RemoteModel | None:
        return self._parts.remote if name == "judge" else None

    def chunked(
        self,
        stage: Stage,
        name: str,
        items: Sequence[Item],
        size: int,
        make: Callable[[list[Item]], list[Program[T]]],
        filed: Callable[[list[Item], list[T]], Iterable[Record]],
    ) -> None:
        """Run the programs that ``make`` gives for each chunk, in this process or on the cluster, and file its records.

        ``make`` may be called in another process: it holds data alone. What a chunk took is noted in the stage. A
        server's window stays full in a longer chunk only, and nothing is lost with it: its answers are kept one by one.
        """
        remote = self._remote(name)
        size = max(size, remote.rows) if remote else size
        with ExitStack() as begun:
            results: list[Iterator[list[T]]] = []

            def ahead(missing: list[list[Item]]) -> None:
                results.append(begun.enter_context(closing(self._over(stage, name, missing, make))))

            stage.chunked(items, size, lambda chunk: filed(chunk, next(results[0])), ahead)

    def _over(
        self, stage: Stage, name: str, chunks: list[list[Item]], make: Callable[[list[Item]], list[Program[T]]]
    ) -> Generator[list[T], None, None]:
        if self._remote(name) or not self._cluster.workers:
            for chunk in chunks:
                made = self.asked(stage, name).run(make(chunk))
                self.note_usage(stage, name)
                yield made
            return
        if not chunks:
            return
        self._open = None
        workers = Workers(self.verified(name), name, self._settings, self._cluster)
        with closing(workers.over(chunks, make)) as answers:
            for made, usage in answers:
                _note(stage, usage)
                yield made

    def note_usage(self, stage: Stage, name: str) -> None:
        """Note the tokens a model computed since the last note."""
        usage: Usage = self.asked(stage, name).usage
        _note(stage, usage.less(self._seen.get(name, Usage())))
        self._seen[name] = msgspec.structs.replace(usage)


def _note(stage: Stage, usage: Usage) -> None:
    stage.note(
        prompt_tokens=usage.prompt_tokens,
        reused_tokens=usage.reused_tokens,
        generated_tokens=usage.generated_tokens,
    )


__all__ = ["Model", "Models", "Parts"]
