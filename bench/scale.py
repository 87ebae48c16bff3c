"""Judges behind a server, held against the bounds they were built to: throughput, faults, budget, equality, prefixes.

Each part is a file of its own and runs alone: ``python bench/scale_calls.py``. All of them: ``make bench-scale``. Exit
code 1 if any figure is short.
"""

import subprocess
import sys
from pathlib import Path

PARTS = ("scale_calls.py", "scale_budget.py", "scale_server.py")


def main() -> int:
    """Run every part in a process of its own."""
    here = Path(__file__).parent
    codes = [subprocess.run([sys.executable, str(here / part)], check=False).returncode for part in PARTS]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
