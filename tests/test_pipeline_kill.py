"""``kill -9`` at random moments of a whole run, which is then continued: the same bytes as without it."""

import multiprocessing
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.lineage.tree import file_digest

pytest.importorskip("torch")

from tiny import run_file, save_model, words

# A process forked from one that has loaded the libraries is at work at once: every moment of the run can be hit.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "torch",
        "transformers.models.llama.modeling_llama",
        "transformers.models.auto.modeling_auto",
        "bylaw.pipeline",
        "bylaw.cli.real",
        "bylaw.report.render",
    ]
)


def go(line: Sequence[str]) -> None:
    """One process's work."""
    import torch

    torch.set_num_threads(1)
    sys.exit(main(line))


def started(line: Sequence[str]) -> multiprocessing.process.BaseProcess:
    process = CONTEXT.Process(target=go, args=(line,))
    process.start()
    return process


def made(out: Path) -> dict[str, str]:
    files = [path for name in ("records", "models") for path in sorted((out / name).rglob("*")) if path.is_file()]
    return {str(path.relative_to(out)): file_digest(path) for path in [*files, out / "measurements.jsonl"]}


def finish(line: Sequence[str]) -> float:
    """Run to the end; returns the seconds it took."""
    began = time.monotonic()
    process = started(line)
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - began


@pytest.mark.long
@pytest.mark.parametrize("preset", ["modern", "paper"])
def test_kill_9_at_ten_moments_leaves_the_bytes_of_a_run_that_ran_through(preset: str, tmp_path: Path) -> None:
    file = run_file(tmp_path, save_model(tmp_path / "model"), preset=preset)
    finish(words(file, tmp_path / "first"))  # the first process also waits for the libraries to load
    whole = tmp_path / "whole"
    seconds = finish(words(file, whole))
    assert made(whole) == made(tmp_path / "first")

    draw, kills, number = random.Random(preset), 0, 0
    while kills < 10:
        number += 1
        out = tmp_path / f"killed{number}"
        while kills < 10:
            process = started(words(file, out))
            process.join(draw.uniform(0, seconds))
            if process.exitcode is not None:
                break
            process.kill()
            process.join()
            kills += 1
        finish(words(file, out))
        assert made(out) == made(whole)
        assert not list(out.rglob("*.partial*")) and not list((out / "chunks").iterdir())
