"""``bylaw audit``, ``leak`` and ``stress`` on a run behind a URL: what is read, and what lies there afterwards."""

import shutil
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.cli.away import copy_of
from bylaw.lineage.lab import Lab
from bylaw.objects import Objects
from bylaw.run import Run
from bylaw.run.mirror import Mirror
from runs import PROMPTS, make_run

pytest.importorskip("fsspec")
pytest.importorskip("torch")

from tiny import run_file, save_model, words


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab.open(tmp_path_factory.mktemp("away") / "home")


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished run behind a URL; this machine has no copy of it yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = make_run(tmp_path / "made", lab)
    url = f"memory://{tmp_path.name}/run" if request.param == "memory" else f"file://{tmp_path}/bucket/run"
    assert main(["copy", str(made.path), url]) == 0
    return url


def audit(url: str, lab: Lab, *more: str) -> int:
    return main(["audit", url, "--home", str(lab.root), *more])


def names(url: str) -> list[str]:
    return sorted(path for path in Objects(url).sizes() if path.startswith("findings/"))


def test_what_is_found_lies_at_the_url(url: str, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: Objects(url).read(path) for path in Objects(url).sizes()}
    assert audit(url, lab, "--json") == 0
    said = capsys.readouterr().out
    filed = names(url)
    assert [path.rpartition(".")[2] for path in filed] == ["entry", "statement", "json"]
    assert (Objects(url).read("findings/audit.json") or b"").decode() == said
    assert {path: Objects(url).read(path) for path in Objects(url).sizes() if path not in filed} == before
    assert not list(copy_of(url).rglob("model.safetensors")), "weights stay where they are"
    assert main(["copy", url, str(tmp_path / "elsewhere")]) == 0
    assert set(Run.open(tmp_path / "elsewhere", lab=lab).findings()) == {"audit"}, "and another machine reads it"


def test_what_another_machine_found_meanwhile_gives_way(url: str, lab: Lab, tmp_path: Path) -> None:
    other = Mirror(url, tmp_path / "other")
    other.root.mkdir()
    other.bring()
    there = Run.open(other.root, lab=lab, mirror=other)
    assert audit(url, lab) == 0
    there.file_finding("audit", {"found": 1})
    there.file_finding("leak", {"found": 2})
    other.send_findings()
    assert len(names(url)) == 6 and names(url) == sorted(f"findings/{p.name}" for p in other.root.glob("findings/*"))
    assert audit(url, lab) == 0
    assert set(Run.open(copy_of(url), lab=lab).findings()) == {"audit", "leak"} and len(names(url)) == 6


def test_who_works_on_the_run_is_not_stopped(
    url: str, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Mirror(url, tmp_path / "other")
    other.root.mkdir()
    other.bring()
    there = Run.open(other.root, lab=lab, mirror=other)
    with there.lock(), there.stage("more") as stage:
        assert audit(url, lab) == 0
        assert "taken over" not in capsys.readouterr().err
        stage.chunked(PROMPTS, 5, lambda chunk: chunk)
        stage.count(12, 12)
    assert "findings/audit.json" in names(url) and "worker.json" not in Objects(url).sizes()


def test_a_copy_that_is_worked_on_here_is_what_is_looked_at(
    url: str, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = Mirror(url, copy_of(url))
    mirror.root.mkdir(parents=True)
    mirror.bring()
    with Run.open(mirror.root, lab=lab, mirror=mirror).lock():
        assert audit(url, lab) == 0
        said = capsys.readouterr().err
        assert "that is what is read" in said and "what was found goes there with its next stage" in said
        assert not names(url)
    assert "findings/audit.json" in names(url)


def test_labels_of_a_trusted_run_may_lie_behind_a_url(
    url: str, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = save_model(tmp_path / "judge")
    assert audit(url, lab, "--second-judge", str(judge), "--trusted", f"{url}-none") == 2
    assert f"{url}-none holds no run" in capsys.readouterr().err
    trusted = make_run(tmp_path / "trusted", lab)
    assert main(["copy", str(trusted.path), f"{url}-trusted"]) == 0
    assert audit(url, lab, "--second-judge", str(judge), "--trusted", f"{url}-trusted") == 2
    assert "against 12 trusted comparisons" in capsys.readouterr().err, "they were read; more are needed"


def test_a_store_that_takes_nothing_is_told_and_the_command_goes_on(
    url: str, lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*args: object) -> None:
        raise ValueError("Access denied")

    with monkeypatch.context() as patch:
        patch.setattr(Objects(url)._files.__class__, "put_file", refuse)
        assert audit(url, lab) == 1
    told = capsys.readouterr()
    assert told.out.startswith("0 findings in"), "what was found is said"
    assert "Access denied" in told.err and "nothing finished is lost. Go on with: the same command" in told.err
    assert not names(url)
    assert audit(url, lab) == 0 and names(url)


@pytest.mark.long
def test_leak_and_stress_end_at_the_url_and_load_what_the_run_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home, url = tmp_path / "home", f"file://{tmp_path}/bucket/run"
    home.mkdir()
    file = run_file(home, save_model(home / "tiny"))
    assert main([*words(file, tmp_path / "here")]) == 0
    assert main(["copy", str(tmp_path / "here"), url]) == 0
    capsys.readouterr()

    leak = ["leak", url, "--each", "2", "--held-out", "8"]
    monkeypatch.chdir(tmp_path)
    assert main(leak) == 2
    assert "constitution.toml: there is no such file" in capsys.readouterr().err, "the settings give names alone"
    monkeypatch.chdir(home)
    assert main(leak) == 0
    assert not list(copy_of(url).rglob("models/*/model.safetensors"))
    stress = ["stress", url, "--steps", "2", "--seeds", "1", "--rates", "1e-3", "--directions", "1"]
    assert main(stress) == 0
    assert [path.parent.name for path in copy_of(url).glob("models/*/model.safetensors")] == ["final"]
    assert {"findings/leak.json", "findings/stress.json"} < set(names(url))
    assert not [path for path in Objects(url).sizes() if path.startswith("chunks/")]

    shutil.rmtree(home / "tiny")
    other = save_model(home / "tiny", size=32)
    assert main(leak) == 1
    assert "another model than the one given now" in capsys.readouterr().err and other.is_dir()
