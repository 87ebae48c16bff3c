"""The run directory: killed at any moment it goes on to the same bytes; a changed file is never believed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bylaw.errors import RunCorrupt, RunError, RunLocked, UsageError
from bylaw.lineage.tree import tree_digest
from bylaw.records import Critique, Measurement, Message, Prompt, Record, Response, Revision
from bylaw.run import Run
from bylaw.run.manifest import Started
from bylaw.run.stage import Progress

PROMPTS = [Prompt(messages=(Message("user", f"question {number}"),)) for number in range(40)]


def answer(prompts: list[Prompt]) -> list[Record]:
    return [Response(prompt=each.id, model="m", text=each.messages[0].content[::-1], tokens=3) for each in prompts]


def better(responses: list[Response]) -> list[Record]:
    made: list[Record] = []
    for response in responses:
        critique = Critique(of=response.id, principle="p", round=1, text="so so", tokens=1)
        known = {"prompt": response.prompt, "of": response.id, "principle": "p", "round": 1, "tokens": 2}
        made += [critique, Revision(critique=critique.id, text=response.text.upper(), **known)]  # type: ignore[arg-type]
    return made


def whole(run: Run, pause: float = 0.0) -> None:
    """Three stages, two of which add to one file, and a model."""

    def slowly(prompts: list[Prompt]) -> list[Record]:
        time.sleep(pause)
        return answer(prompts)

    with run.lock():
        if not run.finished("respond"):
            with run.stage("respond", seed=7) as stage:
                stage.add(*PROMPTS)
                stage.chunked(PROMPTS, 3, slowly)
        if not run.finished("revise"):
            with run.stage("revise", {"responses": run.digest("respond")}) as stage:
                stage.chunked(list(run.read(Response)), 7, lambda chunk: (time.sleep(pause), better(chunk))[1])
                with stage.writing_model("sft") as path:
                    (path / "config.json").write_text("{}")
                    time.sleep(pause)
                    (path / "model.safetensors").write_bytes(b"\x00" * 100_000)
        if not run.finished("sample"):
            with run.stage("sample", {"sft": run.digest("revise")}) as stage:
                stage.chunked(PROMPTS[:10], 3, slowly)
                stage.add(Measurement(model="sft", name="complies", subset="harmful", value=0.1, n=9, low=0, high=1))


def results(run: Run) -> dict[str, str]:
    made = {name: tree_digest(run.path / name) for name in ("records", "models")}
    return made | {"measurements": (run.path / "measurements.jsonl").read_text()}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", "seed = 0\n", "# a constitution\n")


def test_every_stage_files_its_records(run: Run) -> None:
    whole(run)
    assert list(run.read(Prompt)) == PROMPTS
    assert list(run.read(Response, "respond")) == answer(PROMPTS)
    assert list(run.read(Response)) == answer(PROMPTS) + answer(PROMPTS[:10])
    assert list(run.read(Revision)) == better(answer(PROMPTS))[1::2]  # type: ignore[arg-type]
    assert [each.value for each in run.measurements()] == [0.1]
    assert (run.model_dir("sft") / "config.json").read_text() == "{}"
    assert run.manifest.finished()["revise"].figures == {"tokens": 40 * 3}
    assert not list((run.path / "chunks").iterdir())


def test_an_interrupted_stage_goes_on_where_it_stopped(run: Run) -> None:
    done: list[Prompt] = []

    def breaks_once(prompts: list[Prompt]) -> list[Record]:
        if len(done) == 9:
            done.append(prompts[0])
            raise KeyboardInterrupt
        done.extend(prompts)
        return answer(prompts)

    told: list[Progress] = []
    run.report = told.append
    with run.lock():
        with pytest.raises(KeyboardInterrupt), run.stage("respond") as stage:
            stage.note(tokens=5)
            stage.chunked(PROMPTS, 3, breaks_once)
        assert not run.finished("respond") and not list(run.read(Response))
        with run.stage("respond") as stage:
            assert stage.chunked(PROMPTS, 3, breaks_once) == answer(PROMPTS)
        assert len(done) == len(PROMPTS) + 1
        assert run.finished("respond")
    assert (told[-1].done, told[-1].total, told[-1].resumed, told[-1].tokens) == (40, 40, 9, 31 * 3)
    assert run.manifest.finished()["respond"].figures == {"tokens": 120}


def test_chunks_of_other_inputs_or_of_another_call_are_not_taken(run: Run) -> None:
    calls: list[int] = []

    def counting(prompts: list[Prompt]) -> list[Record]:
        calls.append(len(prompts))
        return answer(prompts)

    with run.lock():
        for inputs in ({"model": "a"}, {"model": "b"}):
            with pytest.raises(ZeroDivisionError), run.stage("respond", inputs) as stage:
                stage.chunked(PROMPTS, 40, counting)
                stage.chunked(PROMPTS, 40, counting)
                raise ZeroDivisionError
    assert calls == [40] * 4


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_directory import whole
from bylaw.run import Run
whole(Run.create(Path(sys.argv[1]), "seed = 0\\n", "# a constitution\\n"), pause=float(sys.argv[2]))
"""


def child(path: Path, pause: float) -> subprocess.Popen[str]:
    code = CHILD.format(tests=str(Path(__file__).parent))
    return subprocess.Popen([sys.executable, "-c", code, str(path), str(pause)], stderr=subprocess.PIPE, text=True)


def killed_until_done(path: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(kills):
        process = child(path, 0.02)
        manifest = path / "manifest.jsonl"
        lines = len(manifest.read_bytes().splitlines()) if manifest.exists() else 0
        while process.poll() is None and draw.random() < 0.97:
            fresh = manifest.exists() and len(manifest.read_bytes().splitlines()) > lines
            time.sleep(0.004 if fresh else 0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = child(path, 0)
    assert process.wait() == 0, process.communicate()


def test_kill_9_leaves_the_bytes_of_a_run_that_ran_through(tmp_path: Path, run: Run) -> None:
    whole(run)
    killed_until_done(tmp_path / "killed", kills=6, seed=1)
    assert results(Run.open(tmp_path / "killed")) == results(run)
    assert not [path for path in (tmp_path / "killed").rglob("*") if path.name.endswith(".partial")]


@pytest.mark.long
def test_kill_9_at_forty_moments(tmp_path: Path, run: Run) -> None:
    whole(run)
    for seed in range(5):
        killed_until_done(tmp_path / f"killed{seed}", kills=8, seed=seed)
        assert results(Run.open(tmp_path / f"killed{seed}")) == results(run)


def test_a_kill_between_the_records_and_the_finished_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(run)
    expected = results(run)
    lines = run.manifest.path.read_bytes().splitlines(keepends=True)
    for cut in range(len(lines) + 1):  # the manifest as it was after each line, and its next line torn
        run.manifest.path.write_bytes(b"".join(lines[:cut]) + b"".join(lines[cut : cut + 1])[:50])
        whole(run)
        assert results(run) == expected


def test_two_processes_in_one_directory(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    process = child(path, 0.2)
    try:
        while not (path / "manifest.jsonl").exists():
            time.sleep(0.02)
        with pytest.raises(RunLocked, match=f"process {process.pid} is working in"), Run.open(path).lock():
            pass
    finally:
        process.kill()
        process.communicate()
    with Run.open(path).lock():  # kill -9 holds nobody up
        pass


def test_a_changed_output_is_named_with_both_digests(run: Run) -> None:
    whole(run)
    (run.path / "models/sft/config.json").write_text("{ }")
    records = run.path / "records/revisions.jsonl"
    records.write_bytes(records.read_bytes().replace(b"UQ", b"KU", 1).replace(b"NOITSEU", b"NOITSEV", 1))
    assert run.finished("respond")
    with pytest.raises(RunCorrupt, match=r"(?s)stage revise .*revisions.jsonl: expected \w{64}, found \w{64}.*sft: "):
        run.finished("revise")
    (run.path / "measurements.jsonl").unlink()
    with pytest.raises(RunCorrupt, match=r"measurements.jsonl: expected \w{64}, found missing"):
        run.finished("sample")


def test_a_records_file_cut_short_is_not_written_over(run: Run) -> None:
    with run.lock():
        with run.stage("respond") as stage:
            stage.add(*answer(PROMPTS))
        os.truncate(run.path / "records/responses.jsonl", 100)
        with pytest.raises(RunCorrupt, match="shorter than"), run.stage("sample") as stage:
            stage.add(*answer(PROMPTS))


def test_a_full_disk_says_how_to_go_on_and_loses_nothing(tmp_path: Path) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    code = limit + CHILD.format(tests=str(Path(__file__).parent))
    path = tmp_path / "full"
    process = subprocess.run([sys.executable, "-c", code, str(path), "0"], capture_output=True, text=True, check=False)
    assert "RunError: no space left while writing" in process.stderr and "same command again" in process.stderr
    run = Run.open(path)
    assert run.finished("respond") and not run.finished("revise")
    assert any((path / "chunks/revise").rglob("*.jsonl"))
    whole(run)
    other = Run.create(tmp_path / "other", "", "")
    whole(other)
    assert results(run) == results(other)


def test_create_refuses_another_run_and_other_files(run: Run, tmp_path: Path) -> None:
    again = Run.create(run.path, "seed = 0\n", "# a constitution\n")
    assert (again.settings_text, again.constitution_text) == ("seed = 0\n", "# a constitution\n")
    with pytest.raises(RunError, match=r"different run: its run.toml"):
        Run.create(run.path, "seed = 1\n", "# a constitution\n")
    with pytest.raises(RunError, match=r"its constitution.toml"):
        Run.create(run.path, "seed = 0\n", "")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.tex").touch()
    with pytest.raises(RunError, match="files that are no run"):
        Run.create(tmp_path / "home", "", "")
    with pytest.raises(RunError, match=r"not a run directory"):
        Run.open(tmp_path / "home")


def test_what_a_stage_may_not_do(run: Run) -> None:
    with pytest.raises(UsageError, match="needs run"), run.stage("respond"):
        pass
    whole(run)
    with run.lock():
        with pytest.raises(UsageError, match="finished already"), run.stage("respond"):
            pass
        with pytest.raises(UsageError, match="cannot name"), run.stage("../out"):
            pass
        with pytest.raises(UsageError, match="cannot name"), run.stage("train") as stage:
            stage.working_file("/etc/passwd")
        with pytest.raises(UsageError, match="keeps no 'record' records"), run.stage("odd") as stage:
            stage.add(Record())
    with pytest.raises(RunError, match="has no model 'final'"):
        run.model_dir("final")
    with pytest.raises(RunError, match="has not finished"):
        run.digest("train")


def test_the_manifest_says_what_went_in_and_what_it_cost(run: Run) -> None:
    whole(run)
    lines = list(run.manifest.lines())
    assert [line.stage for line in lines] == ["respond", "respond", "revise", "revise", "sample", "sample"]
    assert isinstance(lines[0], Started) and lines[0].seed == 7
    sample = run.manifest.finished()["sample"]
    assert sample.inputs == {"sft": run.digest("revise")}
    assert [(out.path, out.start == 0) for out in sample.outputs] == [
        ("records/responses.jsonl", False),
        ("measurements.jsonl", True),
    ]
    assert sample.peak_rss > 1_000_000 and sample.seconds > 0


def test_the_report_replaces_the_one_before(run: Run) -> None:
    run.write_report("<p>old")
    assert run.write_report("<p>new").read_text() == "<p>new"


def test_working_files_go_with_the_stage(run: Run) -> None:
    with run.lock(), run.stage("train") as stage:
        path = stage.working_file("reference.safetensors")
        path.write_bytes(b"x")
        stage.report(1, 10, 0.5, tokens=20)
    assert not path.exists()
