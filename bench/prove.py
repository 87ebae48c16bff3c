"""Every figure of tampering, leaks and evidence with its bound: runs the parts one after the other.

    python bench/prove.py                      # all; hours
    python bench/prove.py --only scan audit    # some
    python bench/prove.py --quick              # a smoke run of each

Exit code 1 if any figure is short, or a part could not be run.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from reporting import note

PARTS = {
    "scan": "prove_scan.py",
    "audit": "prove_audit.py",
    "leak": "prove_leak.py",
    "stress": "prove_stress.py",
    "hash": "prove_hash.py",
    "kill": "prove_kill.py",
    "share": "prove_share.py",
    "tamper": "prove_tamper.py",
    "ledger": "ledger.py",
}
QUICK = {"ledger": ["--size", "100000", "--appends", "20000"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    short = []
    for part in args.only:
        note(f"== {part}")
        quick = QUICK.get(part, ["--quick"]) if args.quick else []
        line = [sys.executable, str(Path(__file__).with_name(PARTS[part])), *quick]
        if subprocess.run(line, check=False).returncode:
            short.append(part)
    note(f"short or not run: {', '.join(short)}" if short else "every figure is reached")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
