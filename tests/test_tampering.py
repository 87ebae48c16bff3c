"""The tamper matrix: every change, in every place of a real run and bundle, is caught by the check that names it.

The writers and the verifier share no code. The auditor's keys and policy come from outside what is checked. What is out
of scope stands in docs/threats.md.
"""

import base64
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bylaw import verify
from bylaw.evidence.build import Wishes, build
from bylaw.ledger.log import Log
from bylaw.ledger.note import Vkey, cosign
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from runs import make_run

WITNESS = LocalSigner.generate()


class Auditor:
    """One who has keys and a policy from elsewhere."""

    def __init__(self, lab: Lab, witness: bool = False) -> None:
        self.keys = [lab.signer.public.pem]
        self.policy = f"log {lab.vkey}\nquorum none\n".encode()
        if witness:
            vkey = Vkey.of("w.example", WITNESS.public, 0x04)
            self.policy = f"log {lab.vkey}\nwitness w {vkey}\nquorum w\n".encode()

    def check(self, path: Path) -> verify.Report:
        return verify.verify(str(path), keys=self.keys, policy=self.policy)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab.open(tmp_path_factory.mktemp("lab") / "home")


@pytest.fixture(scope="module")
def made(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, its bundle, and an older run of the same lab."""
    root = tmp_path_factory.mktemp("made")
    make_run(root / "older", lab, weights=b"\x07" * 4000)
    make_run(root / "tiny", lab)
    build([root / "tiny"], root / "bundle", lab)
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    for name in ("tiny", "bundle", "older"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path


def edit(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content and old != new
    path.write_bytes(content.replace(old, new, 1))


def flip(path: Path, at: int = -20) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def resigned(path: Path, at: int = -20) -> None:
    """Another character of the signature's base64, and still base64."""
    content = bytearray(path.read_bytes())
    content[at] = ord("B" if content[at] == ord("A") else "A")
    path.write_bytes(content)


def lines(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def payload(path: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    """Change what a signed envelope says, and leave its signature."""
    envelope = json.loads(path.read_bytes())
    said = json.loads(base64.b64decode(envelope["payload"]))
    change(said)
    envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    path.write_text(json.dumps(envelope, separators=(",", ":")) + "\n")


def test_untouched_it_holds(place: Path, lab: Lab) -> None:
    for name in ("tiny", "bundle"):
        report = Auditor(lab).check(place / name)
        assert report.code == 0, report.lines()


IN_A_RUN: dict[str, tuple[Callable[[Path], object], str]] = {
    "byte flipped in a model": (lambda run: flip(run / "models/final/model.safetensors"), "model."),
    "model file renamed": (lambda r: (r / "models/sft/config.json").rename(r / "models/sft/konfig.json"), "model."),
    "model file deleted": (lambda run: (run / "models/sft/config.json").unlink(), "model."),
    "file added to a model": (lambda run: (run / "models/final/more.bin").write_bytes(b"x"), "model."),
    "empty file added": (lambda run: (run / "models/final/empty").write_bytes(b""), "model."),
    ".gitattributes added": (lambda run: (run / "models/final/.gitattributes").write_text("x"), "model."),
    ".git/hook added": (
        lambda run: [(run / "models/final/.git").mkdir(), (run / "models/final/.git/h").touch()],
        "model.",
    ),
    "symbolic link added": (lambda run: (run / "models/final/link").symlink_to("config.json"), "model."),
    "older signed model": (
        lambda run: [
            shutil.rmtree(run / "models/final"),
            shutil.copytree(run.parent / "older/models/final", run / "models/final"),
        ],
        "model.files",
    ),
    "supervised model as the final one": (
        lambda run: [shutil.rmtree(run / "models/final"), shutil.copytree(run / "models/sft", run / "models/final")],
        "model.files",
    ),
    "constitution edited": (lambda run: edit(run / "constitution.toml", b"title", b"titel"), "lineage.document"),
    "settings edited": (lambda run: edit(run / "run.toml", b"seed = 0", b"seed = 1"), "lineage.document"),
    "label flipped": (lambda run: edit(run / "records/labels.jsonl", b'"second"', b'"first" '), "records.digest"),
    "row dropped": (lambda run: lines(run / "records/prompts.jsonl", lambda rows: rows[1:]), "records.digest"),
    "row inserted": (lambda run: lines(run / "records/labels.jsonl", lambda rows: [rows[0], *rows]), "records.digest"),
    "rows reordered": (lambda run: lines(run / "records/labels.jsonl", lambda rows: rows[::-1]), "records.digest"),
    "row appended": (lambda run: lines(run / "records/labels.jsonl", lambda rows: [*rows, rows[0]]), "records.digest"),
    "figure edited": (lambda run: edit(run / "measurements.jsonl", b"0.1", b"0.0"), "measurements.digest"),
    "manifest edited": (
        lambda run: lines(run / "manifest.jsonl", lambda rows: [r.replace(b'"seed":0', b'"seed":1') for r in rows]),
        "manifest.line",
    ),
    "what was started edited": (
        lambda run: edit(run / "manifest.jsonl", b'"started","stage":"label"', b'"started","stage":"lebal"'),
        "manifest.line",
    ),
    "file added": (lambda run: (run / "approved.txt").write_text("by the board"), "file.extra"),
    "statement dropped": (lambda run: (run / "statements/label.json").unlink(), "manifest.line"),
    "statement of another stage": (
        lambda run: shutil.copy(run / "statements/compare.json", run / "statements/label.json"),
        "statement.stage",
    ),
    "statement of another run": (
        lambda run: shutil.copy(run.parent / "older/statements/optimise.json", run / "statements/optimise.json"),
        "manifest.line",
    ),
    "judge swapped in a statement": (
        lambda run: payload(
            run / "statements/label.json",
            lambda said: said["predicate"]["buildDefinition"]["resolvedDependencies"][0].update(name="x"),
        ),
        "statement.signature",
    ),
    "counts edited": (
        lambda run: payload(
            run / "statements/sft.json",
            lambda said: said["predicate"]["buildDefinition"]["internalParameters"].update(counts=None),
        ),
        "statement.signature",
    ),
    "proof truncated": (
        lambda run: lines(run / "proofs/label.tlog-proof", lambda rows: [*rows[:2], *rows[3:]]),
        "proof.",
    ),
    "proof of another stage": (
        lambda run: shutil.copy(run / "proofs/compare.tlog-proof", run / "proofs/label.tlog-proof"),
        "proof.",
    ),
    "checkpoint edited": (lambda run: resigned(run / "proofs/label.tlog-proof"), "log.signature"),
}


@pytest.mark.parametrize("what", IN_A_RUN)
def test_in_a_run(place: Path, lab: Lab, what: str) -> None:
    change, check = IN_A_RUN[what]
    change(place / "tiny")
    report = Auditor(lab).check(place / "tiny")
    assert report.code == 4 and any(name.startswith(check) for name in report.failed), report.lines()
    assert "internal" not in report.failed


def test_a_finding_in_a_run_is_the_one_that_was_signed(lab: Lab, tmp_path: Path) -> None:
    make_run(tmp_path / "seen", lab).file_finding("audit", {"findings": ["many"]})
    report = Auditor(lab).check(tmp_path / "seen")
    assert report.code == 0 and report.state("finding.") == "✓", report.lines()
    edit(tmp_path / "seen/findings/audit.json", b"many", b"none")
    assert "finding.format" in Auditor(lab).check(tmp_path / "seen").failed  # its statement is of another digest


RUN = Path("runs/tiny")
IN_A_BUNDLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "byte flipped": (lambda bundle: flip(bundle / RUN / "measurements.jsonl"), "file.digest"),
    "file renamed": (lambda bundle: (bundle / RUN / "run.toml").rename(bundle / RUN / "other.toml"), "container"),
    "file deleted": (lambda bundle: (bundle / RUN / "samples/evaluate-sft.json").unlink(), "file.missing"),
    "file added": (lambda bundle: shutil.copy(bundle / RUN / "run.toml", bundle / "reports"), "container"),
    "symbolic link": (lambda bundle: (bundle / RUN / "link").symlink_to("run.toml"), "container"),
    "index edited": (
        lambda b: payload(b / "bundle.json", lambda said: said["predicate"].update(limits=[])),
        "index.signature",
    ),
    "key id edited": (lambda bundle: edit(bundle / "bundle.json", b'"keyid":"', b'"keyid":"0'), "index."),
    "space in the index": (lambda bundle: edit(bundle / "bundle.json", b'"payload":', b'"payload": '), "index.format"),
    "statement replayed": (
        lambda b: shutil.copy(b / RUN / "statements/compare.json", b / RUN / "statements/label.json"),
        "file.digest",
    ),
    "sample exchanged": (
        lambda b: edit(b / RUN / "samples/evaluate-final.json", b'"index": ', b'"index": 1'),
        "samples.",
    ),
    "proof dropped": (lambda bundle: (bundle / RUN / "proofs/label.tlog-proof").unlink(), "file.missing"),
}


@pytest.mark.parametrize("what", IN_A_BUNDLE)
def test_in_a_bundle(place: Path, lab: Lab, what: str) -> None:
    (place / "bundle/reports").mkdir(exist_ok=True)
    change, check = IN_A_BUNDLE[what]
    change(place / "bundle")
    report = Auditor(lab).check(place / "bundle")
    assert report.code == 4 and any(name.startswith(check) for name in report.failed), report.lines()
    assert "internal" not in report.failed


def test_another_labs_bundle_is_not_this_labs(place: Path, tmp_path: Path) -> None:
    report = Auditor(Lab.open(tmp_path / "elsewhere")).check(place / "bundle")
    assert report.code == 4 and {"index.signature", "statement.signature", "log.signature"} <= set(report.failed)


def test_without_keys_and_policy_nothing_is_trusted(place: Path) -> None:
    report = verify.verify(str(place / "bundle"), keys=[], policy=None)
    assert report.code == 5 and not report.failed


def test_a_witness_is_asked_for_and_counted(lab: Lab, tmp_path: Path) -> None:
    make_run(tmp_path / "seen", lab)
    build([tmp_path / "seen"], tmp_path / "before", lab)
    assert "log.quorum" in Auditor(lab, witness=True).check(tmp_path / "before").failed
    with Log.open(lab.ledger) as log:
        text = (lab.ledger / "checkpoint").read_text().partition("\n\n")[0] + "\n"
        log.cosign(str(cosign(text, "w.example", WITNESS, int(time.time()))))
    (tmp_path / "policy").write_bytes(Auditor(lab, witness=True).policy)
    build([tmp_path / "seen"], tmp_path / "after", lab, Wishes(policy=tmp_path / "policy"))
    report = Auditor(lab, witness=True).check(tmp_path / "after")
    assert report.code == 0, report.lines()
    # Without the witness in the policy, nobody has vouched for what the bundle calls witnessed.
    assert "claims.level" in Auditor(lab).check(tmp_path / "after").failed


def test_two_histories_of_one_ledger_are_a_fork(made: Path, lab: Lab, tmp_path: Path) -> None:
    """The insider with keys: two logs of one name and size, both validly signed."""
    shutil.copytree(lab.root, tmp_path / "forked")
    twin = Lab.open(tmp_path / "forked")
    make_run(tmp_path / "one", lab)
    # Other weights: two logs of the same entries, made in the same second, are one log.
    make_run(tmp_path / "two", twin, weights=b"\x01" * 5000)
    build([tmp_path / "one"], tmp_path / "b", lab)
    mixed = tmp_path / "one/proofs/label.tlog-proof"
    shutil.copy(tmp_path / "two/proofs/label.tlog-proof", mixed)
    report = Auditor(lab).check(tmp_path / "one")
    assert report.code == 4 and "log.fork" in report.failed
    assert Auditor(lab).check(tmp_path / "two").code == 0  # alone, each looks whole: what witnesses are for
