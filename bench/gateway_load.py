"""Load by wrk, on its own core, and what it found."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from gateway_machine import LOAD, cpu, tree
from gateway_stand import HERE


class Run(NamedTuple):
    """One run: requests a second, latencies in ms, the shares of their cores that server and load used."""

    rate: float
    p50: float
    p99: float
    requests: int
    refused: int
    server: float
    load: float
    per_cpu: float
    """Requests for each second of CPU that the server used."""


def wrk(url: str, keys: Path, model: str, stream: bool, seconds: float, pid: int, connections: int = 32) -> Run:
    """Load for so long. Raises ``SystemExit`` if an answer was not one, or broke."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s"]
    words += ["-s", str(HERE / "chat.lua"), url, "--"]
    before = cpu(tree(pid))
    process = subprocess.Popen(
        ["taskset", "-c", LOAD, *words, str(keys), model, "stream" if stream else "whole"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out = process.stdout.read() if process.stdout else ""
    _, _, used = os_wait(process)
    spent = cpu(tree(pid)) - before
    line = next((each for each in out.splitlines() if each.startswith("SUMMARY ")), "")
    if not line:
        raise SystemExit(f"wrk said nothing of use: {out}")
    said = json.loads(line.removeprefix("SUMMARY "))
    if said["status"] or said["broken"]:
        raise SystemExit(f"{url}: not every request was answered: {said}")
    return Run(
        rate=said["requests"] / said["seconds"],
        p50=said["p50"],
        p99=said["p99"],
        requests=said["requests"],
        refused=said["status"],
        server=spent / said["seconds"],
        load=used / said["seconds"],
        per_cpu=said["requests"] / max(spent, 0.01),
    )


def os_wait(process: "subprocess.Popen[str]") -> tuple[int, int, float]:
    """A process's end: its id, its status, and the CPU seconds it used."""
    import os

    pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return pid, status, used.ru_utime + used.ru_stime
