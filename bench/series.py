"""Benches run one after the other, each as a process of its own; exit code 1 if any figure is short."""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from reporting import note


def run(about: str, parts: Mapping[str, str], quick: Mapping[str, Sequence[str]] = {}) -> int:
    """``parts`` are scripts beside this file by name; ``quick`` what a part takes in place of ``--quick``."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    short = []
    for part in args.only:
        note(f"== {part}")
        words = quick.get(part, ["--quick"]) if args.quick else []
        line = [sys.executable, str(Path(__file__).with_name(parts[part])), *words]
        if subprocess.run(line, check=False).returncode:
            short.append(part)
    note(f"short or not run: {', '.join(short)}" if short else "every figure is reached")
    return 1 if short else 0
