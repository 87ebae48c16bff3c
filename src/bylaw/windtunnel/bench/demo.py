"""What ``make demo`` costs after set-up: seconds and peak memory of the whole run, as a process of its own."""

import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

from bylaw.windtunnel.bench.tunnel import OVERRIDES, Tunnel

MIB = 1024 if sys.platform != "darwin" else 1024 * 1024  # ru_maxrss counts kibibytes, bytes on macOS


def seconds(tunnel: Tunnel) -> Iterator[tuple[str, float]]:
    """Wall-clock minutes of the default run."""
    yield "default run", _measured(tunnel)[0] / 60


def memory(tunnel: Tunnel) -> Iterator[tuple[str, float]]:
    """Peak resident memory of the default run, in GB."""
    yield "default run", _measured(tunnel)[1]


def _measured(tunnel: Tunnel) -> tuple[float, float]:
    kept = tunnel.folder / "demo.txt"
    if not kept.exists():
        out = tunnel.folder / "demo"
        shutil.rmtree(out, ignore_errors=True)
        tunnel.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "bylaw", "train", "--out", str(out), "--set", *OVERRIDES]
        subprocess.run(command, check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB / 1024 * 1.073741824
        kept.write_text(f"{time.monotonic() - began} {peak}")
    took, peak = map(float, kept.read_text().split())
    return took, peak
