"""How the gateway's processes share a core: those that answer come before those that file."""

import os
import threading
from pathlib import Path

import pytest
from gateway_rig import Rig, wait

from bylaw.gateway.processes.core import BACK, TURN, stand_back

NATIVE = pytest.mark.skipif(not Path("/proc/self/sched").exists(), reason="this kernel says nothing of its scheduler")


def nice_of(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def test_a_thread_that_stands_back_leaves_the_others_where_they_are() -> None:
    said: list[int] = []
    before = nice_of(0)

    def back() -> None:
        stand_back()
        said.append(nice_of(0))

    thread = threading.Thread(target=back)
    thread.start()
    thread.join()
    assert said == [before + BACK]
    assert nice_of(0) == before


@NATIVE
def test_whoever_wakes_goes_before_a_thread_that_stands_back() -> None:
    """By the turn it asks for: it is long, and Linux lets those who ask for less go first (6.12 and later)."""
    if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 12):
        pytest.skip("this kernel knows no turns of other lengths")
    said: list[str] = []

    def back() -> None:
        stand_back()
        said.append(Path(f"/proc/self/task/{threading.get_native_id()}/sched").read_text())

    thread = threading.Thread(target=back)
    thread.start()
    thread.join()
    turn = next(line.split(":")[1] for line in said[0].splitlines() if line.startswith("se.slice"))
    assert int(turn) == TURN


def test_recorder_and_console_stand_back_behind_workers_in_one_session(rig: Rig) -> None:
    """In sessions of their own they would not: Linux shares a core between sessions first."""
    worker, recorder, admin = (rig.child(name) for name in ("worker", "recorder", "admin"))
    wait(lambda: nice_of(recorder) == nice_of(worker) + BACK)
    assert {os.getsid(each) for each in (worker, recorder, admin)} == {os.getsid(rig.process.pid)}
    assert nice_of(admin) == nice_of(worker), "pages are answered at once"
    wait(lambda: nice_of(worker) + BACK in map(nice_of, threads_of(admin)))


def test_a_ctrl_c_reaches_the_supervisor_alone(rig: Rig) -> None:
    """It ends the others in their order: workers first, the recorder last."""
    groups = [os.getpgid(rig.child(name)) for name in ("worker", "recorder", "publisher", "admin")]
    assert len({*groups, os.getpgid(rig.process.pid)}) == 5


def threads_of(pid: int) -> list[int]:
    return [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]
