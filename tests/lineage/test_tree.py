"""One digest of a directory: what a stranger makes with coreutils, and what it refuses to bind."""

import os
import subprocess
from pathlib import Path

import pytest

from bylaw.errors import VerificationError
from bylaw.lineage.tree import SIGNATURE, Hashing, file_digest, tree_digest, tree_files

SHELL = "find . -type f ! -path ./model.sig -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("b.txt", "a/z.txt", "a.txt", "A.txt", "é.txt", "empty", "a b/c  d"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("" if name == "empty" else f"content of {name}")
    return tmp_path


def test_the_shell_finds_the_same_digest(root: Path) -> None:
    (root / SIGNATURE).write_text("not part of it")
    found = subprocess.run(["bash", "-c", SHELL], cwd=root, capture_output=True, text=True, check=True).stdout[:64]
    assert tree_digest(root) == found


@pytest.mark.parametrize("change", ["byte", "rename", "delete", "add", "empty", "git", "signature below"])
def test_every_change_changes_it(root: Path, change: str) -> None:
    before = tree_digest(root)
    if change == "byte":
        (root / "b.txt").write_text("content of c.txt")
    elif change == "rename":
        (root / "b.txt").rename(root / "c.txt")
    elif change == "delete":
        (root / "empty").unlink()
    elif change in ("add", "empty"):
        (root / "more").write_text("x" if change == "add" else "")
    elif change == "git":
        (root / ".gitattributes").write_text("* filter=lfs")
    else:
        (root / "a" / SIGNATURE).write_text("x")
    assert tree_digest(root) != before


def test_names_are_bound_though_the_bytes_are_the_same(tmp_path: Path) -> None:
    for place, names in (("one", ("a.md", "model.safetensors")), ("other", ("b.md", "weights.safetensors"))):
        (tmp_path / place).mkdir()
        for name in names:
            (tmp_path / place / name).write_text(name[-6:])
    assert tree_digest(tmp_path / "one") != tree_digest(tmp_path / "other")


def test_what_no_digest_can_bind_is_refused(root: Path) -> None:
    (root / "link").symlink_to("b.txt")
    with pytest.raises(VerificationError, match="link is a symbolic link"):
        tree_digest(root)
    (root / "link").unlink()
    os.mkfifo(root / "pipe")
    with pytest.raises(VerificationError, match="pipe is no plain file"):
        tree_digest(root)
    (root / "pipe").unlink()
    (root / "a\nb").write_text("x")
    with pytest.raises(VerificationError, match="no line of text can hold"):
        tree_digest(root)


def test_a_known_digest_is_not_read_again(root: Path) -> None:
    files = tree_files(root)
    assert tree_files(root, {"b.txt": "0" * 64}) == files | {"b.txt": "0" * 64}


def test_a_file_is_hashed_while_it_is_written(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        hashing = Hashing(file)
        hashing.write(b"one ")
        hashing.write(memoryview(b"two"))
    assert hashing.hexdigest() == file_digest(tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"one two"
