"""How the gateway's processes share a core: those that answer come before those that file."""

import os
import platform
import re
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from gateway_rig import Rig, wait

from bylaw.gateway.processes.core import BACK, SET_ATTRIBUTES, TURN, stand_back

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
    assert said == [min(19, before + BACK)]
    assert nice_of(0) == before


@NATIVE
def test_whoever_wakes_goes_before_a_thread_that_stands_back() -> None:
    """By the turn it asks for: it is long, and Linux lets those who ask for less go first (6.12 and later)."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if release is None or tuple(map(int, release.groups())) < (6, 12) or platform.machine() not in SET_ATTRIBUTES:
        pytest.skip("this kernel knows no turns of other lengths, or bylaw not how to ask for them")
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
    wait(lambda: nice_of(recorder) == min(19, nice_of(worker) + BACK))
    assert {os.getsid(each) for each in (worker, recorder, admin)} == {os.getsid(rig.process.pid)}
    assert nice_of(admin) == nice_of(worker), "the thread that answers pages does not stand back"
    wait(lambda: min(19, nice_of(worker) + BACK) in nices_of_threads(admin))


def test_a_ctrl_c_reaches_the_supervisor_alone(rig: Rig) -> None:
    """It ends the others in their order: workers first, the recorder last."""
    groups = [os.getpgid(rig.child(name)) for name in ("worker", "recorder", "publisher", "admin")]
    assert len({*groups, os.getpgid(rig.process.pid)}) == 5


def test_a_terminal_that_stops_who_speaks_from_the_background_stops_nobody(rig: Rig) -> None:
    """``stty tostop``: a worker that was stopped would not be started again, since it has not ended."""
    for name in ("worker", "recorder", "publisher", "admin"):
        status = Path(f"/proc/{rig.child(name)}/status").read_text()
        ignored = int(re.search(r"SigIgn:\s*(\w+)", status)[1], 16)  # type: ignore[index]
        assert all(ignored >> (number - 1) & 1 for number in (signal.SIGTTOU, signal.SIGTTIN)), name


def test_where_it_is_forbidden_the_work_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "nice", forbidden)
    monkeypatch.setattr("bylaw.gateway.processes.core.SET_ATTRIBUTES", {})
    stand_back()


def test_an_inherited_policy_is_kept() -> None:
    """Who runs all of the gateway idle does not get a recorder before its workers."""
    said: list[int] = []

    def back() -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        stand_back()
        said.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=back)
    thread.start()
    thread.join()
    assert said == [os.SCHED_BATCH]


def nices_of_threads(pid: int) -> set[int]:
    found = set()
    for path in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            found.add(nice_of(int(path.name)))
    return found
