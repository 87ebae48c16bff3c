"""A roster of a million subjects brought into a store, with history, and the register read from it, in one thread.

The roster is a CSV file of 50,000 organisations and 950,000 persons with five facts each, drawn from a seed: names and
days of birth that hardly two share, employers, countries, three sources, thirty days. Each step runs in a process of
its own with one thread, so that its time and its peak of memory are its own.

    python bench/access_import.py            # about two minutes
    python bench/access_import.py --quick    # 20,000 subjects
    python bench/access_import.py --clock cpu    # on a machine that others use: this process's own time
"""

import argparse
import csv
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from bylaw.access.roster.bring import bring
from bylaw.access.roster.options import Options
from bylaw.access.roster.report import Report
from bylaw.access.store.store import Store
from reporting import note, report

SUBJECTS = 1_000_000
SHARE_OF_ORGANIZATIONS = 20
SECONDS_TO_IMPORT = 120.0
SECONDS_TO_READ = 15.0
GIGABYTES = 3.0
SEED = 20261124
TODAY = date(2026, 11, 24)
COUNTRIES = ("us", "cn", "in", "de", "fr", "gb", "kr", "jp", "ru", "ir", "br", "ng", "su", "vn", "mx", "ca")
SOURCES = (("hr", "attested"), ("passport desk", "document"), ("form", "declared"))
COLUMNS = ["id", "kind", "name", "born", "citizenship", "residence", "employer", "incorporation", "headquarters"]
COLUMNS += ["location", "owner", "source", "grade", "as_of"]


def rows(draw: random.Random, size: int) -> Iterator[list[str]]:
    """Organisations first, so that whoever is employed is employed somewhere."""
    organizations = size // SHARE_OF_ORGANIZATIONS
    for number in range(organizations):
        country, owner = draw.choice(COUNTRIES), draw.randrange(organizations)
        owners = f"org-{owner}={draw.choice(('10', '25-50', '100'))}"
        row = [f"org-{number}", "organization", f"Company {number} Ltd", "", "", "", "", country, country, country]
        yield [*row, owners, *seen(draw)]
    for number in range(size - organizations):
        born = date(1950, 1, 1) + timedelta(days=draw.randrange(19_000))
        citizenship = f"{draw.choice(COUNTRIES)}@{born}"
        if draw.random() < 0.1:
            citizenship += f";{draw.choice(('us', 'ca', 'fr'))}@{draw.randint(2010, 2025)}-06-01"
        employer = f"org-{draw.randrange(organizations)}!{draw.choice(('employee', 'contractor'))}"
        row = [f"p-{number}", "person", f"Person {number:x} {draw.randrange(10**6)}", str(born), citizenship]
        yield [*row, draw.choice(COUNTRIES), employer, "", "", "", "", *seen(draw)]


def seen(draw: random.Random) -> list[str]:
    """Source, grade and day."""
    return [*draw.choice(SOURCES), str(TODAY - timedelta(days=draw.randrange(30)))]


def write(path: Path, size: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(random.Random(SEED), size))


def write_later(path: Path, size: int) -> None:
    """A hundredth of the persons, a day later, somewhere else."""
    draw = random.Random(SEED + 1)
    persons = size - size // SHARE_OF_ORGANIZATIONS
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "kind", "residence", "source", "grade", "as_of"])
        for number in draw.sample(range(persons), persons // 100):
            writer.writerow([f"p-{number}", "person", draw.choice(COUNTRIES), "hr", "verified", str(TODAY)])


def imported(folder: Path, name: str) -> Report:
    with Store.open(folder / "store") as store:
        return bring(folder / name, store, Options(today=TODAY), by="bench")


def first(folder: Path) -> dict[str, int]:
    done = imported(folder, "roster.csv").done
    assert done is not None
    return {"subjects": done.subjects, "facts": done.facts}


def later(folder: Path) -> dict[str, int]:
    done = imported(folder, "later.csv").done
    assert done is not None
    return {"facts": done.facts}


def register(folder: Path) -> dict[str, int]:
    with Store.open(folder / "store") as store:
        found = store.register(TODAY)
    return {"subjects": len(found), "facts": sum(len(subject.known) for subject in found.values())}


class Measured(NamedTuple):
    """What a step took, in a process of its own with one thread."""

    wall: float
    cpu: float
    said: dict[str, float]


def measured(step: Callable[[Path], dict[str, int]], folder: Path) -> Measured:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (step, folder))


def _measure(step: Callable[[Path], dict[str, int]], folder: Path) -> Measured:
    start, begun = time.perf_counter(), time.process_time()
    said = step(folder)
    wall, cpu = time.perf_counter() - start, time.process_time() - begun
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return Measured(wall, cpu, {**said, "gigabytes": round(gigabytes, 3), "wall": round(wall, 1), "cpu": round(cpu, 1)})


def figures(folder: Path, size: int, clock: str) -> bool:
    """Every figure, each told as it comes; whether all are reached."""
    done = measured(first, folder)
    disk = round(sum(file.stat().st_size for file in (folder / "store").iterdir()) / 1e6)
    name = f"seconds to import {size} subjects, history kept"
    reached = report(name, getattr(done, clock), SECONDS_TO_IMPORT, False, clock=clock, disk_mb=disk, **done.said)
    reached &= report("gigabytes of memory to import them", done.said["gigabytes"], GIGABYTES, False)
    done = measured(later, folder)
    note(f"{done.said['facts']} facts followed by others in {getattr(done, clock):.1f} s")
    done = measured(register, folder)
    name = f"seconds to read the register of {size} subjects"
    return reached & report(name, getattr(done, clock), SECONDS_TO_READ, False, clock=clock, **done.said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="which seconds are counted")
    options = parser.parse_args()
    size = 20_000 if options.quick else SUBJECTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "roster.csv", size)
        write_later(folder / "later.csv", size)
        note(f"a roster of {(folder / 'roster.csv').stat().st_size / 1e6:.0f} MB")
        return 0 if figures(folder, size, options.clock) else 1


if __name__ == "__main__":
    sys.exit(main())
