"""Bundles: what is in them, what is left out, and that nothing private is."""

import json
import zipfile
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.errors import RunCorrupt, RunError, UsageError
from bylaw.evidence.build import Wishes, build
from bylaw.evidence.card import card
from bylaw.evidence.index import Decision
from bylaw.evidence.reading import Bundle
from bylaw.lineage.lab import Lab
from bylaw.run import Run
from runs import make_run


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab.open(tmp_path_factory.mktemp("lab") / "home")


@pytest.fixture(scope="module")
def run(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "tiny"
    made = make_run(path, lab)
    made.file_finding("leak", {"findings": []})
    return path


def test_a_bundle_says_what_was_made_measured_and_not_run(run: Path, lab: Lab, tmp_path: Path) -> None:
    decision = Decision(text="Released inside the lab.", by=("A. Person",), at="2026-11-24T12:00:00Z")
    bundle = Bundle(build([run], tmp_path / "bundle.zip", lab, Wishes(decision=decision, limits=("Only English.",))))
    said = bundle.predicate
    assert said.runs == ("tiny",) and said.decision == decision and "Only English." in said.limits
    assert set(said.not_run) == {"tiny.audit", "tiny.stress"}
    kinds = {claim.kind: claim for claim in said.claims}
    assert set(kinds) == {
        "root", "lineage", "ledger", "constitution", "model", "measurements", "samples", "report",
    }  # fmt: skip
    assert {claim.level for claim in said.claims} == {"self-attested"}
    assert kinds["root"].because == tuple(claim.id for claim in said.claims[1:] if claim.kind != "report")
    assert len(bundle.samples("tiny")) == 15 and len(bundle.measurements("tiny")) == 3
    assert said.clauses["tiny.samples"] and said.clauses["tiny.report.leak"]


def test_no_training_row_and_no_weight_is_handed_out(run: Path, lab: Lab, tmp_path: Path) -> None:
    with zipfile.ZipFile(build([run], tmp_path / "b.zip", lab)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"ANSWER TO" in each or b"\x00" * 100 in each for each in content.values())
    assert not any(b"PRIVATE KEY" in each for each in content.values())


def test_a_zip_and_a_directory_hold_the_same(run: Path, lab: Lab, tmp_path: Path) -> None:
    one, other = build([run], tmp_path / "b.zip", lab), build([run], tmp_path / "b", lab)
    same = {path: content for path, content in Bundle(one).files.items() if path != "bundle.json"}
    assert same == {path: content for path, content in Bundle(other).files.items() if path != "bundle.json"}


def test_a_redacted_file_is_gone_and_its_digest_stays(run: Path, lab: Lab, tmp_path: Path) -> None:
    path = "runs/tiny/samples/evaluate-seed.json"
    bundle = Bundle(build([run], tmp_path / "b", lab, Wishes(redact={path: "personal data"})))
    assert path not in bundle.files
    assert [(each.path, each.reason) for each in bundle.predicate.redactions] == [(path, "personal data")]
    assert path in {each["name"] for each in json.loads(bundle.payload)["subject"]}
    with pytest.raises(UsageError, match="no file of this bundle"):
        build([run], tmp_path / "c", lab, Wishes(redact={"nothing": "x"}))


def test_a_bundle_is_superseded_not_overwritten(run: Path, lab: Lab, tmp_path: Path) -> None:
    first = build([run], tmp_path / "one.zip", lab)
    second = Bundle(build([run], tmp_path / "two", lab, Wishes(supersedes=first, valid_until="2027-01-01T00:00:00Z")))
    assert second.predicate.supersedes and second.predicate.valid_until == "2027-01-01T00:00:00Z"
    with pytest.raises(UsageError, match="superseded, not overwritten"):
        build([run], first, lab)


def test_only_whole_and_unchanged_runs_give_evidence(lab: Lab, tmp_path: Path) -> None:
    unfinished = Run.create(tmp_path / "new", "seed = 0\n", "# none\n", lab=lab)
    with pytest.raises(RunError, match="has not come to its end"):
        build([unfinished.path], tmp_path / "b", lab)
    spoilt = make_run(tmp_path / "spoilt", lab)
    (spoilt.path / "models/sft/config.json").write_text("[]")
    with pytest.raises(RunCorrupt, match="models/sft"):
        build([spoilt.path], tmp_path / "b", lab)
    assert not (tmp_path / "b").exists()


def test_the_card_stands_on_the_bundle(run: Path, lab: Lab, tmp_path: Path) -> None:
    text = card(build([run], tmp_path / "b", lab))
    assert "complies" in text and "10.0 %" in text and "tiny.audit" in text and "no differential privacy" in text


def test_the_command_line_builds_and_says_how_to_check(
    run: Path, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["evidence", "build", str(run), "-o", str(tmp_path / "b.zip"), "--home", str(lab.root)]
    assert main([*line, "--decision", "Go.", "--by", "A", "--redact", "runs/tiny/run.toml=secret path"]) == 0
    assert "bylaw verify" in capsys.readouterr().out
    for more, said in (
        (["--decision", "Go."], "needs --by"),
        (["--redact", "runs/tiny/run.toml"], "say why"),
        (["--valid-until", "tomorrow"], "write it as"),
    ):
        assert main([*line[:-3], str(tmp_path / "c"), *line[-2:], *more]) == 2
        assert said in capsys.readouterr().err
    assert main(["evidence", "card", str(tmp_path / "b.zip")]) == 0
    assert main(["lab", "show", "--home", str(lab.root)]) == 0
    assert "BEGIN PUBLIC KEY" in capsys.readouterr().out
