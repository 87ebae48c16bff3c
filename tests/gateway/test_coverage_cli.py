"""What was enforced when, as the command prints it: whole after a stop in order, with a gap after a kill."""

import os
import signal
from pathlib import Path

import pytest
from gateway_model import ModelServer
from gateway_rig import Rig, wait

from bylaw.cli import main
from bylaw.gateway import meters


def test_a_stop_in_order_leaves_no_gap_and_a_kill_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ModelServer() as server:
        rig = Rig(tmp_path, server.url)
        command = ["coverage", "--gateway", str(rig.path)]
        with rig.serving():
            assert rig.chat("citizen").status == 200
        assert main(command) == 0
        said = capsys.readouterr().out
        assert said.startswith("Self-attested") and "1 workers, 0 gaps" in said
        assert len(list(rig.office.archive.between("2026", "2027"))) == 1  # drained as it stopped
        with rig.serving():
            before = set(meters.read(rig.state.meters))
            os.kill(rig.child("worker"), signal.SIGKILL)
            wait(lambda: set(meters.read(rig.state.meters)) != before)
            rig.wait_ready()
            wait(lambda: main(command) == 4)
        said = capsys.readouterr().out
        assert "GAP" in said and "3 workers, 1 gaps" in said
