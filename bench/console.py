"""The console's pages over a million subjects and a million decisions: each is asked for and answered by the listener.

An office is made up: 50,000 organisations and 950,000 persons with facts of their own, the letter of 12 June 2026 in
force; 30 days of decisions about 5,000 of them, from 18 countries; a signed snapshot of everybody. Then the summary is
made from the archive, and every page is asked for over HTTP, from the same process, so that a page's processor time
includes the asking.

    python bench/console.py --at DIR          # makes the office in DIR if it is not there (some minutes), then asks
    python bench/console.py --quick           # one in fifty
    python bench/console.py --clock cpu       # on a machine that others use: this process's own time
"""

import argparse
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec

from bylaw.access.decision import Request
from bylaw.access.office.commit import commit
from bylaw.access.office.enact import enact
from bylaw.access.office.made import Made, Written
from bylaw.access.office.place import Office, OfficeSettings, stamp
from bylaw.access.rules.approval import sign
from bylaw.access.rules.library import library
from bylaw.access.store.records import Said
from bylaw.access.subjects import Fact, FactName, Value
from bylaw.canonical import canonical, seed_of
from bylaw.cli import practice
from bylaw.console.app import Console
from bylaw.console.cookies import Cookie
from bylaw.console.desk import Desk
from bylaw.gateway.settings import Place
from bylaw.gateway.snapshot.publish import Publisher
from bylaw.lineage.lab import Lab
from bylaw.signing import LocalSigner
from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "console"))
from console_server import served

SUBJECTS, DECISIONS, ASKING = 1_000_000, 1_000_000, 5_000
PAGE_SECONDS, MAKE_SECONDS, REPEATS = 1.0, 300.0, 5
NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
FIRST = NOW - timedelta(days=30)
SEEN = date(2026, 6, 1)
COUNTRIES = ("us", "us", "us", "cn", "in", "gb", "de", "fr", "ru", "ir", "jp", "kr", "br", "ca", "mx", "ng", "ua", "")
PAGES = {
    "now": "/",
    "decisions": "/decisions",
    "decisions, refused": "/decisions?outcome=refuse",
    "decisions, rare (country, model, outcome)": "/decisions?outcome=hold&country=ir&model=mythos-5",
    "decisions, of an organisation": "/decisions?organization=org-17",
    "decisions, by a rule": "/decisions?rule=june-2026-letter-1",
    "decisions, the middle": "/decisions?outcome=refuse&before=500000",
    "decisions, by a rule that never allowed": "/decisions?rule=june-2026-letter-1&outcome=allow",
    "decisions, what nobody has": "/decisions?organization=org-nobody",
    "map by day": "/map?span=day",
    "map by hour": "/map?span=hour",
    "map by week": "/map?span=week",
    "subjects": "/subjects",
    "subjects, beginning": "/subjects?q=p-5000",
    "subjects, holding": "/subjects?q=-77777",
    "subjects, what nobody has": "/subjects?q=nobody",
    "one subject": "/subjects/p-17",
    "matches": "/hits",
    "licenses": "/licenses",
    "reports owed": "/filings",
    "reports about a day": "/filings/{day}",
    "workers": "/workers",
    "ledger": "/ledger",
}


def people(size: int) -> Iterator[Said]:
    """Organisations first."""
    rng, organizations = random.Random(seed_of("console", size)), size // 20
    for number in range(organizations):
        yield Said(f"org-{number}", "organization", (_fact("incorporation", rng.choice(COUNTRIES[:-1])),))
    for number in range(size - organizations):
        said = [
            _fact("citizenship", rng.choice(COUNTRIES[:-1])),
            _fact("employer", f"org-{rng.randrange(organizations)}"),
        ]
        if rng.random() < 0.8:
            said += [_fact("permanent_residency", ""), _fact("protected", "")]
        yield Said(f"p-{number}", "person", tuple(said))


def _fact(name: FactName, text: str) -> Fact:
    values = (Value(text=text),) if text else ()
    return Fact(name=name, values=values, source="hr", grade="attested", as_of=SEEN)


def make(folder: Path, share: int) -> None:
    """The office, its decisions and a snapshot."""
    lab = Lab.open(folder / "home")
    office = Office.create(folder / "office", OfficeSettings(models=("fable-5", "mythos-5")))
    practice._approvers(office)
    for name in ("ordinary-access", "june-2026-letter-1"):
        path = folder / f"{name}.toml"
        path.write_text(library()[name].text.replace('duties = ["preserve"]', 'duties = ["report", "preserve"]'))
        for who in practice.APPROVERS:
            sign(path, LocalSigner.load(office.root / "practice-keys" / f"{who}.pem"))
        enact(office, path, lab, FIRST, despite_errors=True)
    note("subjects")
    with office.store() as store:
        store.record(people(SUBJECTS // share), source="bench", digest="0" * 64, by="bench", at=FIRST)
    note("decisions")
    for number, batch in enumerate(_batches(office, DECISIONS // share)):
        office.archive.file(batch)
        if number == 0:  # one batch is in the ledger, and the rest waits
            commit(office, lab)
    (folder / "gateway.toml").write_text('office = "office"\nhome = "home"\n[admin]\nport = 0\n')
    desk = Desk(Place.read(folder / "gateway.toml"), NOW.timestamp)
    note("snapshot")
    state = desk.state
    state.root.mkdir(parents=True, exist_ok=True)
    Publisher(office, state.keys, state.snapshot, state.signer(), desk.place.settings.snapshot).turn(
        NOW.timestamp() - 5
    )


def _batches(office: Office, count: int) -> Iterator[list[Written]]:
    """Decisions about some people, made once each and then dated anew: the archive's own bytes."""
    rng, at = random.Random(seed_of("console", "decisions", count)), NOW - timedelta(days=1)
    policy, basis = office.present(at)
    mark = "0000-00-00T00:00:00Z"
    with office.subjects(at, basis.facts) as register:
        bodies = []
        for number in range(ASKING):
            request = Request(model=rng.choice(("fable-5", "mythos-5")), location=rng.choice(COUNTRIES))
            id = f"p-{rng.randrange(count * 9 // 10)}"
            made = Made(decision=policy.decide(register, id, request), basis=msgspec.structs.replace(basis, at=mark))
            bodies.append(canonical(msgspec.structs.replace(made, call=f"call-{number % 10}")))
    batch: list[Written] = []
    span = (NOW - FIRST).total_seconds()
    for number in range(count):
        when = stamp(FIRST + timedelta(seconds=span * number / count)).encode()
        body = rng.choice(bodies).replace(mark.encode(), when, 1).replace(b'"call":"call-', b'"call":"%d-' % number, 1)
        batch.append(Written(body, rng.randbytes(32)))
        if len(batch) == 20_000:
            yield batch
            batch = []
    yield batch


def ask(folder: Path, now: Callable[[], float], share: int) -> list[bool]:
    """The summary made anew, then every page some times."""
    desk = Desk(Place.read(folder / "gateway.toml"), NOW.timestamp)
    desk.gathering.summary.remove()
    start = now()
    desk.gathering.all()
    said = {"subjects": SUBJECTS // share, "decisions": DECISIONS // share}
    results = [report("summary made anew, s", now() - start, MAKE_SECONDS, higher=False, **said)]
    desk.people.add("bench", "operator", NOW.timestamp()) if desk.people.find("bench") is None else None
    with desk.book.writing() as base:
        base.execute("UPDATE account SET first = 0")
    cookie = f"{Cookie(False).name}={desk.sessions.begin('bench', 'bench', 'operator', NOW.timestamp())}"
    with served(Console(desk)) as address:
        for name, path in PAGES.items():
            times = [
                _asked(f"{address}{path.format(day=(NOW - timedelta(days=3)).date())}", cookie, now)
                for _ in range(REPEATS)
            ]
            spent, size = max(seconds for seconds, _ in times), times[0][1]
            median = sorted(seconds for seconds, _ in times)[REPEATS // 2]
            results.append(
                report(
                    f"{name}, s, the slowest of {REPEATS}",
                    spent,
                    PAGE_SECONDS,
                    higher=False,
                    median=round(median, 4),
                    kilobytes=size // 1000,
                )
            )
    return results


def _asked(url: str, cookie: str, now: Callable[[], float]) -> tuple[float, int]:
    start = now()
    with urllib.request.urlopen(urllib.request.Request(url, headers={"cookie": cookie})) as answer:
        content = answer.read()
    return now() - start, len(content)


def main() -> int:
    """1 if any figure is short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", metavar="DIR", type=Path, help="where the office is made, and found again")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    args = parser.parse_args()
    share = 50 if args.quick else 1
    now = time.perf_counter if args.clock == "wall" else time.process_time
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.at or Path(temporary)
        if not (folder / "gateway.toml").exists():
            make(folder, share)
        return 0 if all(ask(folder, now, share)) else 1


if __name__ == "__main__":
    sys.exit(main())
