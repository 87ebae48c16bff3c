"""Labels made again: whole chunks of a finished run, drawn at random, asked of the same judge with the same seeds.

What is compared is ``p_first``. On another kind of machine, or with another number of threads, its last digits may
move; beyond ``TOLERANCE`` the labels are not those this judge gives.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

from bylaw.constitution import Constitution
from bylaw.errors import RunCorrupt, RunError, UsageError, VerificationError
from bylaw.feedback.label import label
from bylaw.lineage.tree import file_digest
from bylaw.models.base import Model
from bylaw.recipe import Recipe
from bylaw.records import Comparison, Label
from bylaw.run import Run

TOLERANCE = 1e-3
BOUND_TO = ("run.toml", "constitution.toml", "manifest.jsonl", "statements/compare.json", "statements/label.json")
"""What a bundle and the run it is of have in common, byte for byte; the manifest has the digests of all rows."""


class Redone(NamedTuple):
    """A label as it was filed and as it came out now; None where it could not be read."""

    comparison: str
    filed: float | None
    now: float | None

    @property
    def difference(self) -> float | None:
        """How far the two are apart; None where only one could be read, 0 where neither could."""
        if self.filed is None or self.now is None:
            return 0.0 if self.filed is self.now else None
        return abs(self.filed - self.now)

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.difference is not None and self.difference <= TOLERANCE


class Verdict(NamedTuple):
    """The labels made again, of ``rows`` labels; chunks likewise."""

    made: list[Redone]
    rows: int
    chunks: int
    chunks_in_all: int

    @property
    def differ(self) -> list[Redone]:
        """Those that came out otherwise."""
        return [each for each in self.made if not each.agrees]

    @property
    def largest(self) -> float:
        """The largest difference of p_first."""
        return max((each.difference for each in self.made if each.difference is not None), default=0.0)

    def text(self) -> str:
        """The verdict for a person: what was made again, then a line for each label that differs."""
        made, agree = len(self.made), len(self.made) - len(self.differ)
        lines = [
            f"{made} of {self.rows} labels were made again, {self.chunks} of {self.chunks_in_all} chunks: {agree} came "
            f"out as they were filed; p_first differs by {self.largest:.2g} at most (bound {TOLERANCE:g})"
        ]
        return "\n".join(lines + [f"✗ {each.comparison}: filed {each.filed}, now {each.now}" for each in self.differ])


def reproduce_labels(
    run: Run, recipe: Recipe, judge: Model, constitution: Constitution, chunks: int, rng: Random
) -> Verdict:
    """Label ``chunks`` chunks again, as many as there are at most.

    Raises ``UsageError`` for less than one, ``RunError`` for a run without labels.
    """
    if chunks < 1:
        raise UsageError(f"to make {chunks} chunks again shows nothing: ask for one at least")
    pairs, filed = list(run.read(Comparison)), {one.comparison: one for one in run.read(Label)}
    if not pairs or filed.keys() != {pair.id for pair in pairs}:
        raise RunError(f"{run.path} has no labels yet, or not one for each of its comparisons")
    starts = range(0, len(pairs), recipe.chunk)
    drawn = sorted(rng.sample(starts, min(chunks, len(starts))))
    made = [one for at in drawn for one in _again(pairs[at : at + recipe.chunk], filed, recipe, judge, constitution)]
    return Verdict(made, len(filed), len(drawn), len(starts))


def _again(
    pairs: Sequence[Comparison], filed: Mapping[str, Label], recipe: Recipe, judge: Model, constitution: Constitution
) -> list[Redone]:
    programs = [label(pair, constitution.principles, judge.name, recipe.label, recipe.seed) for pair in pairs]
    fresh = judge.run(programs)
    return [Redone(one.comparison, filed[one.comparison].p_first, one.p_first) for one in fresh]


def require_judge(run: Run, judge: str) -> None:
    """Raise ``RunCorrupt`` unless the run was labelled by the judge with this digest, and by its own constitution."""
    finished = run.manifest.finished()
    if "label" not in finished:
        raise RunError(f"{run.path} has no labels yet")
    said = finished["label"].inputs
    for what, found in (("judge", judge), ("constitution", run.document_digest("constitution.toml"))):
        if said.get(what) != found:
            raise RunCorrupt(f"{run.path} was labelled by a {what} with digest {said.get(what)}; this one has {found}")


def require_bundled(run: Run, bundle: str, runs: Mapping[str, Mapping[str, str]]) -> str:
    """Which run of a bundle this is: ``runs`` has, by its name there, its files' digests as the index lists them.

    Raises ``VerificationError`` naming the runs that the bundle is of, and in what each is another.
    """
    ours = {name: file_digest(run.path / name) for name in BOUND_TO if (run.path / name).is_file()}
    others = {name: [each for each in BOUND_TO if ours.get(each) != files.get(each)] for name, files in runs.items()}
    for name, differing in others.items():
        if not differing:
            return name
    said = "; ".join(f"{name} has another {', '.join(differing)}" for name, differing in others.items())
    raise VerificationError("bundle", f"{bundle} is not a bundle of {run.path}: {said or 'it is of no run'}")
