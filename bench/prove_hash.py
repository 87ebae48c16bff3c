"""Hashing a model of 4 x 256 MiB against two threads of hashlib, and checking its signature against the public tool.

Both are read from the page cache, in turn, in one run; a figure is the median of the ratios of the turns, so that a
machine that is slow for a while is slow for both. The public tool (``model_signing verify key``), ``bylaw verify`` and
``verify.py`` are started as programs, as an auditor starts them, with byte code cached as where they are installed.
``cpu`` is the same ratio of processor time, children's included: it says what holds when others use the machine.

    python bench/prove_hash.py            # 1 GiB of disk
    python bench/prove_hash.py --quick    # 64 MiB
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bylaw import verify
from bylaw.lineage.oms import sign_directory
from bylaw.lineage.tree import BLOCK, tree_files
from bylaw.signing import P256, LocalSigner
from reporting import note, report

FILES = 4


def model(root: Path, size: int) -> list[Path]:
    """Files of ``size`` bytes that differ, in the page cache."""
    root.mkdir()
    block = bytes(range(256)) * (BLOCK // 256)
    for number in range(FILES):
        with (root / f"model-{number}.safetensors").open("wb") as file:
            for at in range(0, size, BLOCK):
                file.write((number * size + at).to_bytes(8, "big") + block[8:])
    (root / "config.json").write_text("{}")
    return sorted(root.glob("*.safetensors"))


def bare(path: Path) -> str:
    """hashlib alone, as fast as it goes."""
    hashed, block = hashlib.sha256(), memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            hashed.update(block[:count])
    return hashed.hexdigest()


def two_threads(files: list[Path]) -> list[str]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(bare, files))


Seconds = tuple[float, float]
"""On the wall, and of the processor."""


def timed(repeats: int, *ways: Callable[[], object]) -> list[list[Seconds]]:
    """Seconds of each way, turn by turn; each has one turn before that is not counted."""
    seconds: list[list[Seconds]] = [[] for _ in ways]
    for turn in range(repeats + 1):
        for place, way in enumerate(ways):
            wall, own = time.perf_counter(), sum(os.times()[:4])
            way()
            if turn:
                seconds[place].append((time.perf_counter() - wall, sum(os.times()[:4]) - own))
    return seconds


def faster(name: str, bound: float, ours: list[Seconds], theirs: list[Seconds]) -> bool:
    """Report how many times faster ours is, the median of the turns."""
    walls, owns = (sorted(other[n] / own[n] for own, other in zip(ours, theirs, strict=True)) for n in (0, 1))
    more = {"low": round(walls[0], 3), "high": round(walls[-1], 3), "cpu": round(statistics.median(owns), 3)}
    more |= {"seconds": round(statistics.median(wall for wall, _ in ours), 3)}
    more |= {"peer_seconds": round(statistics.median(wall for wall, _ in theirs), 3)}
    return report(name, statistics.median(walls), bound, **more)


def program(cache: Path, *words: str) -> Callable[[], object]:
    """A way to run a program whose byte code is kept in ``cache``."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(cache)
    return lambda: subprocess.run(words, check=True, capture_output=True, env=environment)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, key, cache = (Path(folder) / name for name in ("model", "key.pub", "cache"))
        files = model(root, (16 if args.quick else 256) << 20)
        signer = LocalSigner.generate(P256)
        key.write_bytes(signer.public.pem)
        sign_directory(root, "model", signer)
        note(f"{args.repeats} turns, {os.cpu_count()} cores")
        hashing = timed(args.repeats, lambda: tree_files(root, workers=2), lambda: two_threads(files))
        reached = faster("hashing against two threads of hashlib", 0.95, *hashing)
        tool, bylaw = (str(Path(sys.executable).with_name(name)) for name in ("model_signing", "bylaw"))
        public = (tool, "verify", "key", str(root), "--signature", str(root / "model.sig"), "--public_key", str(key))
        ours = ((bylaw, "verify"), (sys.executable, str(verify.__file__)))
        ways = [program(cache, *each, str(root), "--key", str(key)) for each in ours]
        through, alone, theirs = timed(args.repeats, *ways, program(cache, *public))
        reached &= faster("bylaw verify against model_signing verify", 1.8, through, theirs)
        reached &= faster("verify.py against model_signing verify", 1.8, alone, theirs)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
