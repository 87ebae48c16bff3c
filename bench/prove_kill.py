"""``kill -9`` at random moments of an append, a checkpoint and the building of a bundle: nothing lost, nothing torn.

A child process works, and says on a pipe when it begins an operation and when that is accepted: it has returned. The
parent lets a few pass, then kills at a moment after a *begin*, drawn uniformly from the length of the longest operation
(measured first), and looks at what lies on the disk as a stranger would: ``Monitor``, ``Proof`` and ``verify.py``. It
goes on until ``--count`` kills of each kind have landed inside an operation.

*Lost*: an entry, checkpoint or bundle that was accepted and is not there, does not prove or does not verify.
*Wrongly accepted*: something that is there and should not be, such as a part of a batch, another entry than the one
that was given, a checkpoint that was never asked for, or a torn bundle under its final name. *Broken*: who reads what
is there, or goes on with it, is refused. The bound of each is 0.

    python bench/prove_kill.py              # 100 of each kind; some minutes
    python bench/prove_kill.py --quick      # 5 of each
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Protocol

from bylaw import verify
from bylaw.errors import BylawError
from bylaw.evidence.build import _write, build
from bylaw.evidence.reading import Bundle
from bylaw.ledger import log as log_module
from bylaw.ledger.log import CHECKPOINT, Log
from bylaw.ledger.monitor import Monitor
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import prove
from bylaw.ledger.stores import DirectoryStore
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from runs import make_run  # a whole run, as the tests make it

FORK = multiprocessing.get_context("fork")
BEGIN, DONE = b"b", b"d"
ROLL = 60_000
"""Bytes of journal after which it is rolled, here: small, so that kills land there too."""
PROVEN = 60
"""Entries proven after each kill: the last ones that were accepted, and as many of all others."""


class Work(Protocol):
    """Operations of one kind."""

    @property
    def kind(self) -> str:
        """Its name in the figures."""

    def operations(self) -> Iterator[bytes]:
        """What a child does until it is killed; yields ``BEGIN`` and ``DONE`` around each operation."""

    def check(self, accepted: int, begun: int) -> Counter[str]:
        """What is lost or wrongly accepted after the death of a child that said so much; the next operation goes on."""


class Appends:
    """A log of entries that tell their index; the length of a batch follows from the index of its first entry.

    With ``signs``, the operation is the checkpoint after each batch, and the batch is entered before it begins.
    """

    def __init__(self, root: Path, signs: bool) -> None:
        self.kind = "checkpoint" if signs else "append"
        self.log, self.signs, self.key = root / "log", signs, LocalSigner.generate()
        self.policy = Policy.unwitnessed(Log.create(self.log, "bench.example/log", self.key.public))
        self.monitor = Monitor(DirectoryStore(self.log), self.policy, root / "seen")
        self.size = self.signed = 0  # before the child began

    def operations(self) -> Iterator[bytes]:
        log_module.ROLL = ROLL
        with Log.open(self.log) as log:
            while True:
                if self.signs:
                    log.append(batch(log.size))
                yield BEGIN
                if self.signs:
                    log.checkpoint(self.key)
                else:
                    log.append(batch(log.size))
                yield DONE

    def check(self, accepted: int, begun: int) -> Counter[str]:
        found, sizes = Counter[str](), self.sizes(begun + 1)
        entered = (begun, begun + (begun == accepted)) if self.signs else (accepted, begun)
        shown = {sizes[accepted] or self.signed, sizes[begun]} if self.signs else {self.signed}
        seen = self.look(found)
        found["lost"] += seen < min(shown)
        found["wrongly accepted"] += seen not in shown
        with Log.open(self.log) as log:
            found["lost"] += log.size < sizes[entered[0]]
            found["wrongly accepted"] += log.size not in {sizes[each] for each in entered}
            log.append(batch(log.size))
            log.checkpoint(self.key)
            self.size = self.signed = log.size
        found["lost"] += self.look(found) != self.size
        found["lost"] += sum(not self.proves(index) for index in drawn(sizes[entered[0]]))
        return found

    def sizes(self, count: int) -> list[int]:
        """Sizes of the log after 0, 1, 2 … batches of the child."""
        sizes = [self.size]
        for _ in range(count):
            sizes.append(sizes[-1] + len(batch(sizes[-1])))
        return sizes

    def look(self, found: Counter[str]) -> int:
        """As a monitor that remembers: signatures, growth, every tile and every new entry; the size it was shown."""
        if not (self.log / CHECKPOINT).is_file():
            return 0
        wrong: list[int] = []
        sight = self.monitor.look(lambda index, content: None if content == entry(index) else wrong.append(index))
        found["wrongly accepted"] += len(wrong)
        return sight.verdict.checkpoint.size

    def proves(self, index: int) -> bool:
        proof, content = prove(DirectoryStore(self.log), index)
        proof.check(entry(index), self.policy)
        return content == entry(index)


def entry(index: int) -> bytes:
    return b"entry %d " % index + b"." * (index % 100)


def batch(first: int) -> list[bytes]:
    """One to 700 entries, their number drawn from the index of the first."""
    return [entry(index) for index in range(first, first + Random(first).choice((1, 7, 70, 300, 700)))]


def drawn(size: int) -> list[int]:
    """Indexes below ``size`` to prove: the last ones, and some of all."""
    draw = Random(size)
    return [*range(size)[-PROVEN:], *(draw.randrange(size) for _ in range(PROVEN if size else 0))]


class Bundles:
    """Bundles of one run, zip files and directories in turn, each under its own name.

    Nearly all of the time the run is checked; with ``writes``, the operation is to write a bundle that was made before.
    """

    def __init__(self, root: Path, writes: bool) -> None:
        self.kind = "bundle, writing it" if writes else "bundle, all of it"
        self.root, self.made = root, 0
        self.lab = Lab.open(root / "lab")
        make_run(root / "tiny", self.lab)
        self.files = Bundle(build([root / "tiny"], root / "first", self.lab)).files if writes else {}
        self.keys = [self.lab.signer.public.pem]
        self.policy = f"log {self.lab.vkey}\nquorum none\n".encode()

    def path(self, number: int) -> Path:
        return self.root / "bundles" / (f"{number}.zip" if number % 2 else f"{number}")

    def operations(self) -> Iterator[bytes]:
        for number in count(self.made):
            yield BEGIN
            if self.files:
                _write(self.path(number), self.files)
            else:
                build([self.root / "tiny"], self.path(number), self.lab)
            yield DONE

    def check(self, accepted: int, begun: int) -> Counter[str]:
        found, end = Counter[str](), self.made + accepted
        for number in range(self.made, end):
            found["lost"] += not (self.path(number).exists() and self.verifies(self.path(number)))
        if self.path(end).exists():  # it was not said that this one is there; if it is, it must be whole
            found["wrongly accepted"] += not self.verifies(self.path(end))
            end += 1
        found["lost"] += not self.verifies(build([self.root / "tiny"], self.path(end), self.lab))
        shown = {each for each in (self.root / "bundles").iterdir() if not each.name.startswith(".")}
        found["wrongly accepted"] += len(shown - {self.path(number) for number in range(end + 1)})
        self.made = end + 1
        return found

    def verifies(self, path: Path) -> bool:
        return verify.verify(path, self.keys, self.policy).code == 0


class Child:
    """A process that works until it is killed, and what it has said."""

    def __init__(self, work: Work) -> None:
        self._work, self._said = work, b""
        self._reading, writing = os.pipe()
        self._process = FORK.Process(target=_work, args=(work, writing))
        self._process.start()
        os.close(writing)

    def listen(self, begun: int) -> None:
        """Return when it has begun so many operations."""
        while self._said.count(BEGIN) < begun:
            more = os.read(self._reading, 1)
            if not more:
                raise SystemExit(f"{self._work.kind}: the child died of itself")
            self._said += more

    def kill(self) -> tuple[int, int]:
        """Kill it; operations that were accepted, and that were begun."""
        self._process.kill()
        self._process.join()
        while more := os.read(self._reading, 1 << 12):
            self._said += more
        os.close(self._reading)
        return self._said.count(DONE), self._said.count(BEGIN)


def _work(work: Work, pipe: int) -> None:
    for word in work.operations():
        os.write(pipe, word)


def measured(work: Work, operations: int = 20) -> float:
    """Seconds of the longest operation, with what lies between two."""
    child, times = Child(work), []
    child.listen(1)
    for number in range(operations):
        start = time.perf_counter()
        child.listen(number + 2)
        times.append(time.perf_counter() - start)
    if faults := +work.check(*child.kill()):
        raise SystemExit(f"{work.kind}: {dict(faults)} before anything was drawn")
    note(f"{work.kind}: an operation takes {1000 * min(times):.1f} to {1000 * max(times):.1f} ms")
    return max(times)


def killed(work: Work, wanted: int, seed: int) -> Counter[str]:
    """Kill children until so many kills were inside an operation; what was found."""
    draw, found, longest = Random(f"{work.kind} {seed}"), Counter[str](), measured(work)
    while found["inside"] < wanted and not found["broken"]:
        child = Child(work)
        child.listen(draw.randint(1, 4))
        time.sleep(draw.uniform(0, longest))
        accepted, begun = child.kill()
        found.update(kills=1, inside=begun > accepted, accepted=accepted)
        try:
            found.update(work.check(accepted, begun))
        except BylawError as error:
            note(f"{work.kind}, kill {found['kills']}: {error!r}")
            found["broken"] += 1
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="5 kills of each kind")
    parser.add_argument("--count", type=int, default=100, help="kills of each kind that land inside an operation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--where", type=Path, help="directory on the disk to measure (default: the system's)")
    args = parser.parse_args()
    reached = True
    with tempfile.TemporaryDirectory(dir=args.where) as folder:
        for number, kind in enumerate((Appends, Appends, Bundles, Bundles)):
            root = Path(folder, str(number))
            root.mkdir()
            work: Work = kind(root, bool(number % 2))
            found = killed(work, 5 if args.quick else args.count, args.seed)
            more = {name: found[name] for name in ("kills", "inside", "accepted")}
            for fault in ("lost", "wrongly accepted", "broken"):
                reached &= report(f"kill -9 in {work.kind}: {fault}", found[fault], 0, higher=False, **more)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
