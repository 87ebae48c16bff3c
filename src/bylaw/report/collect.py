"""``collect``: what a run has made so far, as report data. Of an unfinished run, what there is."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

from bylaw import storage
from bylaw.constitution import loads
from bylaw.errors import RecordError
from bylaw.evaluate.calibration import Facts, facts
from bylaw.evaluate.gates import GateResult, GateSettings, of_run
from bylaw.models.remote import spending
from bylaw.records import Comparison, Label, Prompt
from bylaw.report.data import Digest, Payment, ReportData, StageCost, TrainingCurve
from bylaw.report.judging import judging, principles
from bylaw.report.transcripts import choose, steps, transcripts
from bylaw.run import Run
from bylaw.run.documents import costs_of
from bylaw.run.local import public
from bylaw.run.manifest import Finished
from bylaw.toml import parsed

HISTORY = "training.jsonl"


class Point(msgspec.Struct, frozen=True):
    """A line of a model directory's ``training.jsonl``: one update's loss and metrics."""

    step: int
    loss: float
    metrics: dict[str, float] = {}


def collect(
    run: Run,
    *,
    gates: Sequence[GateResult] | None = None,
    stopped: str = "",
    wind_tunnel: bool | None = None,
    most: int = 60,
) -> ReportData:
    """Everything a report shows of ``run``, with at most ``most`` transcripts.

    ``stopped`` says why a gate ended the run; ``gates`` None: worked out again from what the run measured.
    ``wind_tunnel`` None: it was used if a setting names it.
    Raises ``RecordError`` for a row that does not decode, or a label whose comparison is not in the run.
    """
    finished = run.manifest.finished()
    settings = parsed(run.settings_text, "run.toml")
    found, labels = steps(run), list(run.read(Label))
    known = _known(run, labels)
    constitution = loads(run.constitution_text, "constitution.toml")
    versions = dict.fromkeys(line.version for line in finished.values())
    return ReportData(
        name=run.path.resolve().name,
        presets=tuple(str(value) for key, value in _leaves(settings) if key == "preset"),
        wind_tunnel=_names_wind_tunnel(settings) if wind_tunnel is None else wind_tunnel,
        started=next((line.at for line in run.manifest.lines()), ""),
        version=", ".join(versions),
        stopped=stopped,
        measurements=tuple(run.measurements()),
        transcripts=transcripts(run, choose(run, found, most)),
        transcripts_total=sum(1 for _ in run.read(Prompt)),
        principles=principles(constitution.principles, labels, found.drawn, found.changed),
        judging=judging(labels, known),
        costs=tuple(_cost(line) for line in finished.values()),
        payments=tuple(_paid(run)),
        training=tuple(_training(run)),
        gates=tuple(_gates(run, settings) if gates is None else gates),
        settings=public(run.settings_text),
        constitution=run.constitution_text,
        digests=tuple(_digests(run)),
    )


def _known(run: Run, labels: Sequence[Label]) -> dict[str, Facts]:
    known = facts(run.read(Comparison)) if labels else {}
    lost = next((one for one in labels if one.comparison not in known), None)
    if lost:
        raise RecordError(f"{lost.id} labels {lost.comparison}, which the run does not have", str(run.path))
    return known


def _gates(run: Run, settings: dict[str, Any]) -> list[GateResult]:
    return of_run(run.measurements(), msgspec.convert(settings.get("gates", {}), GateSettings))


def _leaves(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield key, value


def _names_wind_tunnel(settings: dict[str, Any]) -> bool:
    return any(isinstance(value, str) and value.startswith("windtunnel") for _, value in _leaves(settings))


def _cost(line: Finished) -> StageCost:
    """A stage's figures by the names of ``models.base.Usage``; ``tokens`` alone counts as generated."""
    tokens = {name: int(line.figures.get(f"{name}_tokens", 0)) for name in ("prompt", "reused", "generated", "trained")}
    if not any(tokens.values()):
        tokens["generated"] = int(line.figures.get("tokens", 0))
    return StageCost(
        stage=line.stage,
        seconds=line.seconds,
        peak_bytes=line.peak_rss,
        **{f"{name}_tokens": value for name, value in tokens.items()},
    )


def _paid(run: Run) -> Iterator[Payment]:
    """What servers were paid, by stage and principle."""
    for line in spending.read(costs_of(run.path)):
        said = line._asdict()
        yield Payment(kept=said.pop("cached"), **said)


def _models(run: Run) -> Iterator[tuple[str, str]]:
    """(name, digest) of every model directory, in the order in which they were made."""
    for line in run.manifest.finished().values():
        for output in line.outputs:
            if output.start is None:
                yield PurePosixPath(output.path).name, output.sha256


def _training(run: Run) -> Iterator[TrainingCurve]:
    """Loss and metrics of every model that keeps its history, one curve each."""
    for name, _ in _models(run):
        path = run.model_dir(name) / HISTORY
        points = list(storage.read_records(path, Point)) if path.is_file() else []
        if points:
            updates, losses = zip(*((point.step, point.loss) for point in points), strict=True)
            yield TrainingCurve(stage=name, name="loss", updates=updates, values=losses)
            yield from _metrics(name, points)


def _metrics(stage: str, points: Sequence[Point]) -> Iterator[TrainingCurve]:
    for name in dict.fromkeys(name for point in points for name in point.metrics):
        have = [(point.step, point.metrics[name]) for point in points if name in point.metrics]
        updates, values = zip(*have, strict=True)
        yield TrainingCurve(stage=stage, name=name, updates=updates, values=values)


def _digests(run: Run) -> Iterator[Digest]:
    """The run's texts, its models, and per stage one digest over all it made."""
    for name in ("run.toml", "constitution.toml", *(["reward.toml"] if run.documents.reward else [])):
        yield Digest(name=name, value=run.document_digest(name))
    for name, sha256 in _models(run):
        yield Digest(name=f"model {name}", value=sha256)
    for stage, line in run.manifest.finished().items():
        yield Digest(name=f"stage {stage} (bylaw {line.version}, seed {line.seed})", value=run.digest(stage))
