"""Decisions: ready for a million subjects, decisions a second, and another engine (Cedar) deciding the same.

The register is made up: 50,000 organisations of a million subjects, each with facts and evidence of its own. The rules
are the letters of June 2026 with an annex of a hundred, denied persons, and blocked persons with what they own. *Warm*
is a decision that the desk has made before; *first* is the first about a subject whose profile was ruled on; *cold* is
a ruling on a profile. Every timed decision has all its findings built, with the subject's own evidence.

The comparison with Cedar is over random worlds (tests/access/decide/decide_cases.py). Cedar gets its PolicySet,
Entities and requests ready made, in batches, and one question a decision for the ratio, though it needs two to tell
*hold* from *refuse*.

    python bench/access_decide.py             # some minutes for the first part, more for a million cases of Cedar
    python bench/access_decide.py --quick     # one in fifty
    python bench/access_decide.py --part cedar --clock cpu      # on a machine that others use: this process's own time
"""

import argparse
import gc
import random
import resource
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import cedarpy

from bylaw.access.decide import cedar_entities
from bylaw.access.decide.outside import Outside, Ownership, Screened
from bylaw.access.decide.policy import Desk, compile
from bylaw.access.decision import Request
from bylaw.access.rules.document import Document, parse
from bylaw.access.rules.library import library
from bylaw.access.subjects import Fact, FactName, Standing, Subject, Value
from bylaw.canonical import seed_of
from reporting import note, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "access" / "decide"))
from decide_cases import AT, World, world
from decide_cedar import Engine

SUBJECTS, ORGANIZATIONS, CASES = 1_000_000, 50_000, 1_000_000
READY, WARM, RATIO = 10.0, 500_000.0, 50.0
NOW = datetime(2026, 6, 27, 12, tzinfo=UTC)
REQUEST = Request(model="mythos-5")
COUNTRIES = ("us", "us", "us", "cn", "in", "gb", "de", "fr", "ru", "ir", "jp", "kr", "br", "ca", "mx", "ng", "ua", "pl")


class _Clock:
    """Seconds on the wall, or of this process alone."""

    now = staticmethod(time.perf_counter)


CLOCK = _Clock()


def rules(annex: list[str]) -> list[Document]:
    """What is in force on 27 June 2026."""
    names = ("ordinary-access", "june-2026-letter-1", "june-2026-letter-2", "june-2026-letter-3")
    texts = {name: library()[name].text for name in (*names, "bis-denied-persons", "ofac-blocked-persons")}
    listed = ", ".join(f'"{id}"' for id in annex)
    texts["june-2026-letter-2"] = texts["june-2026-letter-2"].replace("partners = []", f"partners = [{listed}]")
    return [parse(text, name) for name, text in texts.items()]


def register(size: int, organizations: int) -> dict[str, Subject]:
    """Subjects with facts of their own: no two share evidence or days."""
    rng = random.Random(seed_of("access-decide", size))
    found: dict[str, Subject] = {}
    for number in range(organizations):
        id = f"org-{number}"
        parent = f"org-{rng.randrange(organizations)}" if rng.random() < 0.2 else ""
        said = {
            "incorporation": rng.choice(COUNTRIES),
            "headquarters": rng.choice(COUNTRIES),
            "ultimate_parent": parent,
        }
        found[id] = Subject(id, "organization", facts(rng, id, said))
    for number in range(size - organizations):
        id = f"p-{number}"
        found[id] = Subject(id, "person", facts(rng, id, _person(rng, organizations)))
    return found


def _person(rng: random.Random, organizations: int) -> dict[str, str]:
    said = {"citizenship": rng.choice(COUNTRIES), "residence": rng.choice(COUNTRIES)}
    if rng.random() < 0.85:
        said |= {"permanent_residency": "us" if rng.random() < 0.1 else "", "protected": ""}
    if rng.random() < 0.9:
        said["employer"] = f"org-{rng.randrange(organizations)}" if rng.random() < 0.7 else ""
    return said


def facts(rng: random.Random, id: str, said: dict[str, str]) -> dict[FactName, Standing]:
    """Each with a day and a reference of its own; an empty text is *known to be none*."""
    made: dict[FactName, Standing] = {}
    for name, text in said.items():
        since = date(1950 + rng.randrange(75), 1 + rng.randrange(12), 1 + rng.randrange(28))
        detail = rng.choice(("employee", "employee", "contractor", "")) if name == "employer" else ""
        values = (Value(text=text, since=since, detail=detail),) if text else ()
        seen = date(2025, 1 + rng.randrange(12), 1 + rng.randrange(28))
        fact = Fact(name=name, values=values, source="hr", grade="attested", as_of=seen, evidence=f"{id}/{name}")  # type: ignore[arg-type]
        made[name] = Standing(fact)  # type: ignore[index]
    return made


def outside(subjects: dict[str, Subject], organizations: int) -> Outside:
    """A thousand hits, most of them open, and a status for every organisation."""
    rng = random.Random(seed_of("access-decide", "outside"))
    ids = list(subjects)
    hits = {rng.choice(ids): rng.choice(("confirmed", "open", "cleared")) for _ in range(1000)}
    statuses = {
        f"org-{number}": rng.choice(("clear",) * 50 + ("blocked", "undetermined")) for number in range(organizations)
    }
    day = NOW.date()
    return Outside(
        lists={name: Screened(version="1", as_of=day, max_age=2, hits=hits) for name in ("ofac-sdn", "bis-dpl")},
        ownership={"ofac-50": Ownership(version="1", as_of=day, statuses=statuses)},
    )


def speed(share: int) -> list[bool]:
    """Ready for everybody; then decisions in random order."""
    size, organizations = SUBJECTS // share, ORGANIZATIONS // share
    gc.disable()  # while a register is made: nothing of it is garbage
    subjects = register(size, organizations)
    gc.enable()
    computed = outside(subjects, organizations)
    documents = rules([f"org-{number}" for number in range(100)])
    gc.collect()
    gc.freeze()
    start = CLOCK.now()
    desk = compile(documents, computed, NOW).over(subjects)
    profiles = desk.ready()
    ready = CLOCK.now() - start
    ids = list(subjects)
    random.Random(seed_of("order")).shuffle(ids)
    cold = _cold(documents, computed, subjects, ids)
    first = _rate(desk, ids)
    random.Random(seed_of("another order")).shuffle(ids)
    warm = max(_rate(desk, ids) for _ in range(3))
    _require_true(desk, ids[:300])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    said = {"subjects": size, "organizations": organizations, "profiles": profiles}
    return [
        report("compile and ready, s", ready, READY, higher=False, **said),
        report("cold rulings /s (a profile's first)", cold, 0.0),
        report("first decisions /s (profile known)", first, 0.0),
        report(
            "warm decisions /s, one core, random order, all findings", warm, WARM, memory_gib=round(memory, 1), **said
        ),
    ]


def _cold(documents: list[Document], computed: Outside, subjects: dict[str, Subject], ids: list[str]) -> float:
    """Rulings a second: decisions about one subject of each profile."""
    desk = compile(documents, computed, NOW).over(subjects)
    chosen: dict[int, str] = {}
    for id in ids[:20_000]:
        chosen.setdefault(desk.profile(id), id)
    start = CLOCK.now()
    for id in chosen.values():
        desk.decide(id, REQUEST)
    return len(chosen) / (CLOCK.now() - start)


def _rate(desk: Desk, ids: list[str]) -> float:
    """Decisions a second, counting the findings of each."""
    decide, request, findings = desk.decide, REQUEST, 0
    start = CLOCK.now()
    for id in ids:
        findings += len(decide(id, request).findings)
    spent = CLOCK.now() - start
    if findings < 4 * len(ids):
        raise SystemExit(f"a decision lacks findings: {findings} of {len(ids)} decisions")
    return len(ids) / spent


def _require_true(desk: Desk, ids: list[str]) -> None:
    """What the desk remembers is what is decided from the beginning, on the subject's own evidence."""
    for id in ids:
        decision = desk.decide(id, REQUEST)
        if decision != desk.policy.decide(desk.register, id, REQUEST):
            raise SystemExit(f"{id} is decided otherwise alone")
        for used in (each for finding in decision.findings for each in finding.used if each.said is not None):
            if used.said.fact.evidence != f"{used.subject}/{used.name}":  # type: ignore[union-attr]
                raise SystemExit(f"{id}: the evidence is of another: {used}")


def against_cedar(share: int) -> list[bool]:
    """The same decisions by both engines, until there are enough cases."""
    cases = differ = number = 0
    mine = theirs = 0.0
    while cases < CASES // share:
        made = world(seed_of("cedar", number), people=60)
        asked, own, other, differing = _both(made)
        cases, differ, mine, theirs = cases + asked, differ + differing, mine + own, theirs + other
        number += 1
        if number % 100 == 0:
            note(f"{cases} cases, {differ} differ")
    return [
        report("disagreements with Cedar", differ, 0, higher=False, cases=cases, worlds=number),
        report(
            "decisions /s against Cedar's, ×",
            theirs / mine,
            RATIO,
            mine=round(cases / mine),
            cedar=round(cases / theirs),
        ),
    ]


def _both(made: World) -> tuple[int, float, float, int]:
    """(cases, seconds here, seconds there for one question each, cases that differ)."""
    policy = compile(made.rules, made.outside, AT)
    desk, engine = policy.over(made.register), Engine(policy, made)
    asked = [(subject, request) for subject in made.register for request in made.requests]
    expected = [desk.decide(*each).outcome for each in asked]
    start = CLOCK.now()
    again = [desk.decide(subject, request) for subject, request in asked]
    own = CLOCK.now() - start
    use = [cedar_entities.request(request, subject, "use") for subject, request in asked]
    start = CLOCK.now()
    cedarpy.is_authorized_batch(use, engine.policies, engine.entities)
    other = CLOCK.now() - start
    found = engine.outcomes(asked)
    same = all(one.outcome == outcome for one, outcome in zip(again, expected, strict=True))
    differing = sum(one != outcome for one, outcome in zip(found, expected, strict=True))
    return len(asked), own, other, differing if same else len(asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one in fifty: a smoke run, no figure to quote")
    parser.add_argument("--part", choices=("speed", "cedar"), help="one part alone")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="which seconds are counted")
    options = parser.parse_args()
    if options.clock == "cpu":
        CLOCK.now = time.process_time  # type: ignore[misc]
    share = 50 if options.quick else 1
    parts = {"speed": speed, "cedar": against_cedar}
    reached = [each for name, part in parts.items() if options.part in (None, name) for each in part(share)]
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
