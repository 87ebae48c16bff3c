"""``render``: report data in, one self-contained HTML page out. Pure: no clock, only its own files.

Everything from outside (models' texts, names, settings) passes through Jinja's or markupsafe's escaping; only
``charts`` and what ``frame`` sets the page in are inserted as they are.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup

from bylaw.records import Measurement
from bylaw.report import charts, diff, frame, pivot, words
from bylaw.report.data import Judging, PrincipleUse, ReportData, StageCost, Transcript

WIND_TUNNEL_NOTE = "This validates the method and the code, not the moral judgement of a large model."

# id on the page, heading, the part of ReportData it shows, why it may be absent
SECTIONS = (
    ("results", "Before and after", "measurements", "nothing was measured"),
    ("curves", "Curves", "measurements", "nothing was measured"),
    ("transcripts", "Transcripts", "transcripts", "no responses are kept"),
    ("principles", "Principles", "principles", "the constitution is not at hand"),
    ("labels", "Labels", "judging", "the run has no labels"),
    ("cost", "Cost", "costs", "no stage is finished"),
    ("training", "Training", "training", "no training curves are kept"),
    ("gates", "Gates", "gates", "no gates were set"),
    ("settings", "Settings and digests", "settings", "no settings are kept"),
)


def render(data: ReportData) -> str:
    """The report as one HTML document; the same data gives the same bytes."""
    models = pivot.models(data.measurements)
    rounds = pivot.rounds(data.measurements)
    present = [section for section in SECTIONS if getattr(data, section[2])]
    context: dict[str, Any] = {
        "data": data,
        "models": models,
        "sections": present,
        "absent": [section for section in SECTIONS if section not in present],
        "headline": words.headline(data.measurements, models),
        "note": WIND_TUNNEL_NOTE if data.wind_tunnel else "",
        "rows": pivot.rows(data.measurements, models),
        "tiles": _tiles(data.measurements, models),
        "families": _families(data.measurements, models),
        "stage_charts": _charts(data.measurements, models),
        "judge_rows": pivot.rows(data.measurements, ["judge"]),
        "rounds": rounds,
        "round_rows": [row for row in pivot.rows(data.measurements, rounds) if not row.family],
        "round_charts": _charts(data.measurements, rounds),
    }
    return _environment().get_template("page.html").render(context)


@cache
def _environment() -> jinja2.Environment:
    environment = frame.environment("bylaw.report", "templates")
    environment.filters.update(
        by_subset=_by_subset,
        share=words.share,
        figure=words.figure,
        count=words.count,
        seconds=words.seconds,
        memory=words.memory,
        name_of=words.name_of,
        subset_of=words.subset_of,
        ask=_ask,
        total=_total,
        principles_of=_principles_of,
    )
    environment.globals.update(
        diff=diff.words,
        changed=diff.changed,
        interval_of=words.interval,
        phrase_of=words.phrase_of,
        stages=words.STAGES,
        training_chart=charts.training,
        calibration_chart=_calibration,
        votes_chart=_votes,
    )
    return environment


def _by_subset(rows: Sequence[pivot.Row]) -> list[list[pivot.Row]]:
    """Neighbouring rows that differ in temperature alone."""
    return [list(same) for _, same in groupby(rows, key=lambda row: (row.name, row.subset))]


def _tiles(measurements: Sequence[Measurement], models: Sequence[str]) -> list[pivot.Row]:
    """The main figures at the lowest temperature they were measured at."""
    rows = pivot.rows(measurements, models)
    found = (next((row for row in rows if (row.name, row.subset) == main), None) for main in pivot.MAIN)
    return [row for row in found if row]


def _families(measurements: Sequence[Measurement], models: Sequence[str]) -> list[tuple[str, list[pivot.Row]]]:
    """Families of each name and whole subset, at the lowest temperature, for the range plots."""
    groups: dict[tuple[str, str], dict[str, pivot.Row]] = {}
    for row in pivot.rows(measurements, models):
        if row.family and row.unit == "share":
            group = groups.setdefault((row.name, row.subset.partition("/")[0]), {})
            group.setdefault(row.family, row)
    return [(words.phrase_of(*key), list(group.values())) for key, group in groups.items()]


def _charts(measurements: Sequence[Measurement], places: Sequence[str]) -> list[tuple[str, tuple[str, ...], Markup]]:
    """One small chart per name × whole subset: heading, names of its lines, picture."""
    if len(places) < 2:
        return []
    groups: dict[tuple[str, str], list[pivot.Row]] = {}
    for row in pivot.rows(measurements, places):
        if not row.family and sum(cell is not None for cell in row.cells) > 1:
            groups.setdefault((row.name, row.subset), []).append(row)
    made = []
    for (name, subset), rows in groups.items():
        heading = words.phrase_of(name, subset)
        lines = [charts.Series(f"T = {row.temperature:g}", f"s{min(i, 2)}", row.cells) for i, row in enumerate(rows)]
        says = f"{heading}: " + "; ".join(f"{line.name}: {_said(places, line.points)}" for line in lines)
        short = [place.replace("revision-", "round ") for place in places]
        made.append((heading, tuple(line.name for line in lines), charts.steps(short, lines, says)))
    return made


def _said(places: Sequence[str], points: Sequence[Measurement | None]) -> str:
    pairs = zip(places, points, strict=True)
    return ", ".join(f"{place} {words.figure(point.value, point.unit)}" for place, point in pairs if point)


def _calibration(judging: Judging) -> Markup:
    filled = [one for one in judging.calibration if one.n]
    said = ", ".join(f"{words.share(one.mean)} labelled, {words.share(one.gold)} gold" for one in filled)
    return charts.calibration(judging.calibration, f"Calibration of soft labels: {said}")


def _votes(use: PrincipleUse) -> Markup:
    against = words.share(sum(use.histogram[:5]) / (sum(use.histogram) or 1))
    return charts.histogram(use.histogram, f"{use.votes} votes, {against} against the preferred response")


def _ask(transcript: Transcript) -> str:
    """The last user turn, in one short line."""
    turns = [message.content for message in transcript.conversation if message.role == "user"]
    line = " ".join(turns[-1].split()) if turns else "(no user turn)"
    return line if len(line) <= 140 else f"{line[:139].rstrip()}…"


def _principles_of(transcript: Transcript) -> list[str]:
    """Keys of the principles its rounds drew, in order of first use."""
    return list(dict.fromkeys(step.principle for step in transcript.rounds))


def _total(costs: Sequence[StageCost]) -> StageCost:
    """All stages added up; memory is the largest."""
    return StageCost(
        stage="all stages",
        seconds=sum(cost.seconds for cost in costs),
        prompt_tokens=sum(cost.prompt_tokens for cost in costs),
        reused_tokens=sum(cost.reused_tokens for cost in costs),
        generated_tokens=sum(cost.generated_tokens for cost in costs),
        trained_tokens=sum(cost.trained_tokens for cost in costs),
        peak_bytes=max((cost.peak_bytes for cost in costs), default=0),
    )
