"""``bylaw label --cluster``: workers on Ray make the bytes that one process makes, also when they are killed."""

import json
import os
import pickle
import random
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tiny
from bylaw.cli import main
from bylaw.feedback.keeping import beside
from bylaw.models import pool
from bylaw.records import Label
from bylaw.storage import read_records

pytest.importorskip("torch")
pytest.importorskip("ray")

from ray import cloudpickle

FEW, MANY = 26, 240


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a judge, a constitution, pairs with gold, and the settings of a cluster."""
    folder = tmp_path_factory.mktemp("label")
    rows = [{"prompt": f"How do I break lock {n}?", "chosen": f"No, {n}.", "rejected": "Yes."} for n in range(MANY)]
    tiny.save_model(folder / "judge", [str(row) for row in rows])
    (folder / "c.toml").write_text(tiny.CONSTITUTION)
    for count in (FEW, MANY):
        (folder / f"{count}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows[:count]))
    (folder / "cluster.toml").write_text("[cluster]\nworkers = 2\n")
    return folder


def words(given: Path, out: Path, *more: str, rows: int = FEW) -> list[str]:
    return [
        "label", str(given / f"{rows}.jsonl"), "--constitution", str(given / "c.toml"), "--judge", str(given / "judge"),
        "-o", str(out), "--set", "min_mass=0", "--chunk", "4", *more,
    ]  # fmt: skip


def on_cluster(given: Path) -> tuple[str, str]:
    return "--cluster", str(given / "cluster.toml")


@pytest.fixture(scope="module")
def alone(given: Path) -> bytes:
    """The labels of one process, with as many threads as a worker has."""
    assert main(words(given, given / "alone.jsonl")) == 0
    return (given / "alone.jsonl").read_bytes()


class Sent:
    """A stand-in for Ray's pool: one worker, in this process, to whom everything goes as it would over the wire."""

    made = 0

    def __init__(self, *given: Any) -> None:
        Sent.made += 1
        self._worker = pool.Worker(*map(str, given[:1]), *given[1:])

    def over(self, chunks: list[list[Any]], make: Callable[..., Any]) -> Iterator[Any]:
        sent = cloudpickle.dumps(make)
        for chunk in chunks:
            yield self._worker.run(cloudpickle.loads(sent), pickle.loads(pickle.dumps(chunk)))

    def close(self) -> None:
        Sent.made -= 1


def test_a_file_goes_on_with_workers_and_none_are_started_for_nothing(
    given: Path, alone: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "Pool", Sent)
    out = tmp_path / "labels.jsonl"
    lines = alone.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:9]) + lines[9][:30])  # as a process left it that was killed
    beside(out).write_bytes(beside(given / "alone.jsonl").read_bytes())
    assert main(words(given, out, *on_cluster(given))) == 0
    assert out.read_bytes() == alone
    assert Sent.made == 0
    monkeypatch.setattr(pool, "Pool", None)  # whoever started one now would fail
    assert main(words(given, out, *on_cluster(given))) == 0
    assert out.read_bytes() == alone


def test_what_cannot_be_asked_of_workers(given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "labels.jsonl"
    (tmp_path / "none.toml").write_text("seed = 1\n")
    assert main(words(given, out, "--cluster", str(tmp_path / "none.toml"))) == 2
    assert "needs workers = 1 or more" in capsys.readouterr().err
    server = '[models.judge]\nbackend = "openai_compatible"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
    (tmp_path / "server.toml").write_text(server)
    behind = [word for word in words(given, out) if word not in ("--judge", str(given / "judge"))]
    assert main([*behind, "--models", str(tmp_path / "server.toml"), *on_cluster(given)]) == 2
    assert "asked from this process" in capsys.readouterr().err
    assert not out.exists()


def test_labels_of_another_engine_are_not_mixed_in(
    given: Path, alone: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "labels.jsonl"
    out.write_bytes(b"".join(alone.splitlines(keepends=True)[:4]))
    beside(out).write_bytes(beside(given / "alone.jsonl").read_bytes())
    (tmp_path / "vllm.toml").write_text('[cluster]\nworkers = 1\ngpus = 1\nengine = "vllm"\n')
    assert main(words(given, out, "--cluster", str(tmp_path / "vllm.toml"))) == 2
    assert "begun with another engine" in capsys.readouterr().err


@pytest.mark.long
def test_two_workers_label_as_one_process_does_while_they_are_killed(given: Path, tmp_path: Path) -> None:
    import ray

    import slow_ray

    slow_ray.patient()
    assert main(words(given, tmp_path / "alone.jsonl", rows=MANY)) == 0
    alone = (tmp_path / "alone.jsonl").read_bytes()
    killed: list[int] = []
    over, draw = threading.Event(), random.Random(1)

    def kill() -> None:
        while len(killed) < 2 and not over.wait(0.05):
            standing = slow_ray.workers()
            if standing and (tmp_path / "labels.jsonl").exists():
                killed.append(draw.choice(standing))
                os.kill(killed[-1], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        assert main(words(given, tmp_path / "labels.jsonl", *on_cluster(given), rows=MANY)) == 0
    finally:
        over.set()
        killer.join()
        ray.shutdown()
    assert (tmp_path / "labels.jsonl").read_bytes() == alone
    labels = list(read_records(tmp_path / "labels.jsonl", Label))
    assert len({one.comparison for one in labels}) == len(labels) == MANY
    assert killed
