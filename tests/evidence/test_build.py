"""Bundles: what is in them, what is left out, and that nothing private is."""

import base64
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.errors import MalformedError, RunCorrupt, RunError, UsageError
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


def boxed(payload: bytes) -> bytes:
    """An index that nobody has signed."""
    kind, signed = "application/vnd.in-toto+json", [{"sig": "AAAA", "keyid": "0" * 64}]
    said = {"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": signed}
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def test_the_card_says_what_was_not_checked(run: Path, lab: Lab, tmp_path: Path) -> None:
    said = card(build([run], tmp_path / "b", lab)).partition("When this card was made these were not checked: ")[2]
    names = said.partition(";")[0].split(", ")
    assert {"index.signature", "statement.signature", "log.quorum"} <= {*names} and "file.digest" not in names


def replaced(content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / "bundle.json").write_bytes(content)


def zip_of(root: Path, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(root.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, str(file.relative_to(root)))
    root.with_suffix(".zip").write_bytes(change(root.with_suffix(".zip").read_bytes()))
    return root.with_suffix(".zip")


IN_A_DIRECTORY: list[tuple[str, Callable[[Path], object]]] = [
    *(("index.format", replaced(boxed(each))) for each in (b"null", b"[]", b"7", b"\xff", b"[" * 10**5)),
    ("index.format", replaced(b"{}")),
    ("file.extra", lambda root: (root / "runs/tiny/reward.toml").touch()),
    ("file.digest", lambda root: (root / "runs/tiny/run.toml").write_text("seed = 9\n")),
    ("container", lambda root: (root / "more").symlink_to("bundle.json")),
    ("container", lambda root: os.mkfifo(root / "pipe")),
    ("container", lambda root: os.truncate(root / "runs/tiny/run.toml", 3 << 30)),
    ("validity", lambda root: None),
]


def refused(line: list[str], name: str, capsys: pytest.CaptureFixture[str]) -> bool:
    done = main(line)
    said = capsys.readouterr()
    return done == 4 and not said.out and said.err.startswith(f"bylaw: error: {name}: ")


@pytest.mark.parametrize(("name", "act"), IN_A_DIRECTORY, ids=[f"{n}-{i}" for i, (n, _) in enumerate(IN_A_DIRECTORY)])
def test_what_does_not_hold_is_neither_published_nor_put_on_a_card(
    run: Path, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, act: Callable[[Path], object]
) -> None:
    until = "2026-01-01T00:00:00Z" if name == "validity" else None
    bundle = build([run], tmp_path / "b", lab, Wishes(valid_until=until))
    act(bundle)
    assert refused(["evidence", "card", str(bundle)], name, capsys)
    line = ["evidence", "publish", str(bundle), "-o", str(tmp_path / "site"), "--home", str(lab.root)]
    assert refused(line, name, capsys)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"#!/bin/sh\n" + data,
        lambda data: data + b"x",
        lambda data: data[:6] + b"\1" + data[7:],
        lambda data: data.replace(b"PK\1\2\x14\3\x14\0", b"PK\1\2\x14\3\x63\0", 1),
        lambda data: data[:50] + b"\xff" * 40 + data[90:],
    ],
    ids=["polyglot", "trailing", "encrypted", "version", "garbage"],
)
def test_a_zip_that_does_not_hold_is_neither_published_nor_put_on_a_card(
    run: Path, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[bytes], bytes]
) -> None:
    bundle = zip_of(build([run], tmp_path / "b", lab), change)
    assert refused(["evidence", "card", str(bundle)], "container", capsys)
    line = ["evidence", "publish", str(bundle), "-o", str(tmp_path / "site"), "--home", str(lab.root)]
    assert refused(line, "container", capsys)


def test_only_a_bundle_is_put_on_a_card(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(["evidence", "card", str(run)], "bundle", capsys)


def test_rows_that_are_none_are_refused_in_words(run: Path, lab: Lab, tmp_path: Path) -> None:
    bundle = Bundle(build([run], tmp_path / "b", lab))
    bundle.files |= {"runs/tiny/measurements.jsonl": b"[]\n", "runs/tiny/run.toml": b"\xff"}
    with pytest.raises(MalformedError, match="a row is no Measurement"):
        bundle.measurements("tiny")
    with pytest.raises(MalformedError, match=r"run.toml of tiny is not UTF-8"):
        bundle.settings("tiny")


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
