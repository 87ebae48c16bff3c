"""The verbs that look at a finished run: audit, leak, stress; what they file is handed out with the evidence."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from bylaw.cli import audit, main, parser
from bylaw.leak.findings import read
from bylaw.lineage.lab import Lab
from bylaw.lineage.oms import sign_directory
from bylaw.lineage.tree import tree_digest
from bylaw.run import Run
from bylaw.signing import P256, LocalSigner
from runs import make_run

pytest.importorskip("torch")

from tiny import run_file, save_model, words


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("findings")
    file = run_file(root, save_model(root / "tiny"))
    assert main(words(file, root / "run")) == 0
    return root / "run"


def test_an_audit_says_what_it_tested_and_what_it_could_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make_run(tmp_path / "made", Lab.open(tmp_path / "lab"))
    home = ["--home", str(tmp_path / "lab")]
    assert main(["audit", str(made.path), *home]) == 0
    said = capsys.readouterr().out
    assert said.startswith("0 findings in") and "flips: it needs labels, a second judge" in said
    assert main(["audit", str(made.path), "--json", *home]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(made.findings()["audit"])
    assert main(["audit", str(made.path), "--second-judge", "x", *home]) == 2
    assert main(["leak", str(tmp_path / "nothing")]) == 1


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one lab, a judge that a key of its own has signed, and that key, each by its name."""
    root = tmp_path_factory.mktemp("judges")
    for name in ("made", "trusted"):
        make_run(root / name, Lab.open(root / "lab"))
    key = LocalSigner.generate(P256)
    sign_directory(save_model(root / "judge"), "judge", key)
    (root / "judge.pub").write_bytes(key.public.pem)
    return root


def line_of(judges: Path, judge: Path, key: Path) -> list[str]:
    run, home, trusted = (str(judges / name) for name in ("made", "lab", "trusted"))
    asked = ["--second-judge", str(judge), "--trusted", trusted, "--trusted-key", str(key)]
    return ["audit", run, "--home", home, *asked]


def test_a_second_judge_is_held_to_its_signature_before_it_is_loaded(
    judges: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge, key = shutil.copytree(judges / "judge", tmp_path / "judge"), judges / "judge.pub"
    assert main(line_of(judges, judge, judges / "lab/keys/statements.pem.pub")) == 4
    assert "made by none of the 1 trusted keys" in capsys.readouterr().err
    (judge / "config.json").write_text("{}")
    assert main(line_of(judges, judge, key)) == 4
    assert "config.json" in capsys.readouterr().err
    (judge / "model.sig").unlink()
    assert main(line_of(judges, judge, key)) == 4
    assert "only models that are signed are used" in capsys.readouterr().err
    assert not (judges / "made/findings").exists()


def test_the_finding_names_the_second_judge_by_its_content(judges: Path) -> None:
    args = parser().parse_args(line_of(judges, judges / "judge", judges / "judge.pub"))
    second = audit.second_judge(Run.open(judges / "made"), args)
    judge, watched = audit.besides(second)
    assert (judge.name, judge.digest) == ("second judge", {"dirHash": tree_digest(judges / "judge")})
    assert watched.digest == {"sha256": Run.open(judges / "trusted").digest("label")}


@pytest.mark.parametrize("verb", ["audit", "leak", "stress"])
def test_what_was_tampered_with_is_not_looked_at(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make_run(tmp_path / "made", Lab.open(tmp_path / "lab"))
    line = [verb, str(made.path), "--home", str(tmp_path / "lab")]
    for name in ("evaluate-final", "label"):
        path = made.path / f"statements/{name}.json"
        path.write_text("{}")
        assert main(line) == 1
    assert f"statements/{'evaluate-final' if verb == 'stress' else 'label'}.json: envelope" in capsys.readouterr().err
    assert main([*line[:2], "--home", str(tmp_path / "elsewhere")]) == 1
    assert not (made.path / "findings").exists()


def test_a_run_that_nobody_signed_is_looked_at_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_run(tmp_path / "made", Lab.open(tmp_path / "lab"))
    for name in ("statements", "proofs"):
        shutil.rmtree(made.path / name)
    assert main(["audit", str(made.path)]) == 0
    assert "is not signed" in capsys.readouterr().err
    assert [path.name for path in (made.path / "findings").iterdir()] == ["audit.json"]


@pytest.mark.long
def test_a_leak_test_is_planned_entered_and_filed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = Lab.open(Path(os.environ["BYLAW_HOME"]))
    line = ["leak", str(run), "--each", "2", "--held-out", "8"]
    assert main(line) == 0
    printed = capsys.readouterr()
    assert "the canary plan is entry" in printed.err and "no differential privacy" in printed.out
    found = read(Run.open(run).findings()["leak"])
    assert set(found.before) == {"sft", "final"} and found.after is not None
    assert {one.count for one in found.after.canaries} == {0, 1, 2, 4, 16}
    assert not list(run.rglob("*.pem")) and list((lab.root / "canaries").iterdir())


@pytest.mark.long
def test_a_stress_test_is_filed_and_goes_into_the_evidence(run: Path, tmp_path: Path) -> None:
    line = ["stress", str(run), "--steps", "2", "--seeds", "1", "--rates", "1e-3", "--directions", "1"]
    assert main(line) == 0
    assert main(["audit", str(run)]) == 0
    assert {"audit", "stress"} <= set(Run.open(run).findings())
    assert main(["evidence", "build", str(run), "-o", str(tmp_path / "b.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert {"reports/run.audit.json", "reports/run.stress.json"} <= set(archive.namelist())
