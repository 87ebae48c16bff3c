"""``kill -9`` while bundles are built: what was said to be there is there and verifies, and no torn one is."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bylaw import verify
from bylaw.lineage.lab import Lab
from runs import make_run

BUILDER = """
import os, sys
from pathlib import Path
from bylaw.evidence.build import build
from bylaw.lineage.lab import Lab
root, first = Path(sys.argv[1]), int(sys.argv[2])
lab = Lab.open(root / "lab")
for number in range(first, 10**9):
    os.write(1, b"begin %d\\n" % number)
    build([root / "tiny"], root / "bundles" / (f"{number}.zip" if number % 2 else f"{number}"), lab)
    os.write(1, b"made %d\\n" % number)
"""


def kill_builder(root: Path, first: int, delay: float) -> int:
    """Start one, kill it ``delay`` seconds after it began; the number of the bundle it was at."""
    command = [sys.executable, "-c", BUILDER, str(root), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout
        lines = [builder.stdout.readline()]
        assert lines == [f"begin {first}\n"]
        time.sleep(delay)
        builder.send_signal(signal.SIGKILL)
        lines += builder.stdout.readlines()
    return first + sum(line.startswith("made") for line in lines)


@pytest.mark.long
def test_killed_a_few_times(tmp_path: Path) -> None:
    lab, draw, first = Lab.open(tmp_path / "lab"), random.Random(1), 0
    make_run(tmp_path / "tiny", lab)
    bundles, keys, policy = tmp_path / "bundles", [lab.signer.public.pem], f"log {lab.vkey}\nquorum none\n".encode()
    for _ in range(5):
        at = kill_builder(tmp_path, first, draw.uniform(0, 1))
        shown = {each.stem: each for each in bundles.glob("[0-9]*")}
        assert {str(number) for number in range(at)} <= set(shown) <= {str(number) for number in range(at + 1)}
        assert [verify.verify(each, keys, policy).code for each in shown.values()] == [0] * len(shown)
        first = len(shown)
