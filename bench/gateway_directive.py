"""A directive for a million subjects, enacted under load; and keys that are revoked.

Two workers, load of permitted callers through wrk, and running streams of people whom the letter of 12 June 2026
permits and of as many whom it refuses. Then the letter is enacted, as an operator enacts it.

*New version*: from the act to the last worker's swap. *Cut*: from the last worker's swap to the last byte that a
refused stream got. *Bytes after that* are told by the upstream's own stamp in each event: an event that was made after
the last worker had swept and reached a refused caller, or an answer to a refused caller who asked after that.
*Revoked*: from the revocation to the last answer that any worker began.

    python bench/gateway_directive.py           # a million subjects; the first time some minutes to bring them in
    python bench/gateway_directive.py --quick   # 20,000
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvloop

from bylaw.access.rules.library import library
from bylaw.gateway.record import coverage
from gateway_client import Call, call, request_of
from gateway_machine import LOAD, load_average, until
from gateway_stand import HERE, STREAMS, WHOLE, Gateway, letter, now, options, upstreams, withdrawn
from reporting import note, report

SIZE, STREAMING, REVOKED = 1_000_000, 200, 10
SWAPPED, CUT, REFUSED_EVERYWHERE = 10.0, 1.0, 1.0
NAME = "june-2026-letter-1"
PAUSE = 50
"""Milliseconds between two events of a stream."""
WORKERS = 2


def main() -> int:
    """Every figure; 0 if all reach their bounds."""
    said = options(__doc__ or "", size={"type": int, "default": SIZE}, streams={"type": int, "default": STREAMING})
    size, streams = (20_000, 20) if said.quick else (said.size, said.streams)
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        folder.chmod(0o755)
        ports = stack.enter_context(upstreams(folder, pause=PAUSE, endless=True))
        gateway = Gateway(folder / "gateway", size, ports, keys=streams, workers=WORKERS)
        letter(gateway.office, gateway.lab, "withdrawn", withdrawn(gateway.office, NAME))
        refused = gateway.keys_of(gateway.refused)
        stack.enter_context(gateway.serving())
        until(lambda: gateway.enforced(WORKERS), 600, gateway.log)
        with loaded(gateway):
            reached = uvloop.run(enacted(gateway, refused, size))
            reached.append(uvloop.run(revoked(gateway, 2 if said.quick else REVOKED)))
    return 0 if all(reached) else 1


@contextmanager
def loaded(gateway: Gateway) -> Iterator[None]:
    """While permitted callers ask as fast as they are answered."""
    words = ["taskset", "-c", LOAD, "wrk", "-t1", "-c8", "-d3600s", "--timeout", "60s", "-s", str(HERE / "chat.lua")]
    words += [gateway.door, "--", str(gateway.key_file), WHOLE, "whole"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def enacted(gateway: Gateway, refused: list[str], size: int) -> list[bool]:
    """Streams, the letter, and what came of them."""
    kept, cut = [begin(gateway.door, key) for key in gateway.keys], [begin(gateway.door, key) for key in refused]
    everybody = [*kept, *cut]
    await until_so(lambda: all(each.sent for each, _ in everybody), "not every stream has begun")
    probes: list[Call] = []
    probing = asyncio.ensure_future(probe(gateway.door, refused, probes))
    act = await asyncio.to_thread(enact, gateway)
    await until_so(lambda: gateway.enforced(WORKERS), "the letter is not in force")
    await until_so(lambda: all(each.over for each, _ in cut), "a refused stream goes on")
    await asyncio.sleep(1.0)
    probing.cancel()
    swept = last_swept(gateway)
    swapped, steady = swept[0], swept[1] - (time.time() - time.monotonic())
    after = sum(1 for each, _ in cut for sent in each.sent if sent > steady)
    let_in = sum(1 for each in probes if each.status == 200 and each.began > steady)
    broken = sum(1 for each, _ in kept if each.over)
    last = max((each.last for each, _ in cut), default=0.0)
    for _, task in everybody:
        task.cancel()
    said = {"subjects": size, "workers": WORKERS, "streams": len(everybody), "load_average": load_average()}
    return [
        report(
            "seconds from a directive's act to all workers on the new version", swapped - act, SWAPPED, False, **said
        ),
        report("seconds from there to the last byte of a refused stream", max(0.0, last - steady), CUT, False),
        report("bytes to refused callers after that (events and answers)", after + let_in, 0, False, asked=len(probes)),
        report("streams of others that broke", broken, 0, False, streams=len(kept)),
    ]


def begin(door: str, key: str) -> tuple[Call, "asyncio.Task[Call]"]:
    """A stream without an end of its own."""
    made = Call()
    return made, asyncio.ensure_future(call(door, request_of(key, STREAMS, True), made=made))


def enact(gateway: Gateway) -> float:
    """The letter under another name, signed by both; returns when it was enacted."""
    text = library()[NAME].text.replace(f'id = "{NAME}"', 'id = "bench-letter"')
    return letter(gateway.office, gateway.lab, "bench-letter", text)


async def probe(door: str, keys: list[str], probes: list[Call]) -> None:
    """Refused callers ask again and again."""
    while True:
        for key in keys:
            probes.append(await call(door, request_of(key, WHOLE, False)))


def last_swept(gateway: Gateway) -> tuple[float, float]:
    """When the last worker swapped to what is in force now, and when it had cut whom that refuses (seconds since
    1970).
    """
    found = list(coverage.intervals(coverage.read(gateway.state.coverage), time.time()))
    change = list(coverage.changes(found))[-1]
    return change.last, change.swept


async def revoked(gateway: Gateway, count: int) -> bool:
    """Keys revoked one after the other while their holders ask; the longest that one was still answered."""
    file, longest = gateway.state.keys, 0.0
    for _ in range(count):
        key = gateway.keys_of(gateway.allowed[:1])[0]
        request = request_of(key, WHOLE, False)
        while (await call(gateway.door, request)).status != 200:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        file.revoke(key, "leaked", now())
        at, refused = time.monotonic(), 0
        while refused < 20 * WORKERS:
            found = await asyncio.gather(*(call(gateway.door, request) for _ in range(2 * WORKERS)))
            still = [each.began - at for each in found if each.status == 200]
            longest = max([longest, *still])
            refused = 0 if still else refused + len(found)
    note(f"{count} keys revoked")
    said = {"keys": count, "workers": WORKERS, "load_average": load_average()}
    return report(
        "seconds from a key's revocation to the last request let in", longest, REFUSED_EVERYWHERE, False, **said
    )


async def until_so(so: object, why: str, seconds: float = 300.0) -> None:
    """Wait until something is so; else end the bench."""
    end = time.monotonic() + seconds
    while not so():  # type: ignore[operator]
        if time.monotonic() > end:
            raise SystemExit(why)
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
