"""The ledger: appends in batches of 1,000 with both sync policies, and a proof for a random entry of 10 million.

Entries are of the size of the typed ones (bylaw.ledger.entries). A proof is timed as a stranger would make it: the
checkpoint and every tile it needs are read from files, the proof is made, checked against the signed root, and
written; no reader is kept between proofs. ``per_cpu_second`` and ``own_ms`` count this process's time alone: on a
machine that others use they say what an idle one would do.

    python bench/ledger.py                 # 10 million entries; about two minutes and 3 GB of disk
    python bench/ledger.py --size 1000000 --appends 100000
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from bylaw.ledger.entries import StatementEntry, encode
from bylaw.ledger.log import Log
from bylaw.ledger.proof import prove
from bylaw.ledger.stores import DirectoryStore
from bylaw.signing import LocalSigner
from reporting import note, report

BATCH = 1000
KEY = LocalSigner.generate()


def batches(count: int) -> list[list[bytes]]:
    """Entries that differ, made before any clock runs."""
    entries = []
    for index in range(count):
        statement = StatementEntry(
            at="2026-11-24T08:00:00Z",
            statement=f"sha256:{index:064x}",
            predicate="https://slsa.dev/provenance/v1",
        )
        entries.append(encode(statement) if index == 0 else entries[0].replace(b"0" * 64, b"%064x" % index))
    return [entries[at : at + BATCH] for at in range(0, count, BATCH)]


def append(root: Path, work: list[list[bytes]], sync: bool) -> tuple[list[float], float]:
    """(seconds on the wall of each batch, seconds of this process) to append the batches to a new log."""
    Log.create(root, "bench.example/log", KEY.public)
    with Log.open(root, sync=sync) as log:
        own, walls = time.process_time(), []
        for batch in work:
            start = time.perf_counter()
            log.append(batch)
            walls.append(time.perf_counter() - start)
        return walls, time.process_time() - own


def grown(root: Path, size: int) -> None:
    """Grow a log to ``size`` short entries and sign it."""
    with Log.open(root, sync=False) as log:
        while log.size < size:
            first = log.size
            log.append([b"%d" % index for index in range(first, min(size, first + 50_000))])
            if log.size % 1_000_000 == 0:
                note(f"{log.size} entries")
        start = time.perf_counter()
        log.checkpoint(KEY)
        note(f"checkpoint: {time.perf_counter() - start:.2f} s")


def proofs(root: Path, size: int, count: int) -> tuple[list[float], float]:
    """(milliseconds of each of ``count`` proofs for random entries, sorted; the process's milliseconds for one)."""
    draw, times, own = random.Random(0), [], time.process_time()
    for _ in range(count):
        index = draw.randrange(size)
        start = time.perf_counter()
        bytes(prove(DirectoryStore(root), index)[0])
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times), 1000 * (time.process_time() - own) / count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=10_000_000, help="entries of the log that is proven from")
    parser.add_argument("--appends", type=int, default=500_000, help="entries appended for the rates")
    parser.add_argument("--proofs", type=int, default=1000)
    parser.add_argument("--where", type=Path, help="directory on the disk to measure (default: the system's)")
    args = parser.parse_args()
    work = batches(args.appends)
    reached = True
    with tempfile.TemporaryDirectory(dir=args.where) as folder:
        for sync in (True, False):
            walls, own = append(Path(folder, f"sync-{sync}"), work, sync)
            figures = {"batch": BATCH, "entry_bytes": len(work[0][0]), "per_cpu_second": round(args.appends / own)}
            figures["median_batch_per_s"] = round(BATCH / statistics.median(walls))
            name = f"ledger appends/s, {'fsync for each batch' if sync else 'no fsync'}"
            reached &= report(name, args.appends / sum(walls), 100_000, cores=os.cpu_count(), **figures)
        root = Path(folder, "large")
        Log.create(root, "bench.example/log", KEY.public)
        grown(root, args.size)
        times, own = proofs(root, args.size, args.proofs)
        median, worst = statistics.median(times), times[int(0.99 * len(times))]
        more = {"p99": round(worst, 3), "own_ms": round(own, 3)}
        reached &= report(f"ms for a proof, one of {args.size}", median, 5, higher=False, **more)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
