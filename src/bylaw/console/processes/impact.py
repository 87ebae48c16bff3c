"""The process that works out an impact: ``python -m bylaw.console.processes.impact OFFICE OUT``, of OUT.toml."""

import csv
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bylaw.access.office.impact import Gain, Impact, Loss, foresee
from bylaw.access.office.place import Office, stamp
from bylaw.access.rules.document import read
from bylaw.console.csvs import cell
from bylaw.console.foresight import Lost, Progress, Sums
from bylaw.errors import BylawError
from bylaw.gateway.processes.core import stand_back
from bylaw.storage import remove, write_bytes, writing

LOST = ("subject", "model", "after", "rules", "what would settle it", "nothing says it is about them")
GAINED = ("subject", "model", "before", "kind", "works for or under")


def main(root: Path, out: Path) -> None:
    """Sums and the list, then no progress any more; what went wrong on purpose is a sentence in a file."""
    stand_back()
    progress, began = out.with_suffix(".progress"), time.monotonic()

    def told(done: int, of: int) -> None:
        write_bytes(progress, msgspec.json.encode(Progress(process=os.getpid(), done=done, of=of)))

    try:
        office, now = Office.open(root), datetime.now(UTC).replace(microsecond=0)
        with office.store() as store:
            facts = store.last_import()
        acts = len(office.journal.acts())
        document = read(out.with_suffix(".toml"))
        found = foresee(office, [document], now, told=_seldom(told))
        _list(out.with_suffix(".csv"), LOST, map(_lost_row, found.losses))
        _list(out.with_suffix(".gained"), GAINED, map(_gained_row, found.gained))
        sums = _sums(found, acts, facts, now, time.monotonic() - began)
        write_bytes(out.with_suffix(".json"), msgspec.json.encode(sums))
    except BylawError as error:
        out.with_suffix(".failed").write_text(str(error))
    finally:
        remove(progress)
        remove(out.with_suffix(".toml"))


def _seldom(told: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """The same, twice a second at the most."""
    last = 0.0

    def saying(done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last > 0.5:
            last = time.monotonic()
            told(done, of)

    return saying


def _sums(found: Impact, acts: int, facts: int, now: datetime, seconds: float) -> Sums:
    return Sums(
        at=stamp(found.at),
        made=stamp(now),
        seconds=round(seconds, 1),
        acts=acts,
        facts=facts,
        subjects=found.subjects,
        people=len({loss.subject for loss in found.losses if loss.kind == "person"}),
        losses=len(found.losses),
        unsettled=found.unsettled,
        lost=_lost(found.losses),
        totals=found.totals,
        countries=found.countries,
        organizations=found.organizations,
        traffic=found.traffic,
        rules=dict(Counter(rule for loss in found.losses for rule in loss.rules).most_common()),
        gains=found.gains,
        needs=found.needs,
        unsafe=found.unsafe,
    )


def _lost(losses: Iterable[Loss]) -> tuple[Lost, ...]:
    counts = Counter((loss.model, loss.kind, loss.after, loss.unsettled) for loss in losses)
    found = {(model, kind) for model, kind, _, _ in counts}
    groups = sorted(found, key=lambda each: (each[0], each[1] != "person", each[1]))  # people first
    return tuple(
        Lost(
            model=model,
            kind=kind,
            refuse=sum(counts[model, kind, "refuse", each] for each in (False, True)),
            hold=sum(counts[model, kind, "hold", each] for each in (False, True)),
            unsettled=sum(counts[model, kind, each, True] for each in ("refuse", "hold")),
        )
        for model, kind in groups
    )


def _list(path: Path, head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    """People, for a spreadsheet."""
    with writing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for row in rows:
            writer.writerow(map(cell, row))


def _lost_row(each: Loss) -> tuple[str, ...]:
    settles = "; ".join(name.replace("_", " ") for name, _ in each.settles)
    return each.subject, each.model, each.after, " ".join(each.rules), settles, "yes" if each.unsettled else ""


def _gained_row(each: Gain) -> tuple[str, ...]:
    return each.subject, each.model, each.before, each.kind, ", ".join(each.works)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
