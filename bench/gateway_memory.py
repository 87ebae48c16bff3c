"""What the gateway holds in memory: over a million requests, and with ten thousand streams that are silent.

Memory is the proportional share (PSS) of every process of the gateway together. The slope is that of a straight line
through the measurements after the first fifth, which is warm-up; callers are 4,096 people in turn.

    python bench/gateway_memory.py              # as long as a million requests take
    python bench/gateway_memory.py --requests 100000 --streams 1000
"""

import asyncio
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import uvloop

from gateway_client import Call, call, request_of
from gateway_load import wrk
from gateway_machine import load_average, many_files, memory
from gateway_stand import KEYS, STREAMS, WHOLE, Gateway, options, upstreams
from reporting import note, report

SIZE, REQUESTS, SILENT = 20_000, 1_000_000, 10_000
SLOPE, HELD = 1.0, 2000.0
"""Megabytes: for 100,000 requests, and for all streams."""
WARM = 0.2
SECONDS = 5.0
"""Of load between two measurements."""
FOREVER = 3_600_000
"""Milliseconds until a stream says anything again."""
WORKERS = 2
"""A stream is two open files; many systems allow 20,000 a process."""
AT_ONCE = 100
"""Streams that begin at once."""
LIMITS = "[limits]\nrunning = 20000\nconnections = 20000\n"


def main() -> int:
    """Both figures; 0 if they reach their bounds."""
    said = options(__doc__ or "", requests={"type": int, "default": REQUESTS}, streams={"type": int, "default": SILENT})
    requests, streams = (5_000, 200) if said.quick else (said.requests, said.streams)
    many_files()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        folder.chmod(0o755)
        ports = stack.enter_context(upstreams(folder, pause=FOREVER))
        settings = f'[record]\nsync = "system"\n{LIMITS}'
        gateway = Gateway(folder / "gateway", SIZE, ports, keys=KEYS, workers=WORKERS, settings=settings)
        stack.enter_context(gateway.serving())
        reached = [slope(gateway, requests), uvloop.run(silent(gateway, streams))]
    return 0 if all(reached) else 1


def slope(gateway: Gateway, requests: int) -> bool:
    """Megabytes for 100,000 requests."""
    points = []
    done = 0
    while done < requests:
        done += wrk(gateway.door, gateway.key_file, WHOLE, False, SECONDS, gateway.process.pid).requests
        points.append((done, memory(gateway.children()) / 1e6, memory(gateway.children("worker")) / 1e6))
        note(f"{done:9,} requests: {points[-1][1]:.1f} MB, of them the worker {points[-1][2]:.1f}")
    late = [each for each in points if each[0] >= WARM * done]
    if len(late) < 3:
        raise SystemExit("too few measurements for a slope: more requests")
    lines = [
        statistics.linear_regression([each[0] / 1e5 for each in late], [each[at] for each in late]) for at in (1, 2)
    ]
    said = {"requests": done, "of_the_worker": round(lines[1].slope, 3), "end_mb": round(points[-1][1], 1)}
    return report("MB more for 100,000 requests, after warm-up", lines[0].slope, SLOPE, False, points=len(late), **said)


async def silent(gateway: Gateway, count: int) -> bool:
    """Megabytes with so many streams that have begun and say nothing."""
    before = memory(gateway.children()) / 1e6
    made, tasks, again = [], [], 0
    while len(made) < count:
        some = [Call() for _ in range(min(AT_ONCE, count - len(made)))]
        for number, each in enumerate(some, len(made)):
            request = request_of(gateway.keys[number % len(gateway.keys)], STREAMS, True)
            tasks.append(asyncio.ensure_future(call(gateway.door, request, made=each)))
        while not all(each.sent or each.over for each in some):
            await asyncio.sleep(0.02)
        made += [each for each in some if not each.over]
        again += sum(each.over for each in some)
        if again > count / 100:
            raise SystemExit(f"{again} streams did not begin: {[each.status for each in some if each.over]}")
    found, open_now = memory(gateway.children()) / 1e6, sum(not each.over for each in made)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if open_now != count:
        raise SystemExit(f"only {open_now} of {count} streams are open")
    each_kb = round((found - before) * 1000 / count, 1)
    said = {"before_mb": round(before, 1), "kb_each": each_kb, "asked_again": again, "load_average": load_average()}
    return report(f"MB with {count:,} silent streams", found, HELD, False, **said)


if __name__ == "__main__":
    sys.exit(main())
