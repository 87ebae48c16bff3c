"""Whole runs held against what they say of themselves: labels made again, rows left out, models from a hub."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bylaw import verify
from bylaw.cli import main
from bylaw.leak.findings import read
from bylaw.lineage.lab import Lab
from bylaw.lineage.tree import tree_digest
from bylaw.run import Run
from bylaw.signing import P256, LocalSigner

pytest.importorskip("torch")

from hub import cached, offline
from tiny import prompt_file, run_file, save_model, words


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "tiny")


def test_labels_come_out_as_they_were_filed_and_what_they_were_held_against_is_said(
    model: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "run"
    assert main(words(run_file(tmp_path, model), out, "revise.rounds=1")) == 0
    capsys.readouterr()
    assert main(["reproduce", str(out), "--chunks", "9"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("11 of 11 labels were made again, 3 of 3 chunks: 11 came out as they were filed; p_first")
    assert "(bound 0.001)\nno bundle was given: " in printed
    bundle = ["reproduce", str(out / "evidence.zip"), "--run", str(out)]
    assert main(bundle) == 0
    assert "the bundle's signature was not checked: no --key was given" in capsys.readouterr().out
    (tmp_path / "lab.pub").write_bytes(Lab.open().signer.public.pem)
    assert main([*bundle, "--key", str(tmp_path / "lab.pub"), "--seed", "1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["labels"] == 11 and said["made_again"] in (3, 4) and (said["chunks"], said["differ"]) == (1, [])
    assert said["largest_difference"] <= said["bound"] == 1e-3 and said["held_against"].startswith("the bundle and its")
    (tmp_path / "stranger.pub").write_bytes(LocalSigner.generate(P256).public.pem)
    assert main([*bundle, "--key", str(tmp_path / "stranger.pub")]) == 4
    assert "index.signature: " in capsys.readouterr().err
    assert main([*bundle, "--chunks", "0"]) == 2 and "ask for one at least" in capsys.readouterr().err
    assert main(bundle[:2]) == 2 and main(["reproduce", str(out), "--key", str(tmp_path / "lab.pub")]) == 2
    other = shutil.copytree(model, tmp_path / "other-judge")
    (other / "README.md").write_text("another directory")
    assert main([*bundle, "--judge", str(other)]) == 1
    assert "was labelled by a judge with digest" in capsys.readouterr().err


def test_every_row_that_is_left_out_is_told(model: Path, tmp_path: Path, capsys: Any) -> None:
    file = run_file(tmp_path, model, **{"leak.secrets": "drop", "optimise.method": "grpo", "optimise.reward": "judge"})
    held_out = "please tell me in plain words how one bakes a loaf of bread in an oven at home"
    rows = [f"My card is 4539 1488 0343 6467, what about {n}?" for n in range(2)] + [held_out]
    with (tmp_path / "helpful.jsonl").open("a") as more:
        more.writelines(json.dumps({"messages": [{"role": "user", "content": row}]}) + "\n" for row in rows)
    prompt_file(tmp_path / "held-helpful.jsonl", [held_out + " then?"])
    assert main(words(file, tmp_path / "run", "revise.rounds=1")) == 0
    printed = capsys.readouterr().out
    assert "optimise: 2 rows hold secrets or personal data, and were left out" in printed
    assert "optimise: 1 rows share a long run of words with an evaluation text, and were left out" in printed
    (stage,) = read(Run.open(tmp_path / "run").findings()["leak"]).before["final"].stages
    assert (stage.rows, stage.kept, stage.dropped) == (14, 11, {"secrets": 2, "overlap": 1})


@pytest.mark.long
def test_a_model_of_the_hub_is_bound_by_its_content(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    cached(offline(monkeypatch, tmp_path / "hub"), model)
    out = tmp_path / "run"
    assert main(words(run_file(tmp_path, model, policy="org/tiny"), out, "revise.rounds=1")) == 0
    finished = Run.open(out).manifest.finished()
    named = {stage: (line.inputs.get("model"), line.inputs.get("judge")) for stage, line in finished.items()}
    assert named["respond"] == (tree_digest(model), None) and named["label"] == (None, tree_digest(model))
    assert not verify.verify(out / "evidence.zip", [Lab.open().signer.public.pem]).failed
    assert main(["reproduce", str(out)]) == 0
