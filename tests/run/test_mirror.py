"""A run behind a URL: sent stage by stage, gone on with elsewhere, never mixed, whoever is killed where.

``BYLAW_STORE=s3://bucket/folder`` runs all of it on that store as well.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import runs
from bylaw import constitution, objects
from bylaw.cli import main
from bylaw.cli.away import copy_of
from bylaw.errors import ObjectError, RunCorrupt, RunError, RunLocked, UsageError
from bylaw.lineage.lab import Lab
from bylaw.models.remote.spending import Spending
from bylaw.objects import Objects
from bylaw.records import Prompt, Response
from bylaw.run import Run
from bylaw.run.documents import costs_of
from bylaw.run.mirror import Mirror

pytest.importorskip("fsspec")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab.open(tmp_path_factory.mktemp("mirror") / "home")


@pytest.fixture(params=["memory", "file", *filter(None, [os.environ.get("BYLAW_STORE")])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    known = {"memory": f"memory://{tmp_path.name}", "file": f"file://{tmp_path}/bucket"}
    return known.get(request.param, f"{request.param}/{tmp_path.name}") + "/run"


def machine(path: Path, url: str) -> Mirror:
    """Another machine, with what it finds there."""
    path.mkdir(parents=True, exist_ok=True)
    mirror = Mirror(url, path)
    mirror.bring()
    return mirror


def opened(mirror: Mirror, lab: Lab | None, settings: str = runs.SETTINGS) -> Run:
    return Run.create(mirror.root, settings, constitution.dumps(runs.RULES), lab=lab, mirror=mirror)


def add(run: Run, stage: str, *made: Any) -> None:
    with run.lock(), run.stage(stage) as one:
        one.add(*made)
        one.count(len(made), len(made))


def tree(path: Path) -> dict[str, bytes]:
    files = ((each.relative_to(path).as_posix(), each) for each in path.rglob("*") if each.is_file())
    return {name: each.read_bytes() for name, each in files if not name.startswith((".", "chunks/sent"))}


def test_all_of_a_run_is_there_and_comes_back(url: str, tmp_path: Path, lab: Lab) -> None:
    run = runs.make_run(tmp_path / "a" / "run", lab, mirror=machine(tmp_path / "a" / "run", url))
    run.file_finding("audit", {"found": 0})
    run.write_report("<html>")
    with run.lock():
        pass
    assert set(Objects(url).sizes()) == set(tree(run.path))
    again = machine(tmp_path / "b" / "run", url)
    assert tree(again.root) == tree(run.path)
    there = opened(again, lab)
    assert all(there.finished(stage) for stage in there.manifest.finished())
    assert list(there.read(Prompt)) == runs.PROMPTS
    assert there.verified_model("final")


def test_a_stage_is_there_when_its_line_is(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every single write: another machine goes on from what is whole, and ends with the same records."""
    answers = [Response(prompt=each.id, model="seed", text=f"a{n}") for n, each in enumerate(runs.PROMPTS)]
    plain = Objects._writing
    writes, last = 0, 10**6

    def counted(self: Objects, path: str) -> Any:
        nonlocal writes
        writes += 1
        if writes > last:
            raise Killed
        return plain(self, path)

    monkeypatch.setattr(Objects, "_writing", counted)

    def work(path: Path, where: str) -> Run:
        run = opened(machine(path, where), None)
        for stage, some in (("prompts", runs.PROMPTS), ("respond", answers[:5]), ("compare", answers[5:])):
            with run.lock():
                if not run.finished(stage):
                    with run.stage(stage) as one:
                        one.chunked(some, 3, lambda chunk: chunk)
        return run

    whole = work(tmp_path / "whole", f"{url}-whole")
    records = {name: each for name, each in tree(whole.path).items() if name.startswith("records/")}
    assert len(records) == 2
    for last in range(writes):
        writes, before = 0, last
        where = f"{url}-{before}"
        with pytest.raises(Killed):
            work(tmp_path / f"{before}-a", where)
        last = 10**6
        run = work(tmp_path / f"{before}-b", where)
        assert {name: each for name, each in tree(run.path).items() if name.startswith("records/")} == records
        assert all(run.finished(stage) for stage in ("prompts", "respond", "compare"))
        assert set(Objects(where).sizes()) == set(tree(run.path))


def test_a_model_of_a_broken_attempt_leaves_nothing(url: str, tmp_path: Path) -> None:
    mirror = machine(tmp_path / "run", url)
    run = opened(mirror, None)
    Objects(url).write("models/sft/model-00002-of-00002.safetensors", b"half")
    with run.lock(), run.stage("sft") as stage, stage.writing_model("sft") as path:
        (path / "model.safetensors").write_bytes(b"whole")
        (path / ".gitattributes").write_text("*")
    found = {name for name in Objects(url).sizes() if name.startswith("models/")}
    assert found == {"models/sft/model.safetensors", "models/sft/.gitattributes"}
    assert opened(machine(tmp_path / "again", url), None).verified_model("sft")


def test_chunks_of_an_unfinished_stage_go_along(url: str, tmp_path: Path, lab: Lab) -> None:
    done: list[str] = []

    def work(chunk: list[Prompt], most: int = 99) -> list[Prompt]:
        if len(done) == most:
            raise Killed
        done.append(chunk[0].id)
        return chunk

    run = opened(machine(tmp_path / "a", url), lab)
    with pytest.raises(Killed), run.lock(), run.stage("prompts") as stage:
        stage.chunked(runs.PROMPTS, 5, lambda chunk: work(chunk, 2))
    again = opened(machine(tmp_path / "b", url), lab)
    with again.lock(), again.stage("prompts") as stage:
        stage.chunked(runs.PROMPTS, 5, work)
        stage.count(12, 12)
    assert len(done) == len(set(done)) == 3
    assert list(again.read(Prompt)) == runs.PROMPTS
    assert not [name for name in Objects(url).sizes() if name.startswith("chunks/")]


def test_who_begins_last_works(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = opened(machine(tmp_path / "a", url), None)
    with pytest.raises(RunLocked, match=r"has begun to work on .*the same command goes on"):  # noqa: SIM117
        with first.lock(), first.stage("prompts") as stage:
            stage.chunked(runs.PROMPTS[:6], 6, lambda chunk: chunk)
            second = opened(machine(tmp_path / "b", url), None)
            assert "taken over from process" in capsys.readouterr().err
            add(second, "prompts", *runs.PROMPTS)
            stage.chunked(runs.PROMPTS[6:], 6, lambda chunk: chunk)
    with pytest.raises(RunLocked, match="gone on with by another machine"):
        add(first, "prompts", *runs.PROMPTS)
    gone_on = opened(machine(tmp_path / "a", url), None)
    assert list(gone_on.read(Prompt)) == runs.PROMPTS
    add(gone_on, "respond", Response(prompt="p", model="seed", text="a"))
    assert "worker.json" not in Objects(url).sizes()


def test_runs_that_went_apart_are_not_mixed(url: str, tmp_path: Path) -> None:
    first = opened(machine(tmp_path / "a", url), None)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    alone = Run.open(tmp_path / "b")
    add(alone, "prompts", *runs.PROMPTS[:3])
    add(first, "prompts", *runs.PROMPTS)
    with pytest.raises(RunError, match="have both finished prompts, each in its own way"):
        machine(tmp_path / "b", url)


def test_another_run_or_no_run_is_refused(url: str, tmp_path: Path) -> None:
    opened(machine(tmp_path / "a", url), None)
    with pytest.raises(RunError, match=f"{url} holds a different run: its run.toml"):
        opened(machine(tmp_path / "b", url), None, 'policy = "other"\n')
    Run.create(tmp_path / "c", 'policy = "other"\n', constitution.dumps(runs.RULES))
    with pytest.raises(RunError, match="these are different runs"):
        machine(tmp_path / "c", url)
    Objects(f"{url}-photos").write("holiday.jpg", b"sea")
    with pytest.raises(RunError, match=r"holds files that are no run, such as holiday\.jpg"):
        machine(tmp_path / "d", f"{url}-photos")


def test_what_was_changed_there_is_not_taken(url: str, tmp_path: Path) -> None:
    add(opened(machine(tmp_path / "a", url), None), "prompts", *runs.PROMPTS)
    content = Objects(url).read("records/prompts.jsonl") or b""
    Objects(url).write("records/prompts.jsonl", content.replace(b"question 3", b"question 4"))
    with pytest.raises(RunCorrupt, match=r"is not what was made:\n.*prompts\.jsonl: expected"):
        machine(tmp_path / "b", url)
    assert not (tmp_path / "b" / "manifest.jsonl").exists()
    Objects(url).write("manifest.jsonl", b"{}\n")
    with pytest.raises(RunCorrupt, match="does not decode"):
        machine(tmp_path / "c", url)


def test_places_are_those_of_each_machine(url: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "model").mkdir(parents=True)
    first = f'policy = "{tmp_path}/a/model"\n'
    opened(machine(tmp_path / "a" / "run", url), None, first)
    assert not [name for name in Objects(url).sizes() if str(tmp_path).encode() in (Objects(url).read(name) or b"")]
    second = f'policy = "{tmp_path}/b/model"\n'
    run = opened(machine(tmp_path / "b" / "run", url), None, second)
    assert run.settings_text == second


def test_what_was_paid_goes_along(url: str, tmp_path: Path) -> None:
    mirror = machine(tmp_path / "a", url)
    spending = Spending(costs_of(tmp_path / "a"), None)
    run = opened(mirror, None)
    spending.say("paid", "12 $")
    add(run, "prompts", *runs.PROMPTS)
    machine(tmp_path / "b", url)
    assert Spending(costs_of(tmp_path / "b"), None).said("paid") == "12 $"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"


def test_commands_read_a_url(
    url: str, tmp_path: Path, lab: Lab, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.make_run(tmp_path / "a" / "run", lab, mirror=machine(tmp_path / "a" / "run", url))
    assert main(["show", url, "prompts", "--limit", "1"]) == 0
    assert "question 0" in capsys.readouterr().out
    assert not (copy_of(url) / "models" / "sft" / "model.safetensors").exists()
    bundle = str(tmp_path / "bundle.zip")
    assert main(["evidence", "build", url, "-o", bundle, "--home", str(lab.root)]) == 0
    assert (copy_of(url) / "models" / "sft" / "model.safetensors").exists()
    key = tmp_path / "lab.pub"
    key.write_bytes(lab.signer.public.pem)
    capsys.readouterr()
    codes, said = [], []
    for place in (url, str(tmp_path / "a" / "run"), f"{url}/measurements.jsonl"):
        codes.append(main(["verify", place, "--key", str(key)]))
        said.append(capsys.readouterr().out)
    assert codes[0] == codes[1] != codes[2]
    checks = [text.partition("\n")[2] for text in said]
    assert checks[0] == checks[1] and "✓ model.signature" in checks[0]
    assert (copy_of(f"{url}/measurements.jsonl")).is_file()


def test_copying_there_and_back(url: str, tmp_path: Path, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    run = runs.make_run(tmp_path / "run", lab)
    assert main(["copy", str(run.path), url]) == 0
    assert main(["copy", url, str(tmp_path / "back")]) == 0
    assert tree(tmp_path / "back") == tree(run.path)
    Run.open(tmp_path / "back", lab=lab).file_finding("leak", {"found": 0})
    assert main(["copy", str(tmp_path / "back"), url]) == 0
    assert "findings/leak.json" in Objects(url).sizes()
    assert main(["copy", str(tmp_path), str(run.path)]) == 2
    assert "name one of each" in capsys.readouterr().err


def test_whoever_wrote_a_finding_last_is_right(url: str, tmp_path: Path, lab: Lab) -> None:
    first = opened(machine(tmp_path / "a", url), lab)
    add(first, "prompts", *runs.PROMPTS)
    first.file_finding("leak", {"found": 1})
    with first.lock():
        pass
    second = opened(machine(tmp_path / "b", url), lab)
    second.file_finding("leak", {"found": 2})
    with second.lock():
        pass
    again = opened(machine(tmp_path / "a", url), lab)  # nothing was written here since
    assert again.findings() == second.findings() != {}
    assert set(tree(tmp_path / "a")) == set(tree(tmp_path / "b")) == set(Objects(url).sizes())
    assert sum(name.endswith(".statement") for name in Objects(url).sizes()) == 1


def test_errors_of_a_store_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="fsspec cannot open nowhere://x"):
        Objects("nowhere://x")
    with pytest.raises(UsageError, match="names no run"):
        copy_of("s3://")
    assert Objects(f"file://{tmp_path}/nothing/there").sizes() == {}
    assert main(["show", f"memory://{tmp_path.name}-none/run", "prompts"]) == 2
    assert "holds no run" in capsys.readouterr().err

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("Unable to locate credentials")

    store = Objects(f"memory://{tmp_path.name}")
    for name in ("find", "cat_file", "pipe_file", "put_file"):
        monkeypatch.setattr(store._files, name, refuse)
    (tmp_path / "file").write_text("x")
    for act in (
        store.sizes,
        lambda: store.read("a"),
        lambda: store.write("a", b""),
        lambda: store.put("a", tmp_path / "file"),
    ):
        with pytest.raises(ObjectError, match=rf"cannot \w+ memory://{tmp_path.name}.*Unable to locate credentials"):
            act()


def test_what_is_a_url() -> None:
    assert objects.is_url("s3://bucket/run") and objects.is_url("file:///tmp/run")
    assert not any(map(objects.is_url, ("runs/one", "/tmp/run", "C:\\run", "a b://c")))


def test_another_lab_does_not_go_on(url: str, tmp_path: Path, lab: Lab) -> None:
    add(opened(machine(tmp_path / "a", url), lab), "prompts", *runs.PROMPTS)
    other = Lab.open(tmp_path / "home")
    with pytest.raises(RunCorrupt, match="same lab"):
        opened(machine(tmp_path / "b", url), other).finished("prompts")
