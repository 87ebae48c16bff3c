"""Ray with two workers on this machine against one process: the same records, the time it adds, random kills.

    python bench/scale_ray.py                # --quick: fewer chunks, 3 kills

The ideal is half of one process's time where there are two free cores; what is added is what lies above the better of
that and the CPU time the workers had. Start and loading are not counted: they are paid once a stage. Workers are killed
in the middle of a chunk, about once in the time that one process takes for one: faster, and none would be finished.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import psutil

from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

KILLS, ADDED = 20, 0.15


def compared(prompts: list[Any]) -> list[Any]:
    """The programs of a chunk of prompts: a pair of answers each."""
    from bylaw.feedback.compare import CompareSettings, compare

    return [compare(prompt, "sft", CompareSettings(max_tokens=48), 1) for prompt in prompts]


def main(words: Sequence[str] | None = None) -> int:
    """Print the figures; 1 if any is short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--chunks", type=int, default=24)
    args = parser.parse_args(words)
    chunks, kills = (6, 3) if args.quick else (args.chunks, KILLS)
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all(rows(Path(folder), chunks, kills)) else 1


def rows(folder: Path, count: int, kills: int) -> list[bool]:
    """Whether each figure is reached."""
    import slow_ray
    import tiny
    from bylaw.models.cluster import ClusterSettings
    from bylaw.models.local import LocalSettings, open_model
    from bylaw.models.pool import Pool
    from bylaw.records import Message, Prompt

    model = tiny.save_model(folder / "model", ["How do I break lock 1?"], size=256)
    prompts = [Prompt(messages=(Message("user", f"How do I break lock {n}?"),)) for n in range(16 * count)]
    chunks = [prompts[at : at + 16] for at in range(0, len(prompts), 16)]
    alone = open_model(model, LocalSettings())
    began, spent = time.perf_counter(), time.process_time()
    one = [msgspec.json.encode(alone.run(compared(chunk))) for chunk in chunks]
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    note(f"one process: {wall:.1f} s, {cpu:.1f} s of CPU")

    slow_ray.patient()
    pool = Pool(model, "sft", LocalSettings(), ClusterSettings(workers=2, retries=10 * kills))
    workers = [psutil.Process(process) for process in pool.processes()]
    before, began = sum(map(_cpu, workers)), time.perf_counter()
    two = [msgspec.json.encode(made) for made, _ in pool.over(chunks, compared)]
    seconds, computed = time.perf_counter() - began, sum(map(_cpu, workers)) - before
    note(f"two workers: {seconds:.1f} s, {computed:.1f} s of CPU")
    differing = sum(a != b for a, b in zip(one, two, strict=True))
    reached = [report("records of 2 workers that differ from one process's, chunks", differing, 0, higher=False)]
    added = {"one_process_s": round(wall, 2), "two_workers_s": round(seconds, 2), "load": os.getloadavg()[0]}
    reached.append(report("CPU time added by 2 workers, share", computed / cpu - 1, ADDED, higher=False, **added))
    reached.append(report("time of 2 workers over half of one's, share", seconds / (wall / 2) - 1, ADDED, higher=False))
    reached.append(_killed(pool, chunks, one, kills, wall / len(chunks)))
    pool.close()
    return reached


def _killed(pool: Any, chunks: list[list[Any]], one: list[bytes], kills: int, pace: float) -> bool:
    """Random workers killed at random moments, until there were enough: whether all records are the same."""
    import slow_ray

    draw, killed, wrong, rounds = random.Random(1), 0, 0, 0
    while killed < kills:
        over = threading.Event()
        done: list[int] = []

        def kill(over: threading.Event = over, done: list[int] = done, killed: int = killed) -> None:
            while not over.wait(draw.uniform(0, 2 * pace)) and killed + len(done) < kills:
                if busy := slow_ray.workers("ray::Worker.run"):
                    victim = draw.choice(busy)
                    os.kill(victim, signal.SIGKILL)
                    done.append(victim)

        killer = threading.Thread(target=kill)
        killer.start()
        made = [msgspec.json.encode(results) for results, _ in pool.over(chunks, compared)]
        over.set()
        killer.join()
        killed, rounds = killed + len(done), rounds + 1
        wrong += sum(a != b for a, b in zip(one, made, strict=True))
        note(f"{killed} workers killed")
    name = "chunks lost, repeated or changed by killed workers"
    return report(name, wrong, 0, higher=False, kills=killed, runs=rounds)


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


if __name__ == "__main__":
    sys.exit(main())
