"""Counters of a worker in a file that is mapped: no lock, no request to anybody, and they outlive the worker.

The admin listener adds the files of all workers up and prints them in Prometheus's text format.
"""

import mmap
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from bylaw.gateway.problem import KINDS
from bylaw.storage import write_bytes

NAMES: tuple[str, ...] = (
    "answered",
    "broken",
    "left",
    "cut",
    "swaps",
    "turned_away",
    *(f"decision:{outcome}" for outcome in ("allow", "hold", "refuse")),
    *(f"problem:{kind}" for kind in KINDS),
    "signal:tor",
    "signal:vpn",
    "signal:other",
)
"""What is counted. A counter's place in the file is its place here."""
GAUGES = ("running", "version", "made")
_PLACES = {name: 8 * place for place, name in enumerate((*NAMES, *GAUGES))}
_ONE = struct.Struct("<d")


class Meters:
    """One worker's counters."""

    def __init__(self, folder: Path, worker: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{worker}.meters"
        write_bytes(path, bytes(8 * len(_PLACES)))
        with path.open("r+b") as file:
            self._values = memoryview(mmap.mmap(file.fileno(), 0)).cast("d")
        self._at = {name: place // 8 for name, place in _PLACES.items()}

    def count(self, name: str, by: float = 1.0) -> None:
        """Add to a counter."""
        self._values[self._at[name]] += by

    def gauge(self, name: str, value: float) -> None:
        """Set what is now."""
        self._values[self._at[name]] = value

    def decision(self, outcome: str) -> None:
        """A decision was made."""
        self.count(f"decision:{outcome}")

    def problem(self, kind: str) -> None:
        """A request ended without an answer."""
        self.count(f"problem:{kind}")

    def signal(self, name: str) -> None:
        """An address is on a list."""
        self.count(f"signal:{name}" if f"signal:{name}" in self._at else "signal:other")


def read(folder: Path) -> dict[str, dict[str, float]]:
    """By worker, all its values."""
    found = {}
    for path in sorted(folder.glob("*.meters")):
        content = path.read_bytes()
        if len(content) == 8 * len(_PLACES):
            found[path.stem] = {name: _ONE.unpack_from(content, place)[0] for name, place in _PLACES.items()}
    return found


def text(workers: Mapping[str, Mapping[str, float]]) -> str:
    """Prometheus's text format (0.0.4): counters summed, gauges by worker."""
    lines: list[str] = []
    for family, names in _families():
        lines.append(f"# TYPE bylaw_{family}_total counter")
        for name in names:
            total = sum(each[name] for each in workers.values())
            label = f'{{kind="{name.partition(":")[2]}"}}' if ":" in name else ""
            lines.append(f"bylaw_{family}_total{label} {total:.0f}")
    for name in GAUGES:
        lines.append(f"# TYPE bylaw_{name} gauge")
        lines += [f'bylaw_{name}{{worker="{worker}"}} {each[name]:.3f}' for worker, each in workers.items()]
    return "\n".join(lines) + "\n"


def _families() -> Iterable[tuple[str, list[str]]]:
    families: dict[str, list[str]] = {}
    for name in NAMES:
        families.setdefault(name.partition(":")[0], []).append(name)
    return families.items()
