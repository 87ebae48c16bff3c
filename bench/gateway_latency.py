"""What the gateway adds to a direct call: at half of the rate at which it is full, to the first token, and to a stream.

*Added latency*: calls at a fixed rate, direct and through the gateway in turn, whether or not the ones before have been
answered; a latency counts from the instant at which a call was due. It is full at the rate that it keeps up for two
turns of the recorder (every 10 s), which files on the same core what was decided: without them it is more than can be
recorded. The caller stays on the load's core (beside the gateway it took the worker's place for up to a second), and
its own garbage is collected between rounds: a collection in the middle of one made every call of some 20 ms late, more
than one in a hundred. *Bytes held back*: an upstream sends a piece only after the caller has the one before; what does
not arrive then was held back.

    python bench/gateway_latency.py             # some minutes
    python bench/gateway_latency.py --quick
"""

import asyncio
import gc
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import uvloop

from gateway_client import Kept, call, request_of
from gateway_load import wrk
from gateway_machine import load_average, with_the_load
from gateway_stand import STREAMS, WHOLE, Gateway, options, upstreams
from reporting import note, report

SIZE, ROUNDS, SECONDS = 20_000, 5, 4.0
P50, P99, FIRST = 1.0, 5.0, 1.0
"""Milliseconds."""
PIECES = (1, 7, 64, 1000, 4096, 70_000, 1, 3)
"""Bytes of the pieces that are sent one after the other."""
PATIENCE = 20.0
"""Seconds after which a piece was held back."""


def main() -> int:
    """Every figure; 0 if all reach their bounds."""
    said = options(__doc__ or "", rounds={"type": int, "default": ROUNDS})
    with_the_load()
    rounds, seconds = (1, 2.0) if said.quick else (said.rounds, SECONDS)
    reached = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        for sync in ("system", "each"):
            reached += added(folder / sync, sync, rounds, seconds)
        reached.append(held_back(folder / "held"))
    return 0 if all(reached) else 1


def added(folder: Path, sync: str, rounds: int, seconds: float) -> list[bool]:
    """Added latency at half saturation, and added time to the first token."""
    folder.mkdir()
    with ExitStack() as stack:
        ports = stack.enter_context(upstreams(folder, pause=20))
        gateway = Gateway(folder / "gateway", SIZE, ports, settings=f'[record]\nsync = "{sync}"\n')
        stack.enter_context(gateway.serving())
        full = wrk(gateway.door, gateway.key_file, WHOLE, False, 6 * seconds, gateway.process.pid).rate
        note(f"record.sync = {sync}: full at {full:,.0f}/s")
        reached = []
        direct, through = compared(gateway, ports[WHOLE], WHOLE, full / 2, rounds, seconds)
        for name, share, bound in (("p50", 0.5, P50), ("p99", 0.99, P99)):
            more = quantile(through, share) - quantile(direct, share)
            reached.append(told(f"added latency {name}, record.sync = {sync}, ms", more, bound, direct, through, full))
        direct, through = compared(gateway, ports[STREAMS], STREAMS, min(full / 8, 50), rounds, seconds)
        more = quantile(through, 0.5) - quantile(direct, 0.5)
        reached.append(told(f"added time to first token, record.sync = {sync}, ms", more, FIRST, direct, through, full))
    return reached


def told(name: str, value: float, bound: float, direct: list[float], through: list[float], full: float) -> bool:
    """One figure."""
    sides = {
        side: [round(quantile(found, share), 2) for share in (0.5, 0.99)]
        for side, found in (("direct_p50_p99", direct), ("through_p50_p99", through))
    }
    return report(name, value, bound, False, full=round(full), calls=len(through), load_average=load_average(), **sides)


def compared(
    gateway: Gateway, port: int, model: str, rate: float, rounds: int, seconds: float
) -> tuple[list[float], list[float]]:
    """Latencies in ms, direct and through the gateway: rounds in turn, all of them together."""
    sides: tuple[tuple[str, list[float]], ...] = ((f"http://127.0.0.1:{port}", []), (gateway.door, []))
    requests = [request_of(key, model, model == STREAMS) for key in gateway.keys]
    for number in range(rounds + 1):
        for url, found in sides:
            with uncollected():
                latencies = uvloop.run(paced(url, requests, rate, seconds, model == STREAMS))
            found += latencies if number else []
    return sides[0][1], sides[1][1]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without a pause of the caller's own: some seconds' tasks are a few MB."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def paced(url: str, requests: list[bytes], rate: float, seconds: float, first: bool) -> list[float]:
    """Calls at a fixed rate over kept connections; the time from when each was due to the end of its answer, in ms;
    with ``first`` to its first bytes, over connections of their own.
    """
    start, tasks, latencies, kept = monotonic() + 0.05, [], [], Kept()

    async def one(due: float, request: bytes) -> None:
        found = await (call(url, request, lambda found: True) if first else call(url, request, kept=kept))
        if found.status != 200:
            raise SystemExit(f"{url} answered {found.status}")
        latencies.append(1000 * (found.last - due))

    for number in range(max(20, int(rate * seconds))):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - monotonic()))
        tasks.append(asyncio.ensure_future(one(due, requests[number % len(requests)])))
    await asyncio.gather(*tasks)
    return latencies


def quantile(found: list[float], share: float) -> float:
    """The value below which that share lies."""
    return statistics.quantiles(found, n=1000, method="inclusive")[round(share * 1000) - 1]


def held_back(folder: Path) -> bool:
    """Pieces in lock step through the gateway."""
    return uvloop.run(_held_back(folder))


async def _held_back(folder: Path) -> bool:
    folder.mkdir()
    arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for size in PIECES:
            arrived.clear()
            writer.write(b"%x\r\n%s\r\n" % (size, b"x" * size))
            await arrived.wait()
        writer.write(b"0\r\n\r\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    gateway = Gateway(folder, SIZE, {WHOLE: port}, keys=1)
    with gateway.serving(is_asked=False):
        held = await _lock_step(gateway, arrived)
    server.close()
    return report("pieces held back while streaming", held, 0, False, pieces=len(PIECES), bytes=sum(PIECES))


async def _lock_step(gateway: Gateway, arrived: asyncio.Event) -> int:
    """How many pieces did not come whole before the next was sent."""
    host, _, port = gateway.door.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request_of(gateway.keys[0], WHOLE, True))
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    held = 0
    for size in PIECES:
        got = 0
        try:
            async with asyncio.timeout(PATIENCE):
                while got < size:
                    got += (await reader.read(1 << 20)).count(b"x")
        except TimeoutError:
            held += 1
        arrived.set()
    writer.transport.abort()
    return held


if __name__ == "__main__":
    sys.exit(main())
