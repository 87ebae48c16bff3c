"""The machine under a bench: processes that are pinned to a core, what they use, and how busy it is."""

import os
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SERVERS, LOAD = "0", str((os.cpu_count() or 2) - 1)
"""Cores: of what is measured; of the load and the upstreams."""
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(*command: str, core: str, port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server on a core, from when it listens until the end."""
    said = tempfile.TemporaryFile()  # noqa: SIM115  it is closed below
    process = subprocess.Popen(
        ["taskset", "-c", core, *command],
        stdout=said,
        stderr=said,
        env={**os.environ, **environment},
        start_new_session=True,  # the scheduler shares a core between sessions: each server has one, as the gateway has
    )

    def told() -> str:
        said.seek(0)
        return f"{command}: {said.read().decode(errors='replace')[-2000:]}"

    try:
        until(lambda: listens(port), 300, told)
        yield process
    finally:
        process.terminate()
        process.wait(60)
        said.close()


def until(so: Callable[[], bool], seconds: float, why: Callable[[], str] = str, pause: float = 0.02) -> None:
    """Wait until something is so; else end the bench with why it is not."""
    end = time.monotonic() + seconds
    while not so():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds:g} s: {why()}")
        time.sleep(pause)


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(words[1]), []).append(int(path.parent.name))
    found: list[int] = []
    ahead = [pid] if pid else []
    while ahead:
        found.append(ahead.pop())
        ahead += parents.get(found[-1], [])
    return found


def cpu(pids: Sequence[int]) -> float:
    """Seconds of CPU that processes have used."""
    total = 0
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(words[11]) + int(words[12])
    return total / TICKS


def memory(pids: Sequence[int]) -> int:
    """Bytes that processes have in memory, shared ones in proportion (PSS)."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total << 10


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as made:
        return made.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def many_files(count: int = 65_536) -> None:
    """So many open files for this process and all it starts, or as many as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, count), max(most, count)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def with_the_load() -> None:
    """Keep this process, and what it starts without a core of its own, off the core of what is measured."""
    os.sched_setaffinity(0, {int(LOAD)})


def load_average() -> float:
    """Of the last minute: what else runs here."""
    return round(os.getloadavg()[0], 1)
