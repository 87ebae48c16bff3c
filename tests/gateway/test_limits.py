"""What workers count together: exact with several at once, kept from the dead, and never waited for."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from bylaw.gateway.caller.identify import Caller
from bylaw.gateway.limits import Limits
from bylaw.gateway.problem import Problem
from bylaw.gateway.settings import LimitSettings
from bylaw.gateway.tally import SETS, WAYS, Tally

ANN, BEN = Caller("ann", "", "org", "api", "key-1"), Caller("ben", "", "org", "api", "key-2")
TAKES = """
import sys
from pathlib import Path
from bylaw.gateway.tally import Tally
tally = Tally(Path(sys.argv[1]), int(sys.argv[2]))
sys.stdin.readline()
print(sum(tally.take("key x", 0.001, 500_000.0, 1000.0) == 0.0 for _ in range(400)))
"""
HOLDS = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Tally.create(tmp_path / "tally", 4)
    return tmp_path / "tally"


@pytest.fixture
def tally(path: Path) -> Tally:
    return Tally(path, 0)


def started(script: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_bucket_fills_as_time_passes(tally: Tally) -> None:
    assert [tally.take("a", 2.0, 2.0, 0.0) for _ in range(4)] == [0.0] * 4
    assert tally.take("a", 2.0, 2.0, 0.0) == pytest.approx(0.5)
    assert tally.take("b", 2.0, 2.0, 0.0) == 0.0
    assert tally.take("a", 2.0, 2.0, 0.5) == 0.0
    assert tally.take("a", 2.0, 2.0, 0.5) > 0
    assert [tally.take("a", 2.0, 2.0, 1e6) for _ in range(5)] == [0.0] * 4 + [pytest.approx(0.5)]
    assert tally.take("rare", 0.1, 1.0, 0.0) == 0.0 and tally.take("rare", 0.1, 1.0, 0.0) == pytest.approx(10.0)


def test_workers_that_take_at_once_get_no_more_than_one_would(path: Path) -> None:
    workers = [started(TAKES, str(path), str(number)) for number in range(4)]
    for each in workers:
        each.stdin.write("go\n")  # type: ignore[union-attr]
        each.stdin.flush()  # type: ignore[union-attr]
    assert sum(int(each.communicate()[0]) for each in workers) == 500


def test_who_is_idle_gives_up_the_slot_and_who_is_not_keeps_it(tally: Tally) -> None:
    assert all(tally.enter(f"runs {number}", 9) for number in range(200))
    for number in range(2 * SETS):
        tally.take(f"old {number}", 1.0, 1.0, 0.0)
    found = [tally.take(f"new {number}", 1.0, 1.0, 10.0) for number in range(2 * SETS)]
    assert found.count(0.0) == len(found)
    assert not any(tally.enter(f"runs {number}", 1) for number in range(200))


def test_a_full_set_refuses_what_would_run_and_forgets_nothing_that_runs(tally: Tally) -> None:
    inside = [tally.enter(f"runs {number}", 1) for number in range(SETS * WAYS)]
    assert SETS * WAYS / 2 < inside.count(True) < SETS * WAYS
    assert not any(tally.enter(f"runs {number}", 1) for number, ran in enumerate(inside) if ran)
    outside = inside.index(False)
    assert tally.take(f"runs {outside}", 1.0, 1.0, 0.0) == 1.0


def test_what_a_killed_worker_had_running_is_forgotten_with_it(path: Path, tally: Tally) -> None:
    killed = Tally(path, 1)
    assert tally.enter("a", 3) and killed.enter("a", 3) and killed.enter("a", 3)
    assert not tally.enter("a", 3)
    again = Tally(path, 1)
    assert again.enter("a", 3) and again.enter("a", 3) and not tally.enter("a", 3)
    tally.leave("a")
    assert tally.enter("a", 3)


def test_nobody_waits_for_a_worker_that_was_stopped(path: Path, tally: Tally) -> None:
    other = started(HOLDS, str(path))
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    assert tally.take("a", 1.0, 1.0, 0.0) == 0.0 and tally.take("a", 1.0, 1.0, 0.0) == pytest.approx(1.0)
    other.communicate("")


def test_what_a_kill_left_half_written_stops_nobody_for_long_and_lets_nobody_through(path: Path, tally: Tally) -> None:
    for number in (float("inf"), float("nan"), -1e300):
        assert tally.take("a", 1.0, 2.0, 0.0) == 0.0
        with path.open("r+b") as file:
            content = file.read()
            at = next(at for at in range(20, len(content), 40) if any(content[at : at + 16])) + 16
            file.seek(at)
            file.write(struct.pack("<d", number))
        assert [tally.take("a", 1.0, 2.0, 10.0) for _ in range(3)].count(0.0) <= 2
        Tally.create(path, 4)
        tally = Tally(path, 0)


def test_a_new_gateway_begins_anew(path: Path, tally: Tally) -> None:
    assert tally.enter("a", 1)
    Tally.create(path, 4)
    assert Tally(path, 3).enter("a", 1) and not tally.enter("a", 1)


def test_key_subject_and_organisation_each_count(tally: Tally) -> None:
    limits = Limits(LimitSettings(key_rate=1.0, organization_rate=1.5), tally)
    for caller in (ANN, BEN, ANN):
        limits.ask(caller, 0.0)
    with pytest.raises(Problem) as told:
        limits.ask(BEN, 0.0)
    assert told.value.status == 429 and dict(told.value.headers)[b"retry-after"] == b"1"


def test_what_runs_is_counted_and_given_back(tally: Tally) -> None:
    limits = Limits(LimitSettings(key_running=1, organization_running=2, running=3), tally)
    with limits.running(ANN):
        with pytest.raises(Problem, match="Too many"), limits.running(ANN):
            pass
        with limits.running(BEN):
            with pytest.raises(Problem, match="Too many"), limits.running(ANN._replace(name="key-3")):
                pass
            with limits.running(ANN._replace(name="x", organization="")):
                with (
                    pytest.raises(Problem, match="Too much") as told,
                    limits.running(BEN._replace(organization="o")),
                ):
                    pass
                assert told.value.status == 503
    for caller in (ANN._replace(name="key-3"), ANN, BEN):
        with limits.running(caller):
            pass
