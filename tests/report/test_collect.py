"""A small run, written through the real run directory, read back as report data."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bylaw.cli import main
from bylaw.constitution import default, dumps
from bylaw.errors import RecordError
from bylaw.records import (
    Comparison,
    Critique,
    Label,
    Measurement,
    Message,
    Prompt,
    Response,
    Revision,
    Vote,
)
from bylaw.report.collect import HISTORY, Point, collect
from bylaw.report.render import render
from bylaw.run import Run
from bylaw.storage import write_records

KEYS = [principle.key for principle in default().principles]
PROMPTS = [
    Prompt(messages=(Message("user", f"Question {i}?"),), aim="harmful" if i % 3 else "helpful") for i in range(30)
]


def response(prompt: Prompt, model: str, text: str) -> Response:
    return Response(prompt=prompt.id, model=model, text=text, tokens=5)


def revisions(prompt: Prompt, start: Response) -> Iterator[Critique | Revision]:
    """Two rounds; the second leaves the text as it is."""
    of = start.id
    for n in (1, 2):
        key = KEYS[(PROMPTS.index(prompt) + n) % len(KEYS)]
        critique = Critique(of=of, principle=key, round=n, text=f"critique {n}")
        revision = Revision(
            prompt=prompt.id, of=of, critique=critique.id, principle=key, round=n, text="Better.", tokens=3
        )
        yield from (critique, revision)
        of = revision.id


def label(comparison: Comparison) -> Label:
    votes = tuple(Vote(key, swapped, 0.9, 1.0) for key in KEYS for swapped in (False, True))
    return Label(
        comparison=comparison.id,
        judge="seed",
        scheme="ensemble",
        template="principle_last",
        votes=votes,
        verdict="first",
        p_first=0.9,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("runs") / "quiet-heron"
    run = Run.create(path, 'preset = "modern"\n[model]\nname = "windtunnel"\n', dumps(default()))
    harmful = [prompt for prompt in PROMPTS if prompt.aim == "harmful"]
    first = {prompt.id: response(prompt, "seed", "Worse.") for prompt in PROMPTS}
    with run.lock():
        with run.stage("respond") as stage:
            stage.add(*PROMPTS, *first.values())
            stage.note(prompt_tokens=100, generated_tokens=150)
        with run.stage("revise") as stage:
            for prompt in harmful:
                stage.add(*revisions(prompt, first[prompt.id]))
        with run.stage("sft") as stage, stage.writing_model("sft") as path:
            write_records(path / HISTORY, [Point(1, 2.0, {"accuracy": 0.5}), Point(2, 1.0, {"accuracy": 0.75})])
        with run.stage("compare") as stage:
            pairs = [
                Comparison(messages=prompt.messages, prompt=prompt.id, first="Better.", second="Worse.", gold="first")
                for prompt in harmful
            ]
            stage.add(*(response(prompt, "sft", "Better.") for prompt in harmful), *pairs)
        with run.stage("label") as stage:
            stage.add(*map(label, pairs))
        with run.stage("evaluate") as stage:
            for model, value in (("seed", 0.98), ("sft", 0.02)):
                stage.add(
                    Measurement(
                        model=model,
                        name="complies",
                        subset="harmful",
                        value=value,
                        n=20,
                        low=value,
                        high=value,
                    )
                )
    return run


def test_everything_is_collected(run: Run) -> None:
    data = collect(run)
    assert (data.name, data.presets, data.wind_tunnel) == ("quiet-heron", ("modern",), True)
    assert data.transcripts_total == len(PROMPTS) == len(data.transcripts)
    assert sum(use.drawn for use in data.principles) == 40
    assert sum(use.changed for use in data.principles) == 20  # the second round changed nothing
    assert data.judging is not None and data.judging.labels == 20
    assert data.judging.calibration_error == pytest.approx(0.1)
    assert [cost.stage for cost in data.costs] == ["respond", "revise", "sft", "compare", "label", "evaluate"]
    assert (data.costs[0].prompt_tokens, data.costs[0].generated_tokens) == (100, 150)
    assert [(curve.stage, curve.name, curve.values) for curve in data.training] == [
        ("sft", "loss", (2.0, 1.0)),
        ("sft", "accuracy", (0.5, 0.75)),
    ]
    assert "model sft" in {one.name for one in data.digests}


def test_a_transcript_follows_its_chain(run: Run) -> None:
    shown = next(one for one in collect(run).transcripts if one.rounds)
    assert (shown.model, shown.response) == ("seed", "Worse.")
    assert [(step.number, step.critique, step.revision) for step in shown.rounds] == [
        (1, "critique 1", "Better."),
        (2, "critique 2", "Better."),
    ]
    assert [(answer.model, answer.text) for answer in shown.answers] == [("sft", "Better.")]
    assert shown.judged[0].p_first == 0.9 and len(shown.judged[0].opinions) == len(KEYS)


def test_few_transcripts_still_show_every_kind(run: Run) -> None:
    few = collect(run, most=9).transcripts
    assert len(few) == 9
    assert {bool(one.rounds) for one in few} == {True, False}
    assert collect(run, most=9).transcripts == few


def test_a_run_that_has_only_begun_has_a_report(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "new", "seed = 0\n", dumps(default()))
    data = collect(run)
    assert data.judging is None and not data.transcripts and not data.wind_tunnel
    assert "no measurements yet" in render(data)


def test_a_label_without_its_comparison_is_an_error(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "lost", "seed = 0\n", dumps(default()))
    with run.lock(), run.stage("label") as stage:
        stage.add(label(Comparison(messages=PROMPTS[0].messages, first="a", second="b")))
    with pytest.raises(RecordError, match="which the run does not have"):
        collect(run)


def test_the_verb_writes_and_names_the_file(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(run.path)]) == 0
    inside = Path(capsys.readouterr().out.strip())
    assert inside.is_relative_to(run.path) and inside.read_text("utf-8") == render(collect(run))
    assert main(["report", str(run.path), "-o", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_bytes() == inside.read_bytes()
    assert main(["report", str(tmp_path)]) == 1
    assert "is not a run directory" in capsys.readouterr().err


def test_data_survives_a_round_trip(run: Run) -> None:
    data = collect(run)
    assert msgspec.json.decode(msgspec.json.encode(data), type=type(data)) == data
