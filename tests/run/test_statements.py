"""A run's statements: signed, entered, and checked before anything is read."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bylaw import settings, storage
from bylaw.errors import LedgerError, RunCorrupt, RunError, SigningError, UsageError
from bylaw.ledger.entries import StatementEntry, decode, encode
from bylaw.ledger.note import Vkey, cosign
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import Proof
from bylaw.lineage.lab import KeySettings, Lab, LabSettings
from bylaw.records import Label, Measurement, Prompt, Revision, Sample
from bylaw.run import Run
from bylaw.run.handout import Handout, draw_seed, drawn
from bylaw.signing import LocalSigner
from runs import PROMPTS, make_run

AT = "2026-11-24T12:00:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("whole")
    make_run(root / "run", Lab.open(root / "lab"))
    return root / "run", root / "lab"


@pytest.fixture
def run(made: tuple[Path, Path], tmp_path: Path) -> Run:
    """A copy to spoil."""
    shutil.copytree(made[0], tmp_path / "run")
    return Run.open(tmp_path / "run", lab=Lab.open(made[1]))


def payload(run: Run, stage: str) -> dict[str, dict[str, dict[str, object]]]:
    envelope = json.loads((run.path / f"statements/{stage}.json").read_text())
    said: dict[str, dict[str, dict[str, object]]] = json.loads(base64.b64decode(envelope["payload"]))
    return said


def test_every_stage_says_what_it_made_from_what(run: Run) -> None:
    said = payload(run, "label")
    build = said["predicate"]["buildDefinition"]
    read = {each["name"]: each["digest"] for each in build["resolvedDependencies"]}  # type: ignore[attr-defined]
    assert set(read) == {"run.toml", "constitution.toml", "statements/compare.json", "constitution", "judge", "bylaw"}
    assert read["judge"] == {"dirHash": "a" * 64}
    assert build["internalParameters"]["counts"] == {"taken": 12, "made": 12, "dropped": {}}  # type: ignore[index]
    assert build["externalParameters"] == {"stage": "label", "settings": {"temperature": 1.0}}
    assert said["subject"][0]["annotations"]["rows"]["count"] == 12  # type: ignore[index]
    trained = payload(run, "sft")["predicate"]["buildDefinition"]["internalParameters"]
    assert trained["counts"] == {"taken": 12, "made": 11, "dropped": {"over_length": 1}}  # type: ignore[index]


def test_what_does_not_add_up_is_no_stage(run: Run, tmp_path: Path) -> None:
    fresh = Run.create(tmp_path / "other", "seed = 0\n", "# none\n")
    with fresh.lock(), pytest.raises(RunError, match="does not add up"), fresh.stage("respond") as stage:
        stage.count(5, 3, too_long=1)
    with fresh.lock(), pytest.raises(RunError, match="odd, which is no reason"), fresh.stage("respond") as stage:
        stage.count(5, 4, odd=1)


def test_statements_are_in_the_ledger(run: Run, made: tuple[Path, Path]) -> None:
    lab = Lab.open(made[1])
    handout = Handout(run.path, lab)
    policy = Policy.unwitnessed(Vkey.parse(lab.vkey))
    indexes = []
    for stage in handout.finished:
        entry = handout.files()[f"proofs/{stage}.entry"]
        proof = Proof.parse((run.path / f"proofs/{stage}.tlog-proof").read_bytes())
        proof.check(entry, policy)
        indexes.append(proof.index)
        assert isinstance(decode(entry), StatementEntry)
    assert indexes == sorted(set(indexes))


def test_a_lost_note_is_found_again_and_nothing_is_entered_twice(run: Run, made: tuple[Path, Path]) -> None:
    lab, note = Lab.open(made[1]), run.path / "proofs/label.entry"
    before, size = note.read_text(), lab.enter([]).start
    note.unlink()
    with run.lock():
        assert note.read_text() == before
    note.write_text("0\n")  # another statement's place
    with run.lock():
        run.prove()
    assert note.read_text() == before and lab.enter([]).start == size
    assert Proof.parse((run.path / "proofs/label.tlog-proof").read_bytes()).index == int(before)


def test_a_stage_that_was_killed_before_its_finished_line_is_entered_again(tmp_path: Path) -> None:
    """No finished stage lacks its entry, so no later key has to vouch for it."""
    lab = Lab.open(tmp_path / "lab")
    run = make_run(tmp_path / "run", lab)
    lines = run.manifest.path.read_bytes().splitlines(keepends=True)
    run.manifest.path.write_bytes(b"".join(lines[:-1]))
    lab.rotate()
    going_on = Run.open(run.path, lab=lab)
    with going_on.lock():
        assert not going_on.finished("evaluate-final")
        with going_on.stage("evaluate-final", {"model": going_on.model_digest("final")}):
            pass
        going_on.prove()
    assert going_on.finished("evaluate-final") and going_on.finished("label")


WITNESS, OTHER = LocalSigner.generate(), LocalSigner.generate()


def test_a_proof_that_a_witness_has_cosigned_stays_and_one_with_a_forged_line_does_not(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path / "lab")
    run = make_run(tmp_path / "run", lab)
    vkey = Vkey.of("w.example", WITNESS.public, 0x04)
    (lab.root / "policy").write_text(f"log {lab.vkey}\nwitness w {vkey}\nquorum w\n")
    storage.write_text(lab.root / "lab.toml", settings.dumps(LabSettings(policy="policy")))
    path, lab = run.path / "proofs/label.tlog-proof", Lab.open(lab.root)
    text = (lab.ledger / "checkpoint").read_text().partition("\n\n")[0] + "\n"
    for signer, name, stays in ((OTHER, "x.example", False), (OTHER, "w.example", False), (WITNESS, "w.example", True)):
        proof = path.read_bytes()
        line = cosign(text, name, signer, 1_790_000_000)
        path.write_bytes(proof + str(line).encode())
        spoilt = path.read_bytes()
        lab.enter([encode(StatementEntry(at=AT, statement=f"sha256:{'0' * 64}", predicate="https://a.example/b"))])
        with Run.open(run.path, lab=lab).lock():
            Run.open(run.path, lab=lab).prove()
        assert (path.read_bytes() == spoilt) is stays
        text = Proof.parse(path.read_bytes()).checkpoint.decode().partition("\n\n")[0] + "\n"


def replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def drop_line(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[number]
    path.write_bytes(b"".join(lines))


def insert_line(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:number], lines[0], *lines[number:]]))


def swap_lines(path: Path) -> None:
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))


TAMPERING: dict[str, tuple[Callable[[Path], None], type, str]] = {
    "label flipped": (lambda run: replace(run / "records/labels.jsonl", b'"second"', b'"first" '), Label, "row 0"),
    "row changed": (lambda run: replace(run / "records/revisions.jsonl", b"ANSWER", b"ANSWIR"), Revision, "row 0"),
    "row dropped": (lambda run: drop_line(run / "records/prompts.jsonl", 4), Prompt, "row 4"),
    "row inserted": (lambda run: insert_line(run / "records/prompts.jsonl", 3), Prompt, "row 3"),
    "rows swapped": (lambda run: swap_lines(run / "records/samples.jsonl"), Sample, "row 0"),
    "figure changed": (lambda run: replace(run / "measurements.jsonl", b"0.1", b"0.0"), Measurement, "row 0"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_no_changed_row_is_read_and_it_is_named(run: Run, how: str) -> None:
    spoil, type, said = TAMPERING[how]
    spoil(run.path)
    with pytest.raises(RunCorrupt, match=rf"jsonl: {said} \(of 12|jsonl: {said} \(of 1\)"):
        list(run.read(type))


def test_no_changed_model_is_loaded(run: Run) -> None:
    assert run.verified_model("final") == run.path / "models/final"
    (run.path / "models/final/added").write_text("x")
    with pytest.raises(RunCorrupt, match="models/final: expected"):
        run.verified_model("final")


def test_an_older_signed_model_in_the_newer_ones_place_is_caught(run: Run) -> None:
    shutil.rmtree(run.path / "models/final")
    shutil.copytree(run.path / "models/sft", run.path / "models/final")
    with pytest.raises(RunCorrupt, match="models/final: expected"):
        run.verified_model("final")


def test_a_changed_manifest_is_not_believed(run: Run) -> None:
    replace(run.path / "manifest.jsonl", b'"seed":0', b'"seed":1')
    lines = run.path / "manifest.jsonl"
    content = lines.read_bytes().replace(b'"seed":0', b'"seed":1')
    lines.write_bytes(content)
    with pytest.raises(RunCorrupt, match="say different things of stage label"):
        run.finished("label")


@pytest.mark.parametrize("how", ["missing", "of another stage", "of another lab", "not signed"])
def test_a_statement_that_is_not_the_labs_stops_the_run(run: Run, tmp_path: Path, how: str) -> None:
    path = run.path / "statements/label.json"
    if how == "missing":
        path.unlink()
    elif how == "of another stage":
        shutil.copy(run.path / "statements/compare.json", path)
    elif how == "of another lab":
        make_run(tmp_path / "other", Lab.open(tmp_path / "elsewhere"))
        shutil.copy(tmp_path / "other/statements/label.json", path)
    else:
        path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | {"signatures": []}))
    with pytest.raises(RunCorrupt, match="label"):
        list(run.read(Label))


def test_a_key_that_was_retired_still_counts(run: Run, made: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(made[1], tmp_path / "lab")
    lab = Lab.open(tmp_path / "lab")
    old = lab.signer.public
    record, index = lab.rotate()
    assert lab.signer.public.id != old.id and [key.id for key in lab.trusted] == [lab.signer.public.id, old.id]
    entry = encode(StatementEntry(at=AT, statement=f"sha256:{'0' * 64}", predicate="https://bylaw.dev/rotation/v1"))
    assert record.is_file()
    with pytest.raises(LedgerError, match="is another one"):
        lab.prove(index, entry)
    assert Run.open(run.path, lab=Lab.open(tmp_path / "lab")).finished("label")


def test_keys_never_lie_in_a_run(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path / "run/lab")
    with pytest.raises(SigningError, match="lies inside"):
        Run.create(tmp_path / "run", "seed = 0\n", "# none\n", lab=lab)


def test_a_command_can_sign(tmp_path: Path) -> None:
    keys = Lab.open(tmp_path / "keys")
    script = tmp_path / "sign.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom bylaw.signing import LocalSigner\n"
        f"key = LocalSigner.load(Path({str(keys.root / 'keys/statements.pem')!r}))\n"
        "sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))\n"
    )
    import sys

    how = KeySettings(command=f"{sys.executable} {script}", public=str(keys.root / "keys/statements.pem.pub"))
    Lab.create(tmp_path / "lab", LabSettings(statements=how))
    lab = Lab.open(tmp_path / "lab")
    assert lab.signer.public.id == keys.signer.public.id
    with pytest.raises(UsageError, match="rotate its key there"):
        lab.rotate()
    run = Run.create(tmp_path / "run", "seed = 0\n", "# none\n", lab=lab)
    with run.lock(), run.stage("prompts") as stage:
        stage.add(*PROMPTS)
    assert run.finished("prompts")


def test_draws_follow_from_the_checkpoint_alone() -> None:
    assert drawn(b"\x00" * 32, 100, 5) == drawn(b"\x00" * 32, 100, 5)
    assert sorted(drawn(b"\x00" * 32, 3, 5)) == [0, 1, 2]
    proof = b"c2sp.org/tlog-proof@v1\nindex 0\n\norigin\n1\nroot\n\n\xe2\x80\x94 origin sig\n"
    other = proof.replace(b"sig", b"gis")
    assert draw_seed(proof, "label") == draw_seed(other, "label") != draw_seed(proof, "compare")
