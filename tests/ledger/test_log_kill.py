"""``kill -9`` at any moment of an append or a checkpoint: nothing acknowledged is lost, nothing else is accepted."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledgers import ORIGIN, VKEY, naive_root

from bylaw.ledger.checkpoint import open_checkpoint
from bylaw.ledger.log import Log
from bylaw.ledger.monitor import Monitor
from bylaw.ledger.note import Vkey
from bylaw.ledger.policy import Policy
from bylaw.ledger.stores import DirectoryStore
from bylaw.signing import LocalSigner

WRITER = """
import os, sys
from pathlib import Path
from bylaw.ledger import log as module
from bylaw.ledger.log import Log
from bylaw.signing import LocalSigner
root, key, every, sync = Path(sys.argv[1]), LocalSigner.load(Path(sys.argv[2])), int(sys.argv[3]), sys.argv[4] == "sync"
module.ROLL = 20_000
with Log.open(root, sync=sync) as log:
    os.write(1, b"open %d\\n" % log.size)
    for number in range(1, 10**9):
        first = log.size
        log.append([b"entry %d" % index for index in range(first, first + 70)])
        os.write(1, b"appended %d\\n" % log.size)
        if number % every == 0:
            log.checkpoint(key)
            os.write(1, b"signed %d\\n" % log.size)
"""


def kill_writer(root: Path, key: Path, every: int, sync: str, delay: float) -> tuple[int, int]:
    """Start a writer, kill it ``delay`` seconds after it began; the sizes it had acknowledged and signed last."""
    command = [sys.executable, "-c", WRITER, str(root), str(key), str(every), sync]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        lines = [writer.stdout.readline()]
        assert lines[0].startswith("open"), "the writer refused to go on"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.read().splitlines()
    sizes = {"open": 0, "appended": 0, "signed": 0}
    for line in lines:
        word, size = line.split()
        sizes[word] = int(size)
    return max(sizes["open"], sizes["appended"]), sizes["signed"]


def run(tmp_path: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    root, key, signer = tmp_path / "log", tmp_path / "key", LocalSigner.generate()
    signer.save(key)
    vkey: Vkey = Log.create(root, ORIGIN, signer.public)
    assert vkey.name == VKEY.name
    monitor = Monitor(DirectoryStore(root), Policy.unwitnessed(vkey), tmp_path / "state")
    signed = 0
    for _ in range(kills):
        every = draw.choice([1, 3, 1000])
        delay = draw.choice([0.0, draw.uniform(0, 0.05), draw.uniform(0, 0.3)])
        appended, now_signed = kill_writer(root, key, every, draw.choice(["sync", "no"]), delay)
        signed = max(signed, now_signed)
        if (root / "checkpoint").exists():  # what the world sees right after the kill
            sight = monitor.look()
            assert sight.verdict.checkpoint.size >= signed
        with Log.open(root) as log:
            assert log.size >= appended
            assert log.size % 70 == 0, "a part of a batch was entered"
            size = log.size
    with Log.open(root) as log:
        checkpoint = open_checkpoint(log.checkpoint(signer), vkey)[1]
    assert checkpoint.size == size
    assert checkpoint.root == naive_root([b"entry %d" % index for index in range(size)])
    monitor.look()


def test_killed_a_few_times(tmp_path: Path) -> None:
    run(tmp_path, 4, 1)


@pytest.mark.long
def test_killed_a_hundred_times(tmp_path: Path) -> None:
    run(tmp_path, 100, 2)
