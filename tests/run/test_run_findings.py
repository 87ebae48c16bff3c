"""Findings are signed, entered and of this run; anything else that lies in their folder is refused by name."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bylaw import storage, verify
from bylaw.errors import RunCorrupt
from bylaw.evidence.build import build
from bylaw.lineage.lab import Lab
from bylaw.run import Run
from runs import make_run

REPORT = {"findings": ["none"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one lab, each with a finding."""
    root = tmp_path_factory.mktemp("findings")
    lab = Lab.open(root / "lab")
    for name in ("run", "other"):
        make_run(root / name, lab).file_finding("audit", REPORT | {"of": name})
    return root


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Run:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Run.open(tmp_path / "run", lab=Lab.open(tmp_path / "lab"))


def statement(run: Run) -> Path:
    (found,) = (run.path / "findings").glob("audit.*.statement")
    return found


def test_a_finding_is_signed_and_goes_into_the_bundle(run: Run, tmp_path: Path) -> None:
    assert run.findings()["audit"] == storage.pretty(REPORT | {"of": "run"})
    before = statement(run)
    run.file_finding("audit", REPORT | {"of": "a later look"})
    assert statement(run) != before and b"a later look" in run.findings()["audit"]
    lab = Lab.open(tmp_path / "lab")
    out = build([run.path], tmp_path / "bundle", lab)
    assert (out / "reports/run.audit.json").read_bytes() == run.findings()["audit"]
    keys, policy = [lab.signer.public.pem], f"log {lab.vkey}\nquorum none\n".encode()
    held = verify.verify(out, keys, policy)
    assert held.code == 0 and held.state("finding.", "run") == "✓", "\n".join(held.lines())
    build([run.path.parent / "other"], tmp_path / "others", lab)
    for name in ("json", "statement"):  # both of another run of the same lab
        shutil.copy(tmp_path / f"others/reports/other.audit.{name}", out / f"reports/run.audit.{name}")
    assert {"file.digest", "finding.lineage"} <= set(verify.verify(out, keys, policy).failed)


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def other(run: Run) -> None:
    """The finding of another run of the same lab, whole."""
    shutil.rmtree(run.path / "findings")
    shutil.copytree(run.path.parent / "other/findings", run.path / "findings")


def renamed(run: Run) -> None:
    for path in list((run.path / "findings").iterdir()):
        path.rename(path.with_name(path.name.replace("audit", "leak")))


def another_lab(run: Run) -> None:
    lab = Lab.open(run.path.parent / "elsewhere")
    stranger = make_run(run.path.parent / "strange", lab)
    stranger.file_finding("audit", REPORT | {"of": "run"})
    shutil.copy(statement(stranger), statement(run))


def forgotten(run: Run) -> None:
    """A lab whose ledger is another one: the same keys, and nothing was entered there."""
    lab = run.path.parent / "lab"
    fresh = Lab.open(run.path.parent / "fresh")
    shutil.rmtree(lab / "ledger")
    shutil.copytree(fresh.ledger, lab / "ledger")
    for name in ("ledger.pem", "ledger.pem.pub"):
        shutil.copy(fresh.root / "keys" / name, lab / "keys" / name)


SPOILT: dict[str, tuple[Callable[[Run], object], str]] = {
    "written by hand": (lambda run: put(run.path / "findings/stress.json", b"{}"), "stress.json is not signed"),
    "edited": (lambda run: put(run.path / "findings/audit.json", b"{}"), "audit.json is not signed"),
    "statement gone": (lambda run: statement(run).unlink(), "audit.json is not signed"),
    "statement edited": (lambda run: put(statement(run), b"{}"), "audit.*statement: envelope"),
    "of another run": (other, "audit.json was made from another"),
    "under another name": (renamed, "leak.json has the statement of another report"),
    "signed by another lab": (another_lab, "audit.*statement: signature"),
    "a stage's statement": (
        lambda run: shutil.copy(run.path / "statements/label.json", statement(run)),
        "audit.*statement: finding",
    ),
    "never entered": (forgotten, "audit.*statement is not in the ledger"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_no_other_finding_is_read_or_handed_out(run: Run, tmp_path: Path, how: str) -> None:
    spoil, said = SPOILT[how]
    spoil(run)
    with pytest.raises(RunCorrupt, match=said):
        run.findings()
    if how != "never entered":
        with pytest.raises(RunCorrupt, match=said):
            build([run.path], tmp_path / "bundle", Lab.open(tmp_path / "lab"))
    assert not (tmp_path / "bundle").exists()


def test_without_a_lab_a_finding_is_unsigned_and_no_bundle_takes_it(run: Run, tmp_path: Path) -> None:
    bare = Run.open(run.path)
    bare.file_finding("stress", REPORT)
    assert set(bare.findings()) == {"audit", "stress"}
    with pytest.raises(RunCorrupt, match=r"stress\.json is not signed"):
        build([run.path], tmp_path / "bundle", Lab.open(tmp_path / "lab"))


def test_a_finding_of_a_key_that_was_retired_still_counts(run: Run, tmp_path: Path) -> None:
    Lab.open(tmp_path / "lab").rotate()
    assert run.findings()


class Killed(BaseException):
    """As a process ends."""


def test_a_filing_that_is_killed_leaves_a_finding_with_its_statement(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {name: getattr(storage, name) for name in ("write_bytes", "write_text", "remove")}

    def ending(name: str, steps: Iterator[int], moment: int) -> Callable[..., None]:
        def ends(*args: object) -> None:
            if next(steps) == moment:
                raise Killed
            plain[name](*args)

        return ends

    for moment in itertools.count():
        steps = itertools.count()
        with monkeypatch.context() as patched:
            for name in plain:
                patched.setattr(storage, name, ending(name, steps, moment))
            try:
                run.file_finding("audit", REPORT | {"number": moment})
                break
            except Killed:
                pass
        assert run.findings()
    assert moment > 4
