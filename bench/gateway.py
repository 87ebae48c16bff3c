"""Every figure of the gateway with its bound: runs the parts one after the other.

    python bench/gateway.py                          # all; hours for a million requests and a million subjects
    python bench/gateway.py --only speed kill        # some
    python bench/gateway.py --quick                  # a smoke run of each
    python bench/gateway.py --json FIGURES.json      # figures are kept there as they come, and gone on from
    python bench/gateway.py --only speed -- --clock cpu    # what follows is for the part

``kill`` is one machine, ``machines`` a publisher with two replicas and their database. Exit code 1 if any figure is
short, or a part could not be run. Needs nginx, wrk and PostgreSQL; ``speed`` needs LiteLLM in an environment of its
own, named by ``--litellm`` or ``BYLAW_BENCH_LITELLM``.
"""

from series import run

PARTS = {
    "speed": "gateway_speed.py",
    "latency": "gateway_latency.py",
    "directive": "gateway_directive.py",
    "memory": "gateway_memory.py",
    "kill": "gateway_killed.py",
    "machines": "gateway_kill.py",
    "timing": "gateway_timing.py",
}


if __name__ == "__main__":
    raise SystemExit(run(__doc__ or "", PARTS))
