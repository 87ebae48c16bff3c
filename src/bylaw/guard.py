"""What is trained on is looked through first: secrets and personal data, evaluation texts, near-duplicates.

What the AI itself wrote is looked through like anything else. Rows are masked, left out, or the run stops, as
``[leak]`` says; what was found is filed, and what was left out stands in the stage's counts by its reason.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from msgspec.structs import replace

from bylaw import storage
from bylaw.errors import RunCorrupt
from bylaw.leak import findings
from bylaw.leak.overlap import EvaluationSets
from bylaw.leak.screen import NOT_LEARNED, Row, Screened, screen_against
from bylaw.leak.screening import LeakSettings, enforce
from bylaw.records import Record, Response, Reward
from bylaw.run import Run

Sets = Mapping[str, Sequence[str]]
"""Evaluation texts by the name of their set."""

R = TypeVar("R", bound=Record)

SAMPLED = "final-samples"
"""Under which name findings keep what was sampled for the final model."""

SAID, REWARDS = ".jsonl", ".rewards.jsonl"
"""How the files end that keep what was said before an update, and what it was worth."""


class Passed(NamedTuple):
    """What may be trained on, masked where asked, by the id it was given under; how much was left out, by reason."""

    kept: dict[str, Record]
    left_out: dict[str, int]

    def of(self, records: Iterable[R]) -> list[R]:
        """Those of ``records`` that may be trained on, as they may be."""
        return [cast(R, self.kept[one.id]) for one in records if one.id in self.kept]


def look_through(run: Run, stage: str, rows: Iterable[Row], sets: Sets, settings: LeakSettings) -> Passed:
    """Screen what a stage trains on and file what was found. Raises ``GateStopped`` where the settings say *stop*."""
    screened = _screened(EvaluationSets(sets, settings.ngram), rows, settings)
    _file(run, stage, screened)
    reasons = Counter(reason for reason in screened.dropped.values() if reason != NOT_LEARNED)
    return Passed(screened.kept, dict(reasons))


class Samples:
    """What a policy says while it is trained on it (GRPO), looked through before it is rewarded.

    A sample that would be masked is left out instead: the masked text is not what the policy said, so that its own
    probabilities would teach nothing. Samples that are nearly the same are counted and stay: they are the policy's way
    of speaking. Everything is kept in ``folder`` by update, so that a training that was stopped and went on still
    has all of it, for ``stage`` to file.
    """

    def __init__(self, run: Run, stage: str, sets: Sets, settings: LeakSettings, folder: Path) -> None:
        self._run, self._stage, self._folder = run, stage, folder
        self._index = EvaluationSets(sets, settings.ngram)
        secrets = "drop" if settings.secrets == "mask" else settings.secrets
        self._settings = replace(settings, secrets=secrets, duplicates="report")

    def passing(self, step: int, said: Sequence[Response]) -> list[bool]:
        """Which samples of update ``step`` may be learned. Raises ``GateStopped`` where the settings say *stop*."""
        storage.write_records(self._kept(step), said)
        screened = self._look(said)
        if screened.report.stops:
            _file(self._run, SAMPLED, screened)
        return [one.id in screened.kept for one in said]

    def rewarded(self, rewards: Sequence[Reward]) -> None:
        """Keep what the samples of one update were worth."""
        storage.write_records(self._kept(rewards[0].update, REWARDS), rewards)

    def rewards(self, updates: int) -> list[Reward]:
        """What all samples were worth, in the order said. Raises ``RunCorrupt`` if those of an update are gone."""
        return self._all(updates, Reward, REWARDS)

    def report(self, updates: int) -> tuple[list[Response], int]:
        """File what was found in all samples; returns them, in the order said, and how many were not learned.

        Raises ``RunCorrupt`` if those of an update are gone.
        """
        said = self._all(updates, Response)
        screened = self._look(said)
        _file(self._run, SAMPLED, screened)
        return said, sum(one.id not in screened.kept for one in said)

    def _all(self, updates: int, type: type[R], end: str = SAID) -> list[R]:
        files = [self._kept(step, end) for step in range(updates)]
        if gone := [str(path) for path in files if not path.is_file()]:
            raise RunCorrupt(f"what the policy said is gone: {', '.join(gone)}; remove its folder to train anew")
        return [one for path in files for one in storage.read_records(path, type)]

    def _kept(self, step: int, end: str = SAID) -> Path:
        return self._folder / f"{step:08}{end}"

    def _look(self, said: Sequence[Response]) -> Screened:
        return _screened(self._index, [Row(self._stage, one) for one in said], self._settings)


def _screened(index: EvaluationSets, rows: Iterable[Row], settings: LeakSettings) -> Screened:
    # Nobody is to open the samples' commitments: the salt is forgotten.
    return screen_against(index, rows, settings, salt=os.urandom(32))


def _file(run: Run, stage: str, screened: Screened) -> None:
    """File a screening, then stop where it says so."""
    before = findings.read(run.findings().get(findings.NAME))
    found = replace(before, before=before.before | {stage: screened.report})
    run.file_finding(findings.NAME, found)
    enforce(screened.report)
