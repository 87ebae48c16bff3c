"""Whether how long a wrong key takes says how wrong it was: Welch's t-test, as dudect does it (Reparaz et al., 2017).

Two kinds of keys are asked with in random order, on one connection: some that are right but for their last two letters,
and as many that were drawn. All are there before the first is asked with: drawing one takes longer than changing one,
and leaves the caller's caches colder (0.7 µs of 95). Above |t| = 4.5 their times would differ by more than chance. The
slowest tenth of both is left out, as dudect does: the machine's other work stands there.

    python bench/gateway_timing.py              # 40,000 requests; a minute or two
    python bench/gateway_timing.py --quick
"""

import argparse
import http.client
import os
import secrets
import statistics
import sys
import tempfile
import time
from itertools import product
from math import sqrt
from pathlib import Path
from random import Random
from string import ascii_letters, digits
from urllib.parse import urlsplit

from reporting import report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "gateway"))  # before the benches' own gateway_rig
from gateway_rig import Rig, gateway

BOUND = 4.5
LETTERS = ascii_letters + digits + "-_"


def wrong_keys(right: str, draw: Random) -> dict[str, list[str]]:
    """As many of each kind: the right key with two other last letters, and keys that nobody has."""
    ends = ["".join(each) for each in product(LETTERS, LETTERS)]
    near = [right[:-2] + end for end in ends if end != right[-2:]]
    found = {"nearly right": near, "drawn": [f"bylaw-{secrets.token_urlsafe(32)}" for _ in near]}
    for keys in found.values():
        draw.shuffle(keys)
    return found


def times(rig: Rig, count: int) -> dict[str, list[float]]:
    """Microseconds of each request, by kind."""
    parts, draw = urlsplit(rig.door), Random(0)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    keys = wrong_keys(rig.keys["citizen"], draw)
    found: dict[str, list[float]] = {kind: [] for kind in keys}
    for number in range(count + 500):
        kind = draw.choice(list(keys))
        key = keys[kind][number % len(keys[kind])]
        start = time.perf_counter_ns()
        connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {key}"})
        response = connection.getresponse()
        response.read()
        took = (time.perf_counter_ns() - start) / 1000
        assert response.status == 401
        if number >= 500:  # the first warm up
            found[kind].append(took)
    connection.close()
    return found


def welch(first: list[float], second: list[float]) -> float:
    """Welch's t."""
    spread = sqrt(statistics.variance(first) / len(first) + statistics.variance(second) / len(second))
    return (statistics.fmean(first) - statistics.fmean(second)) / spread


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40_000, help="requests")
    parser.add_argument("--quick", action="store_true", help="a smoke run, no figure to quote")
    args = parser.parse_args()
    os.environ["MODEL_KEY"] = "sk-upstream"
    with tempfile.TemporaryDirectory() as folder, gateway(Path(folder, "rig")) as (rig, _):
        found = times(rig, 1000 if args.quick else args.count)
    slow = sorted(found["nearly right"] + found["drawn"])[9 * sum(map(len, found.values())) // 10]
    kept = {kind: [each for each in own if each <= slow] for kind, own in found.items()}
    means = {kind: round(statistics.fmean(own), 2) for kind, own in kept.items()}
    t = welch(*kept.values())
    more = {"requests": sum(map(len, found.values())), "mean_us": means}
    return 0 if report("|t| between wrong keys", abs(t), BOUND, higher=False, **more) else 1


if __name__ == "__main__":
    raise SystemExit(main())
