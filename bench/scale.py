"""What runs beyond one process, held against the bounds it was built to: runs the parts one after the other.

    python bench/scale.py                      # all; an hour or so
    python bench/scale.py --only calls ray     # some
    python bench/scale.py --quick              # a smoke run of each, about a minute on a free machine

``calls``, ``budget`` and ``server`` are judges behind a server (``server`` needs xllamacpp and gguf), ``train`` is two
processes against one, ``ray`` two workers of Ray against one process, and killed ones. Exit code 1 if any figure is
short, or a part could not be run.
"""

from series import run

PARTS = {
    "calls": "scale_calls.py",
    "budget": "scale_budget.py",
    "server": "scale_server.py",
    "train": "scale_train.py",
    "ray": "scale_ray.py",
}


if __name__ == "__main__":
    raise SystemExit(run(__doc__ or "", PARTS))
