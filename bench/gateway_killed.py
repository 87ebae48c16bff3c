"""``kill -9`` of workers, recorder and publisher under load, a hundred times: no answer without its decision on record.

Callers ask all the time and keep the receipt of every answer that came whole. Then all that is in the archive and in
the ledger's batches is compared. *Without a recorded decision*: an answer whose receipt is no leaf of any batch, or
that had none. *Lost*: a number that a worker gave to a decision, lower than its last, that is not in the archive; or a
decision that is there twice.

``VICTIMS`` names what is killed; where the office stands on a database, its primary is one more (``--more`` is a
command that kills it and waits until it is back).

    python bench/gateway_killed.py                # 100 kills
    python bench/gateway_killed.py --quick        # 6
"""

import asyncio
import os
import random
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

import uvloop

from bylaw.canonical import seed_of
from bylaw.gateway import meters
from bylaw.ledger.merkle import leaf_hash
from gateway_client import Call, call, request_of
from gateway_machine import load_average
from gateway_stand import WHOLE, Gateway, options, upstreams
from reporting import note, report

SIZE, KILLS, CALLERS, WORKERS = 20_000, 100, 16, 2
VICTIMS = ("worker", "recorder", "worker", "publisher")
SETTINGS = "[record]\ncommit_seconds = 0.5\n"


def main() -> int:
    """Both figures; 0 if they reach their bounds."""
    said = options(
        __doc__ or "",
        kills={"type": int, "default": KILLS},
        more={"default": "", "help": "a command that kills a database and waits until it is back"},
    )
    kills = 6 if said.quick else said.kills
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        with ExitStack() as stack:
            ports = stack.enter_context(upstreams(folder))
            gateway = Gateway(folder / "gateway", SIZE, ports, workers=WORKERS, settings=SETTINGS)
            stack.enter_context(gateway.serving())
            made, killed = uvloop.run(loaded(gateway, kills, said.more))
        return 0 if all(figures(gateway, made, killed)) else 1


async def loaded(gateway: Gateway, kills: int, more: str) -> tuple[list[Call], Counter[str]]:
    """All calls, and how many of each were killed."""
    made: list[Call] = []
    callers = [asyncio.ensure_future(ask(gateway, number, made)) for number in range(CALLERS)]
    rng, killed = random.Random(seed_of("gateway-kill", kills)), Counter[str]()
    victims = (*VICTIMS, *(("database",) if more else ()))
    for number in range(kills):
        victim = victims[number % len(victims)]
        await asyncio.sleep(rng.uniform(0.2, 1.0))
        await answered(made)
        if victim == "database":
            await asyncio.to_thread(subprocess.run, shlex.split(more), check=True)
        else:
            os.kill(await one(gateway, victim, rng), signal.SIGKILL)
        killed[victim] += 1
        await serving(gateway, WORKERS + killed["worker"])
    await answered(made)
    for each in callers:
        each.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    return made, killed


async def ask(gateway: Gateway, number: int, made: list[Call]) -> None:
    """One caller, who asks again and again."""
    while True:
        key = gateway.keys[number % len(gateway.keys)]
        found = await call(gateway.door, request_of(key, WHOLE, False))
        made.append(found)
        number += CALLERS
        if found.cut:
            await asyncio.sleep(0.02)


async def answered(made: list[Call], count: int = 20, seconds: float = 120.0) -> None:
    """Wait until so many more were answered."""
    end, start = time.monotonic() + seconds, len(made)
    while sum(each.status == 200 for each in made[start:]) < count:
        if time.monotonic() > end:
            raise SystemExit("nobody is answered any more")
        await asyncio.sleep(0.02)


async def serving(gateway: Gateway, started: int) -> None:
    """Wait until so many workers have been started and had rules in force: the next kill meets one at work."""
    while sum(each["version"] > 0 for each in meters.read(gateway.state.meters).values()) < started:
        await asyncio.sleep(0.05)


async def one(gateway: Gateway, name: str, rng: random.Random) -> int:
    """A process of that name; the supervisor may just be starting it."""
    while not (found := gateway.children(name)):
        await asyncio.sleep(0.05)
    return rng.choice(found)


def figures(gateway: Gateway, made: list[Call], killed: Counter[str]) -> list[bool]:
    """What is missing, after all has been drained."""
    leaves, calls = recorded(gateway.office.archive.path)
    whole = [each for each in made if each.status == 200 and not each.cut]
    begun = [each for each in made if each.status == 200]
    missing = sum(each.header(b"bylaw-receipt") not in leaves for each in begun)
    holes, twice = 0, sum(count - 1 for count in calls.values()) + sum(count - 1 for count in leaves.values())
    numbers: dict[str, list[int]] = {}
    for each in calls:
        worker, _, number = each.rpartition("-")
        numbers.setdefault(worker, []).append(int(number))
    for found in numbers.values():
        holes += max(found) - len(set(found))
    note(f"{len(made):,} calls, {len(whole):,} answered whole; {len(numbers)} workers; killed: {dict(killed)}")
    said = {"answers": len(begun), "recorded": len(leaves), "killed": dict(killed), "load_average": load_average()}
    return [
        report("answers sent without a recorded decision", missing, 0, False, **said),
        report("recorded decisions lost, or there twice", holes + twice, 0, False, workers=len(numbers)),
    ]


def recorded(path: Path) -> tuple[Counter[str], Counter[str]]:
    """How often each receipt is a leaf of a batch in the ledger, and each call is in the archive."""
    import msgspec

    class Call(msgspec.Struct):
        call: str = ""

    decode = msgspec.json.Decoder(Call).decode
    with closing(sqlite3.connect(path)) as base:
        commitments = base.execute(
            "SELECT committed FROM commitments JOIN batches ON number BETWEEN first AND last WHERE place IS NOT NULL"
        )
        leaves = Counter(leaf_hash(committed.encode()).hex() for (committed,) in commitments)
        calls = Counter(decode(body).call for (body,) in base.execute("SELECT body FROM decisions"))
    return leaves, calls


if __name__ == "__main__":
    sys.exit(main())
