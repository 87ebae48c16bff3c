"""Every figure of tampering, leaks and evidence with its bound: runs the parts one after the other.

    python bench/prove.py                      # all; hours
    python bench/prove.py --only scan audit    # some
    python bench/prove.py --quick              # a smoke run of each

Exit code 1 if any figure is short, or a part could not be run.
"""

from series import run

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


if __name__ == "__main__":
    raise SystemExit(run(__doc__ or "", PARTS, QUICK))
