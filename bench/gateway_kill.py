"""``kill -9`` under load: workers, recorder, carriers and the database, at a publisher with two replicas.

Callers ask at all three machines without a pause. Before each kill every whole line of every segment is read: a
decision that is recorded then must be in the archive in the end, once. So must the decision of every answer that a
caller got, and there must be no more requests at the model's server than decisions that allow.

    python bench/gateway_kill.py              # 100 kills of each kind; about half an hour
    python bench/gateway_kill.py --quick      # 3 of each
"""

import argparse
import http.client
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "gateway"))  # before the benches' own gateway_rig
from cluster_rig import Machines, machines
from gateway_model import ModelServer
from gateway_postgres import Postgres, postgres
from gateway_rig import Rig, receipts_of, wait

from bylaw.gateway.record.layout import end_of
from bylaw.gateway.record.writing import read_line

WORKERS, REPLICAS, CALLERS = 2, 2, 2
"""Workers and callers are of each machine."""
AGE = 600.0
"""Greatest age of a snapshot, in seconds: no stale one closes a door here, and so takes load away."""
KINDS = ("worker", "recorder", "carrier", "database")


class Load:
    """Callers at every machine; what they were answered."""

    def __init__(self, rigs: list[Rig]) -> None:
        self.stop, self.broken = threading.Event(), 0
        self.receipts: list[set[str]] = [set() for _ in rigs for _ in range(CALLERS)]
        self.threads = [
            threading.Thread(
                target=self._ask,
                args=(rig, self.receipts[number * CALLERS + caller]),
                daemon=True,  # they hold up nobody when something fails
            )
            for number, rig in enumerate(rigs)
            for caller in range(CALLERS)
        ]
        for thread in self.threads:
            thread.start()

    def _ask(self, rig: Rig, receipts: set[str]) -> None:
        while not self.stop.is_set():
            try:
                got = rig.chat("citizen")
            except (OSError, http.client.HTTPException):
                self.broken += 1  # its worker was killed
                continue
            if receipt := got.headers.get("bylaw-receipt"):
                receipts.add(receipt)

    def goes_on(self) -> None:
        """Until every caller has been answered again."""
        before = [len(each) for each in self.receipts]
        wait(lambda: all(len(each) > was for each, was in zip(self.receipts, before, strict=True)))

    def end(self) -> set[str]:
        """All receipts."""
        self.stop.set()
        for thread in self.threads:
            thread.join()
        return set().union(*self.receipts)


def recorded(made: Machines) -> set[str]:
    """The receipts of all decisions whose lines stand whole in a segment now."""
    found = set()
    for rig in (made.publisher, *made.replicas):
        for path in rig.state.segments.glob("*.log"):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # it was filed
            found |= {read_line(line).receipt for line in content.splitlines(keepends=True) if line.endswith(b"\n")}
    return found


def kill(kind: str, number: int, made: Machines, database: Postgres) -> None:
    """One, and wait until there is another."""
    if kind == "database":
        database.kill()
        database.start()
        return
    rigs = [made.publisher] if kind == "recorder" else [made.publisher, *made.replicas]
    rig = rigs[number % len(rigs)]
    wait(lambda: rig.has(kind), rig.log)
    os.kill(rig.child(kind), signal.SIGKILL)


def run(made: Machines, server: ModelServer, database: Postgres, count: int) -> bool:
    """The kills, and what is found in the end."""
    load, seen, killed, draw = Load([made.publisher, *made.replicas]), set[str](), Counter[str](), Random(0)
    began = time.monotonic()
    for number in range(count):
        for kind in KINDS:
            load.goes_on()
            time.sleep(draw.random() * 0.2)
            seen |= recorded(made)
            kill(kind, number, made, database)
            killed[kind] += 1
        if number % 10 == 9:
            answers = sum(map(len, load.receipts))
            note(f"{sum(killed.values())} kills, {answers} answers, {time.monotonic() - began:.0f} s")
    answered = load.end()
    seen |= recorded(made)
    for rig in (made.publisher, *made.replicas):
        wait(lambda rig=rig: not _waiting(rig), rig.log)  # type: ignore[misc]
    wait(lambda: answered <= receipts_of(made.publisher).keys() or _settled(made), made.publisher.log)
    found = receipts_of(made.publisher)
    more = {
        "kills": dict(killed),
        "answers": len(answered),
        "cut": load.broken,
        "seconds": round(time.monotonic() - began),
    }
    ok = report("answers without a recorded decision", len(answered - found.keys()), 0, higher=False, **more)
    heard = max(0, len(server.heard) - len(found))
    ok &= report("requests at the model without a decision", heard, 0, higher=False, heard=len(server.heard))
    ok &= report("recorded decisions lost", len(seen - found.keys()), 0, higher=False, recorded=len(seen))
    return ok & report("decisions on record twice", sum(found.values()) - len(found), 0, higher=False, kept=len(found))


def _waiting(rig: Rig) -> bool:
    """Whether a segment holds a decision that nobody has filed: more than the one that each worker writes now. One that
    is laid out ahead holds none.
    """
    return sum(map(_holds, rig.state.segments.glob("*.log"))) > WORKERS


def _holds(path: Path) -> bool:
    try:
        return end_of(path) > 0
    except FileNotFoundError:
        return False  # it was filed


def _settled(made: Machines) -> bool:
    """Whether the archive no longer grows."""
    before = len(receipts_of(made.publisher))
    time.sleep(10)
    return len(receipts_of(made.publisher)) == before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="kills of each kind")
    parser.add_argument("--quick", action="store_true", help="a smoke run, no figure to quote")
    args = parser.parse_args()
    os.environ["MODEL_KEY"] = "sk-upstream"
    with tempfile.TemporaryDirectory() as folder, postgres() as (database,):
        at = Path(folder, "machines")
        with machines(at, database.dsn(), REPLICAS, WORKERS, AGE) as (made, server):
            server.pause = 0.0
            reached = run(made, server, database, 3 if args.quick else args.count)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
