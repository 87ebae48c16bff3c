"""Hashing a model of 4 x 256 MiB against two threads of hashlib, and checking its signature against the public tool.

Both are read from the page cache, in turn, in one run; medians. The public tool (``model_signing verify key``) and
``verify.py`` are started as programs, as an auditor starts them.

    python bench/prove_hash.py            # 1 GiB of disk
    python bench/prove_hash.py --quick    # 64 MiB
"""

import argparse
import hashlib
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


def timed(repeats: int, *ways: Callable[[], object]) -> list[float]:
    """Median seconds of each way, in turn."""
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for place, way in enumerate(ways):
            start = time.perf_counter()
            way()
            seconds[place].append(time.perf_counter() - start)
    return [statistics.median(each) for each in seconds]


def program(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run(words, check=True, capture_output=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, key = Path(folder) / "model", Path(folder) / "key.pub"
        files = model(root, (16 if args.quick else 256) << 20)
        signer = LocalSigner.generate(P256)
        key.write_bytes(signer.public.pem)
        sign_directory(root, "model", signer)
        ours, theirs = timed(args.repeats, lambda: tree_files(root, workers=2), lambda: two_threads(files))
        note(f"hashing: ours {ours:.3f} s, two threads of hashlib {theirs:.3f} s")
        reached = report("hashing against two threads of hashlib", theirs / ours, 0.95)
        tool = str(Path(sys.executable).with_name("model_signing"))
        public = (tool, "verify", "key", str(root), "--signature", str(root / "model.sig"), "--public_key", str(key))
        own = (sys.executable, str(verify.__file__), str(root), "--key", str(key))
        mine, public_tool = timed(args.repeats, program(*own), program(*public))
        note(f"checking a signed directory: verify.py {mine:.3f} s, model_signing {public_tool:.3f} s")
        reached &= report("verify.py against model_signing verify", public_tool / mine, 1.8)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
