"""What the benches of judges share: the misbehaving server in a process of its own, and labels to ask it for."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import llama_server as llama_server  # noqa: E402
from bylaw.feedback.label import LabelSettings, label  # noqa: E402
from bylaw.models.base import Program  # noqa: E402
from bylaw.models.remote import RemoteModel, open_remote  # noqa: E402
from bylaw.models.remote.settings import RemoteSettings  # noqa: E402
from bylaw.records import Comparison, Label, Message, Principle  # noqa: E402

ONE = LabelSettings(scheme="one", both_orders=False, pool="mean")
PRINCIPLES = [Principle(key=f"p{n}", comparison=f"Which answer keeps rule {n} better?") for n in range(16)]


def pairs(count: int, words: int = 60) -> list[Comparison]:
    """Comparisons of about ``words`` words a response, all different."""
    said = " ".join(["word"] * words)
    return [
        Comparison(messages=(Message("user", f"Question {n}?"),), first=f"{n} {said}", second=f"{said} {n}")
        for n in range(count)
    ]


def asked(count: int, settings: LabelSettings = ONE, first: int = 0) -> list[Program[Label]]:
    """Programs that label; one question each with ``ONE``."""
    return [label(one, PRINCIPLES, "judge", settings, 0) for one in pairs(first + count)[first:]]


def opened(url: str, folder: Path, **more: Any) -> RemoteModel:
    """The remote judge with its cache and ledger in ``folder``."""
    plain = {"backend": "openai_compatible", "url": url, "model": "mock", "concurrency": 256}
    plain |= {"cache": str(folder / "answers.db"), "anchors": 1 << 30}
    return open_remote(RemoteSettings(**{**plain, **more}), folder / "costs.db")


@contextmanager
def mock(**faults: float) -> Iterator[str]:
    """The server of the tests, with these faults; the URL of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [f"--{name}={value}" for name, value in faults.items()]
    place = str(ROOT / "tests" / "judge_server.py")
    with subprocess.Popen([sys.executable, place, f"--port={port}", *words]) as process:
        url = f"http://127.0.0.1:{port}/v1"
        try:
            for _ in range(600):
                try:
                    stats(url)
                    break
                except OSError:
                    time.sleep(0.1)
            yield url
        finally:
            process.kill()


def stats(url: str) -> dict[str, Any]:
    """What the server counted."""
    with urllib.request.urlopen(f"{url}/stats", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def load() -> str:
    """How busy the machine is: what a figure was measured beside."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
