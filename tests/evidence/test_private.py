"""Nothing that is handed out says where, on what machine or by whom it was made, or holds anybody's data."""

import base64
import getpass
import json
import platform
import socket
import zipfile
from pathlib import Path

import msgspec
import pytest

import runs
from bylaw.cli import main
from bylaw.evidence import samples
from bylaw.evidence.build import build
from bylaw.evidence.reading import Bundle
from bylaw.lineage.lab import Lab
from bylaw.records import Message, Prompt, Sample
from bylaw.run import Run
from bylaw.storage import pretty
from bylaw.verify import verify
from runs import make_run


def sample(asked: str, said: str) -> dict[str, object]:
    made = Sample(
        model="seed",
        subset="harmful",
        temperature=0.0,
        messages=(Message("user", asked),),
        text=said,
        reading="refuses",
    )
    return {"index": 0, "row": msgspec.json.encode(made).decode(), "proof": []}


def test_what_was_asked_and_what_was_said_is_looked_through() -> None:
    files = {
        "runs/a/samples/one.json": pretty({"rows": [sample("My card is 4539 1488 0343 6467.", "Thank you.")]}),
        "runs/a/samples/two.json": pretty(
            {"rows": [sample("Who?", "ada.lovelace@example-mail.org"), sample("A", "b")]}
        ),
        "runs/a/samples/three.json": pretty({"rows": [sample("Who?", "Nobody.")]}),
        "runs/a/measurements.jsonl": b"ada.lovelace@example-mail.org",
    }
    found = samples.personal(files)
    assert {path: why.rpartition(": ")[2] for path, why in found.items()} == {
        "runs/a/samples/one.json": "1 CARD",
        "runs/a/samples/two.json": "1 EMAIL",
    }


def test_drawn_answers_with_personal_data_are_taken_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [Prompt(messages=(Message("user", f"write to ada.lovelace{n}@example-mail.org"),)) for n in range(12)]
    monkeypatch.setattr(runs, "PROMPTS", asked)
    lab = Lab.open(tmp_path / "lab")
    run = make_run(tmp_path / "tiny", lab).path
    line = ["evidence", "build", str(run), "-o", str(tmp_path / "b.zip"), "--home", str(lab.root)]
    assert main(line) == 0
    assert "taken out: runs/tiny/samples/evaluate-seed.json: drawn answers hold" in capsys.readouterr().err
    bundle = Bundle(tmp_path / "b.zip")
    assert {each.path for each in bundle.predicate.redactions} == {
        f"runs/tiny/samples/evaluate-{name}.json" for name in ("seed", "sft", "final")
    }
    assert not any(b"lovelace" in content for content in bundle.files.values())
    report = verify(tmp_path / "b.zip", keys=[lab.signer.public.pem], policy=f"log {lab.vkey}\nquorum none\n".encode())
    assert report.code == 5 and not report.failed


def test_a_key_that_was_retired_is_the_one_its_bundle_is_published_with(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path / "lab")
    run = make_run(tmp_path / "tiny", lab).path
    old, bundle = lab.signer.public, build([run], tmp_path / "b.zip", lab)
    lab.rotate()
    line = ["evidence", "publish", str(bundle), "-o", str(tmp_path / "site"), "--home", str(lab.root)]
    assert main(line) == 0
    assert old.id in (tmp_path / "site/index.html").read_text()


def test_a_bundle_of_another_lab_is_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab = Lab.open(tmp_path / "lab")
    bundle = build([make_run(tmp_path / "tiny", lab).path], tmp_path / "b.zip", lab)
    line = ["evidence", "publish", str(bundle), "-o", str(tmp_path / "site"), "--home", str(tmp_path / "other")]
    assert main(line) == 4
    assert f"is not signed by this lab, but by {lab.signer.public.id[:16]}" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_no_directory_host_or_user_is_in_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from tiny import run_file, save_model, words

    home = tmp_path / "telltale" / "ada"
    home.mkdir(parents=True)
    for name in ("HOME", "USER", "LOGNAME", "HOSTNAME"):
        monkeypatch.setenv(name, str(home) if name == "HOME" else "telltale")
    for place, name in ((socket, "gethostname"), (platform, "node"), (getpass, "getuser")):
        monkeypatch.setattr(place, name, lambda: "telltale")
    out, model = home / "run", save_model(home / "model")
    line = words(run_file(home, model, judge=model), out, f"evaluate.grader={json.dumps(str(model))}")
    assert main(list(line)) == 0
    assert main(["audit", str(out)]) == 0
    assert main(["evidence", "build", str(out), "-o", str(tmp_path / "b.zip")]) == 0
    assert "telltale" in Run.open(out).settings_text
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {path.name: path.read_bytes() for path in (out / "findings").iterdir()}
    enveloped = [name for name in content if name.endswith((".json", ".statement", ".sig"))]
    content |= {f"{name}, opened": _payload(content[name]) for name in enveloped}
    for name, each in content.items():
        assert b"telltale" not in each and str(tmp_path).encode() not in each, name
    assert any(b'"name":"held-harmful.jsonl"' in each for each in content.values())


def _payload(content: bytes) -> bytes:
    """What an envelope holds: its payload is base64."""
    said = json.loads(content)
    return base64.b64decode(said.get("dsseEnvelope", said).get("payload", ""))
