"""``bylaw ledger``: a lab, a witness and an auditor at the command line."""

import json
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.errors import VerificationError
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import Proof

ENTRY = {"kind": "measurement.v1", "at": "2026-11-24T08:00:00Z", "name": "harmless"}
ENTRY |= {"measurement": "sha256:" + "a" * 64, "model": "sha256:" + "b" * 64}


def bylaw(*words: object) -> int:
    return main(["ledger", *map(str, words)])


@pytest.fixture
def lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path, str]:
    """(log, its key's file, its verifier key)."""
    log, key = tmp_path / "log", tmp_path / "keys" / "log"
    assert bylaw("init", log, "--origin", "lab.example/ledger", "--key", key, "--new-key") == 0
    return log, key, capsys.readouterr().out.strip()


def test_from_an_entry_to_a_proof_that_a_stranger_checks(
    lab: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, key, vkey = lab
    lines = tmp_path / "entries.jsonl"
    lines.write_text("".join(json.dumps(ENTRY | {"name": f"m{number}"}) + "\n" for number in range(3)))
    assert bylaw("append", log, lines) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["0", "1", "2"]
    assert bylaw("checkpoint", log, "--key", key) == 0
    witness = ["witness", log, "--name", "w.example", "--state", tmp_path / "w", "--log-key", vkey]
    witness += ["--key", tmp_path / "keys" / "w"]
    capsys.readouterr()
    assert bylaw(*witness, "--new-key", "--show-key") == 0
    witness_key = capsys.readouterr().out.strip()
    assert bylaw(*witness) == 0
    (tmp_path / "cosignature").write_text(capsys.readouterr().out)
    assert bylaw("checkpoint", log, "--cosignature", tmp_path / "cosignature") == 0
    assert capsys.readouterr().out.count("— ") == 2
    assert bylaw("prove", log, 1, "-o", tmp_path / "p.tlog-proof", "--entry", tmp_path / "entry") == 0
    policy = tmp_path / "policy"
    policy.write_text(f"log {vkey}\nwitness w {witness_key}\nquorum w\n")
    proof = Proof.parse((tmp_path / "p.tlog-proof").read_bytes())
    verdict = proof.check((tmp_path / "entry").read_bytes(), Policy.load(policy))
    assert (verdict.checkpoint.size, list(verdict.witnesses)) == (3, ["w"])
    with pytest.raises(VerificationError):
        proof.check(b"another", Policy.load(policy))
    assert bylaw("monitor", log, "--state", tmp_path / "m", "--policy", policy, "--entries") == 0
    said = capsys.readouterr().out
    assert "grew from 0; 3 measurement.v1; 1 witnesses" in said
    assert "1\tmeasurement.v1\t" in said


def test_a_monitor_says_what_does_not_fit_with_exit_code_4(
    lab: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, key, vkey = lab
    (tmp_path / "one").write_bytes(b"one")
    assert bylaw("append", log, "--raw", "--no-sync", tmp_path / "one", tmp_path / "one") == 0
    assert bylaw("checkpoint", log, "--key", key) == 0
    follow = ["monitor", log, "--state", tmp_path / "m", "--log-key", vkey]
    assert bylaw(*follow) == 0
    assert "2 opaque" in capsys.readouterr().out
    bundle = log / "tile" / "entries" / "000.p" / "2"
    bundle.write_bytes(bundle.read_bytes().replace(b"one", b"two"))
    assert bylaw("monitor", log, "--state", tmp_path / "fresh", "--log-key", vkey) == 4
    assert "entries: entry 0 is not the one" in capsys.readouterr().err
    assert bylaw("prove", log, 0) == 4


def test_wrong_requests_are_told(
    lab: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, key, vkey = lab
    wrong = tmp_path / "wrong.jsonl"
    for line in ("{", json.dumps(ENTRY | {"name": "Jane Doe"}), json.dumps(ENTRY | {"note": "hello"})):
        wrong.write_text(line)
        assert bylaw("append", log, wrong) == 2
        assert f"{wrong}:1: this is no entry" in capsys.readouterr().err
    assert bylaw("checkpoint", log) == 2
    assert "a private key's file, or a signing command" in capsys.readouterr().err
    inside = log / "key"
    assert bylaw("checkpoint", log, "--key", inside, "--new-key") == 1
    assert not inside.exists()
    assert bylaw("init", log, "--origin", "x", "--key", key) == 1
    assert bylaw("prove", log, 0) == 2
    assert bylaw("monitor", log, "--state", tmp_path / "m", "--log-key", vkey[:-1]) == 2
    assert bylaw("append", tmp_path / "nowhere", wrong) == 1
