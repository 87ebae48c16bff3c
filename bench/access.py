"""Every figure of who may use a model with its bound: runs the parts one after the other.

    python bench/access.py                     # all; about half an hour
    python bench/access.py --only june decide  # some
    python bench/access.py --quick             # a smoke run of each

Exit code 1 if any figure is short, or a part could not be run.
"""

from series import run

PARTS = {
    "ownership": "access_ownership.py",
    "screening": "access_screening.py",
    "import": "access_import.py",
    "decide": "access_decide.py",
    "june": "access_june.py",
}
QUICK = {"june": ["--size", "20000"]}


if __name__ == "__main__":
    raise SystemExit(run(__doc__ or "", PARTS, QUICK))
