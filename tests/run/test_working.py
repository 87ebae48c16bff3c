"""Working files of a stage that was stopped: what somebody changed is refused, what is bare is made again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bylaw.errors import RunCorrupt
from bylaw.lineage.lab import Lab
from bylaw.records import Record, Response
from bylaw.run import Run
from bylaw.run.stage import Stage
from bylaw.run.working import Working
from runs import PROMPTS


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab.open(tmp_path / "lab")


class Stopped(Exception):
    """In the middle of a stage."""


def work(run: Run, stop_after: int | None = None, seed: int = 0) -> list[str]:
    """Answer in chunks of three; returns the prompts that were answered by this process."""
    done: list[str] = []

    def answer(chunk: Sequence[Record]) -> list[Record]:
        if len(done) == stop_after:
            raise Stopped
        done.extend(each.id for each in chunk)
        return [Response(prompt=each.id, model="m", text=each.id) for each in chunk]

    with run.lock():
        try:
            with run.stage("respond", seed=seed) as stage:
                stage.chunked(PROMPTS, 3, answer)
        except Stopped:
            pass
    return done


def begun(path: Path, lab: Lab | None, text: str = "seed = 0\n") -> tuple[Run, list[Path]]:
    run = Run.create(path, text, "# none\n", lab=lab)
    assert len(work(run, stop_after=6)) == 6
    return run, sorted((path / "chunks").rglob("*.jsonl"))


def test_untouched_chunks_are_not_done_again(tmp_path: Path, lab: Lab) -> None:
    run, _ = begun(tmp_path / "run", lab)
    assert len(work(run)) == 6 and len(list(run.read(Response))) == 12
    assert not list((run.path / "chunks").iterdir())


def test_a_changed_chunk_is_refused_by_name(tmp_path: Path, lab: Lab) -> None:
    run, chunks = begun(tmp_path / "run", lab)
    chunks[0].write_bytes(chunks[0].read_bytes().replace(b'"text":"', b'"text":"X'))
    with pytest.raises(RunCorrupt, match=f"{chunks[0].name} is not as this lab wrote it"):
        work(run)
    chunks[0].unlink()
    assert len(work(run)) == 9


def test_a_chunk_of_another_run_or_in_another_ones_place_is_refused(tmp_path: Path, lab: Lab) -> None:
    run, chunks = begun(tmp_path / "run", lab)
    _, others = begun(tmp_path / "other", lab, "seed = 1\n")
    for path, other in ((chunks[0], others[0]), (chunks[1], chunks[0])):
        before = path.read_bytes(), mark(path).read_bytes()
        path.write_bytes(other.read_bytes())
        mark(path).write_bytes(mark(other).read_bytes())
        with pytest.raises(RunCorrupt, match=f"{path.name} is not as this lab wrote it"):
            work(run)
        path.write_bytes(before[0])
        mark(path).write_bytes(before[1])
    assert len(work(run)) == 6


def mark(path: Path) -> Path:
    return path.parent / ".marks" / f"{path.name}.mac"


def test_a_bare_chunk_is_done_again_and_that_is_said(
    tmp_path: Path, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    run, chunks = begun(tmp_path / "run", lab)
    mark(chunks[1]).unlink()
    assert len(work(run)) == 9
    assert f"{chunks[1]} bears no mark of this lab: it is made again" in capsys.readouterr().err


def test_the_key_lies_in_the_lab_alone(tmp_path: Path, lab: Lab) -> None:
    run, _ = begun(tmp_path / "run", lab)
    key = lab.root / "keys/working.key"
    assert key.stat().st_mode & 0o77 == 0
    assert not any(key.read_bytes() in path.read_bytes() for path in run.path.rglob("*") if path.is_file())
    key.write_bytes(b"another lab's".ljust(32))
    with pytest.raises(RunCorrupt, match="is not as this lab wrote it"):
        work(run)


def test_without_a_lab_chunks_are_believed(tmp_path: Path) -> None:
    run, chunks = begun(tmp_path / "run", None)
    assert not mark(chunks[0]).exists() and len(work(run)) == 6


def checkpoint(folder: Path, step: int) -> Path:
    """As a training writes one: whole under another name, then the older ones go."""
    made = folder / f"checkpoint-{step:08d}"
    partial = folder / ".partial-1"
    partial.mkdir(parents=True)
    (partial / "weights").write_text(f"{step}")
    partial.rename(made)
    for old in sorted(folder.glob("checkpoint-*"))[:-1]:
        (old / "weights").unlink()
        old.rmdir()
    return made


def opened(run: Run) -> tuple[Stage, Path]:
    stage = Stage("sft", 0, Working(run.path / "chunks/sft/x", b"k" * 32, "here"), run.path / "models", None)  # type: ignore[arg-type]
    return stage, stage.working_file("training")


def test_a_changed_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n", "# none\n")
    stage, folder = opened(run)
    checkpoint(folder, 1)
    stage.report(1, 9, 0.0)
    assert (opened(run)[1] / "checkpoint-00000001/weights").read_text() == "1"
    (folder / "checkpoint-00000001/weights").write_text("2")
    with pytest.raises(RunCorrupt, match="checkpoint-00000001 is not as this lab wrote it"):
        opened(run)


def test_a_checkpoint_that_was_just_written_costs_no_more_than_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n", "# none\n")
    stage, folder = opened(run)
    for step in (1, 2):
        checkpoint(folder, step)
        stage.report(step, 9, 0.0)
    checkpoint(folder, 3)  # and the process ends
    _, again = opened(run)
    assert [path.name for path in again.iterdir()] == ["checkpoint-00000002"]
    assert (again / "checkpoint-00000002/weights").read_text() == "2"
    assert "checkpoint-00000003 bears no mark" in capsys.readouterr().err
    opened(run)


def test_a_training_that_begins_anew_marks_its_checkpoints_anew(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n", "# none\n")
    stage, folder = opened(run)
    (checkpoint(folder, 1) / "weights").write_text("on another machine")
    stage.report(1, 9, 0.0)
    (folder / "checkpoint-00000001/weights").unlink()
    (folder / "checkpoint-00000001").rmdir()
    stage, folder = opened(run)
    checkpoint(folder, 1)
    stage.report(1, 9, 0.0)
    assert (opened(run)[1] / "checkpoint-00000001/weights").read_text() == "1"


def test_a_kept_checkpoint_that_was_changed_is_not_taken(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n", "# none\n")
    stage, folder = opened(run)
    checkpoint(folder, 1)
    stage.report(1, 9, 0.0)
    checkpoint(folder, 2)
    kept = run.path / "chunks/sft/x/.kept/training/checkpoint-00000001/weights"
    kept.write_text("9")
    assert not list(opened(run)[1].iterdir())
