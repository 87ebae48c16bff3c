"""The auditor, who trusts none of our code: an environment with cryptography alone, keys handed over apart."""

import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path

import pytest

from bylaw import verify
from bylaw.evidence.build import build
from bylaw.lineage.lab import Lab
from runs import make_run

NEEDED = ("cryptography", "cffi", "_cffi_backend", "pycparser")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has cryptography and nothing else."""
    root = tmp_path_factory.mktemp("clean")
    venv.create(root / "env", symlinks=True)
    there = Path(sysconfig.get_path("purelib"))
    here = next((root / "env/lib").glob("python*/site-packages"))
    for found in there.iterdir():
        if found.name.split(".")[0].split("-")[0] in NEEDED:
            (shutil.copytree if found.is_dir() else shutil.copy)(found, here / found.name)
    return root / "env/bin/python"


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What reaches the auditor: a bundle one way, keys and a policy another."""
    root = tmp_path_factory.mktemp("handed")
    lab = Lab.open(root / "lab")
    make_run(root / "tiny", lab)
    build([root / "tiny"], root / "bundle.zip", lab)
    (root / "apart").mkdir()
    (root / "apart/lab.pub").write_bytes(lab.signer.public.pem)
    (root / "apart/policy").write_text(f"log {lab.vkey}\nquorum none\n")
    return root


def audited(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(str(verify.__file__), folder / "verify.py")
    line = [str(python), "-I", str(folder / "verify.py"), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=folder)


def test_the_clean_environment_has_none_of_our_code(python: Path) -> None:
    done = subprocess.run([str(python), "-I", "-c", "import bylaw"], capture_output=True, check=False)
    assert done.returncode == 1 and b"No module named 'bylaw'" in done.stderr


def test_the_bundle_holds_with_one_file_and_keys_from_elsewhere(python: Path, handed: Path, tmp_path: Path) -> None:
    apart = ["--key", str(handed / "apart/lab.pub"), "--policy", str(handed / "apart/policy")]
    done = audited(python, tmp_path, str(handed / "bundle.zip"), *apart)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ lineage.chain" in done.stdout and "✗" not in done.stdout
    bare = audited(python, tmp_path, str(handed / "bundle.zip"))
    assert bare.returncode == 5 and "not checked" in bare.stdout


def test_keys_that_come_with_the_bundle_are_refused(python: Path, handed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(handed / "bundle.zip") as archive:
        archive.extractall(tmp_path / "bundle")
    shutil.copy(handed / "apart/lab.pub", tmp_path / "bundle/lab.pub")
    done = audited(python, tmp_path, str(tmp_path / "bundle"), "--key", str(tmp_path / "bundle/lab.pub"))
    assert done.returncode == 2 and "elsewhere" in done.stderr


def test_an_insider_with_keys_can_tell_another_story_until_it_is_witnessed(handed: Path, tmp_path: Path) -> None:
    """What docs/threats.md says: a whole run made anew verifies; put beside what others have seen, it does not."""
    shutil.copytree(handed / "lab", tmp_path / "lab")
    lab = Lab.open(tmp_path / "lab")
    make_run(tmp_path / "tiny", lab, weights=b"\x05" * 3000)
    build([tmp_path / "tiny"], tmp_path / "story.zip", lab)
    keys, policy = [lab.signer.public.pem], f"log {lab.vkey}\nquorum none\n".encode()
    assert verify.verify(str(tmp_path / "story.zip"), keys=keys, policy=policy).code == 0
    witnessed = f"log {lab.vkey}\nwitness w w.example+00000000+none\nquorum w\n".encode()
    with pytest.raises(verify.Refused):
        verify.verify(str(tmp_path / "story.zip"), keys=keys, policy=witnessed)


BUILD = """
import sys
from pathlib import Path
from bylaw.evidence.build import build
from bylaw.lineage.lab import Lab
print("ready", flush=True)
build([Path(sys.argv[1])], Path(sys.argv[2]), Lab.open(Path(sys.argv[3])))
"""


@pytest.mark.long
def test_a_build_that_is_killed_leaves_no_bundle_or_a_whole_one(handed: Path, tmp_path: Path) -> None:
    lab = Lab.open(handed / "lab")
    keys, policy = [lab.signer.public.pem], f"log {lab.vkey}\nquorum none\n".encode()
    rng, whole = random.Random(1), 0
    for number in range(20):
        out = tmp_path / f"{number}.zip"
        line = [sys.executable, "-c", BUILD, str(handed / "tiny"), str(out), str(handed / "lab")]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, env=os.environ.copy())
        assert process.stdout and process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if out.exists():
            whole += 1
            assert verify.verify(str(out), keys=keys, policy=policy).code == 0
    assert whole < 20
    assert verify.verify(str(build([handed / "tiny"], tmp_path / "end.zip", lab)), keys=keys, policy=policy).code == 0
