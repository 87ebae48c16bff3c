"""Objects in S3, over HTTP: there whole or not at all, whatever becomes of the line in the middle of a write."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.cli.away import copy_of
from bylaw.errors import ObjectError
from bylaw.lineage.lab import Lab
from bylaw.objects import Objects
from bylaw.run import Run
from object_store import BUCKET, Line, serving
from runs import make_run

PART = 5 << 20
"""Bytes of the smallest part that S3 takes of an object that is sent in parts."""


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with serving() as line:
        yield line


@pytest.fixture
def store(line: Line, tmp_path: Path) -> Iterator[Objects]:
    yield Objects(f"{BUCKET}/{tmp_path.name}")
    line.mend()


def test_an_object_is_written_read_listed_and_removed(store: Objects, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    store.write("a/b.json", b"{}")
    store.put("a/c/file", tmp_path / "file")
    store.put("a/c/file", tmp_path / "file")
    assert store.sizes() == {"a/b.json": 2, "a/c/file": 5}
    store.get("a/c/file", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == b"12345" and store.read("a/b.json") == b"{}"
    assert store.is_file("a/b.json") and not store.is_file("a/c")
    store.remove("a/b.json")
    store.remove("a/b.json")
    assert store.read("a/b.json") is None and store.sizes() == {"a/c/file": 5}
    with pytest.raises(FileNotFoundError):
        store.get("a/b.json", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_bucket_that_is_not_there_is_told(line: Line) -> None:
    nowhere = Objects("s3://no-such-bucket/run")
    assert nowhere.sizes() == {} and nowhere.read("a") is None
    with pytest.raises(ObjectError, match=r"cannot write s3://no-such-bucket/run/a: .*bucket"):
        nowhere.write("a", b"x")


def test_what_was_there_stays_where_a_write_is_broken_off(store: Objects, line: Line, tmp_path: Path) -> None:
    store.write("model", b"before")
    (tmp_path / "model").write_bytes(b"x" * 3_000_000)
    line.cut_after(1_000_000)
    with pytest.raises(ObjectError, match=f"cannot write {store.url}/model"):
        store.put("model", tmp_path / "model")
    with pytest.raises(ObjectError, match=f"cannot list {store.url}"):
        store.sizes()
    line.mend()
    assert store.sizes() == {"model": 6} and store.read("model") == b"before"
    store.put("model", tmp_path / "model")
    assert store.sizes() == {"model": 3_000_000}


def test_an_object_sent_in_parts_is_there_with_its_last_part(
    store: Objects, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """s3fs sends 100 MB and more in parts of 50 MB; here they are as small as S3 takes them."""
    monkeypatch.setattr("s3fs.core.calculate_chunksize", lambda *args, **kwargs: PART)
    (tmp_path / "model").write_bytes(b"x" * (2 * PART + 1))
    line.cut_after(PART + PART // 2)
    with pytest.raises(ObjectError, match=f"cannot write {store.url}/model"):
        store.put("model", tmp_path / "model")
    line.mend()
    assert store.sizes() == {}
    store.put("model", tmp_path / "model")
    assert store.sizes() == {"model": 2 * PART + 1}


def test_a_read_that_is_broken_off_leaves_no_file(store: Objects, line: Line, tmp_path: Path) -> None:
    store.write("model", b"x" * 3_000_000)
    line.cut_after(0)
    with pytest.raises(ObjectError, match=f"cannot read {store.url}/model"):
        store.get("model", tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_commands_on_a_run_in_s3(
    store: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sent, shown, looked through, checked and brought back, all by its URL."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lab = Lab.open(tmp_path / "home")
    url, run = f"{store.url}/run", make_run(tmp_path / "run", lab)
    assert main(["copy", str(run.path), url]) == 0
    assert main(["show", url, "prompts", "--limit", "1"]) == 0
    assert "question 0" in capsys.readouterr().out
    assert not list(copy_of(url).rglob("*.safetensors")), "the weights stay where they are"
    assert main(["report", url]) == 0
    assert Path(capsys.readouterr().out.strip()) == copy_of(url) / "report" / "index.html"
    assert main(["audit", url, "--home", str(lab.root)]) == 0
    assert "findings/audit.json" in Objects(url).sizes()
    key = tmp_path / "lab.pub"
    key.write_bytes(lab.signer.public.pem)
    capsys.readouterr()
    checked = [
        (main(["verify", place, "--key", str(key)]), capsys.readouterr().out.partition("\n")[2])
        for place in (url, str(run.path))
    ]
    assert checked[0][0] == checked[1][0]
    assert "✓ model.signature" in checked[0][1]
    assert main(["copy", url, str(tmp_path / "back")]) == 0
    assert set(Run.open(tmp_path / "back", lab=lab).findings()) == {"audit"}
