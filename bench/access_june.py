"""June 2026 replayed: a million subjects of whom the truth is known, before the order and after each letter.

The truth is chosen first and facts are made from it by ``bylaw.population``, which imports nothing of ``bylaw.access``.
The facts go the way an operator's would: roster files, the store, a register for the day. For each letter the
rules are compiled and everybody's profile worked out, and that is timed; then everybody is decided for both models and
compared with the truth. *Over-blocked* are those who should be allowed and are not, *under-blocked* the opposite.
The destination limb of the first letter, unresolved in public text, is replayed in both positions.

    python bench/access_june.py                 # a million subjects
    python bench/access_june.py --size 20000    # a smoke run
    python bench/access_june.py --direct        # facts made straight into a register, without files and store
"""

import argparse
import csv
import gc
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bylaw.access.decide.outside import Outside, Screened
from bylaw.access.decide.policy import Policy, compile
from bylaw.access.decision import STRICTNESS, Outcome, Request
from bylaw.access.roster.bring import bring
from bylaw.access.roster.options import Options
from bylaw.access.rules.document import Document
from bylaw.access.rules.library import library
from bylaw.access.rules.predicates import AnyOf, Limb
from bylaw.access.store.store import Store
from bylaw.access.subjects import Fact, Subject, standing
from bylaw.population.classes import MODELS, PHASES
from bylaw.population.files import Truth, rosters, truths, write
from bylaw.population.world import World
from reporting import note, report

SIZE = 1_000_000
SEED = 20261201
"""Frozen before the first run at full size; whatever was looked at while the bench was written had other seeds."""
WRONG = 0
READY = 10.0
"""Seconds to compile a letter and be ready."""
MAKE = 60.0
"""Seconds to make a population."""
INSTANTS = {
    "before": datetime(2026, 6, 11, 12, tzinfo=UTC),
    "letter-1": datetime(2026, 6, 12, 21, 21, tzinfo=UTC),
    "letter-2": datetime(2026, 6, 26, 12, tzinfo=UTC),
    "letter-3": datetime(2026, 7, 1, 12, tzinfo=UTC),
}
STANDING = ("ordinary-access", "bis-denied-persons")
LETTERS = ("june-2026-letter-1", "june-2026-letter-2", "june-2026-letter-3")
PLACE: dict[str, Outcome] = {"home": "allow", "abroad": "refuse", "unknown": "hold"}

Register = Mapping[str, Subject]
Registers = Callable[[date], Register]


class Replay(NamedTuple):
    """What came of one state of the law: seconds until ready, profiles, and the outcome for each subject and model."""

    seconds: float
    profiles: int
    policy: Policy
    outcomes: dict[str, list[Outcome]]


def main() -> int:
    """Everything, with every figure; 0 if all reach their bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=SIZE, help="subjects")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--direct", action="store_true", help="make registers without files and store")
    parser.add_argument("--folder", type=Path, help="keep the population here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)) / "population"
        return 0 if all(figures(folder, World(options.size, options.seed), options.direct)) else 1


def figures(folder: Path, world: World, direct: bool) -> list[bool]:
    """Whether each figure reaches its bound."""
    size = world.size
    seconds, _ = timed(lambda: write(folder, world))
    reached = [report(f"seconds to make {size} subjects", seconds, MAKE, False)]
    registers = straight(world) if direct else stored(folder)
    known = list(truths(folder))
    replays = {phase: replay(folder, phase, registers(INSTANTS[phase].date()), known) for phase in PHASES}
    slowest = max(replays.values(), key=lambda each: each.seconds)
    reached.append(report(f"seconds until a letter is in force for {size} subjects", slowest.seconds, READY, False))
    for phase in PHASES:
        reached.append(compared(f"wrong of {size} x {len(MODELS)}, {phase}", known, phase, replays[phase]))
    reached.append(restored(replays["before"], replays["letter-3"]))
    reached.append(destination(folder, known, registers(INSTANTS["letter-1"].date())))
    return reached


def rules(folder: Path, phase: str, limbs: Sequence[str] = ()) -> list[Document]:
    """The documents of the library that have been signed by then, with the annex put in and these limbs on."""
    names = (*STANDING, *LETTERS[: PHASES.index(phase)])
    annex = tuple(ids(folder / "annex.csv"))
    return [with_limbs(with_annex(library()[name].document, annex), limbs) for name in names]


def with_annex(document: Document, partners: tuple[str, ...]) -> Document:
    """The document with its annex filled, if it has one for partners."""
    if "partners" not in document.annexes:
        return document
    return msgspec.structs.replace(document, annexes={**document.annexes, "partners": partners})


def with_limbs(document: Document, limbs: Sequence[str]) -> Document:
    """The document with these limbs switched on."""
    if not isinstance(document.who, AnyOf):
        return document
    of = tuple(
        msgspec.structs.replace(part, on=True) if isinstance(part, Limb) and part.name in limbs else part
        for part in document.who.of
    )
    return msgspec.structs.replace(document, who=msgspec.structs.replace(document.who, of=of))


def ids(path: Path) -> list[str]:
    """A file of ids."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def replay(folder: Path, phase: str, register: Register, known: Sequence[Truth], limbs: Sequence[str] = ()) -> Replay:
    """Compile, be ready, and decide everybody. Only compiling and getting ready are timed."""
    at = INSTANTS[phase]
    denied = dict.fromkeys(ids(folder / "denied.csv"), "confirmed")
    outside = Outside(lists={"bis-dpl": Screened(version="1", as_of=at.date(), hits=denied)})  # type: ignore[arg-type]
    documents = rules(folder, phase, limbs)
    gc.collect()
    start = time.perf_counter()
    policy = compile(documents, outside, at)
    desk = policy.over(register, keep=1024)
    profiles = desk.ready()
    seconds = time.perf_counter() - start
    note(f"{phase}: ready in {seconds:.1f} s, {profiles} profiles")
    outcomes = {model: decided(desk.decide, known, Request(model=model)) for model in MODELS}
    return Replay(seconds, profiles, policy, outcomes)


def decided(decide: Callable[[str, Request], Any], known: Iterable[Truth], request: Request) -> list[Outcome]:
    """The outcome for everybody, in the order of the truth."""
    start = time.perf_counter()
    found: list[Outcome] = [decide(each.id, request).outcome for each in known]
    rate = len(found) / (time.perf_counter() - start)
    note(f"  {request.model}: {rate:,.0f} decisions a second, each for the first time")
    return found


def compared(name: str, known: Sequence[Truth], phase: str, made: Replay) -> bool:
    """Wrong outcomes against the truth, over and under by class."""
    wrong: Counter[str] = Counter()
    over: Counter[str] = Counter()
    under: Counter[str] = Counter()
    for model in MODELS:
        for each, outcome in zip(known, made.outcomes[model], strict=True):
            expected = each.outcomes[model][phase]
            if outcome != expected:
                wrong[f"{each.name}: {expected} was {outcome}"] += 1
                over[each.name] += expected == "allow"
                under[each.name] += outcome == "allow"
    more = {"over_blocked": over.total(), "under_blocked": under.total(), "profiles": made.profiles}
    return report(name, wrong.total(), WRONG, False, **more, by_class=dict(wrong.most_common(20)))


def restored(before: Replay, after: Replay) -> bool:
    """Whose outcome differs from that before the order, and which rules in force do."""
    changed = sum(
        one != other
        for model in MODELS
        for one, other in zip(before.outcomes[model], after.outcomes[model], strict=True)
    )
    in_force = [{each.document.name for each in made.policy.rules if each.who is not None} for made in (before, after)]
    rules_changed = len(in_force[0] ^ in_force[1])
    return report("outcomes and rules that the withdrawal left changed", changed + rules_changed, WRONG, False)


def destination(folder: Path, known: Sequence[Truth], register: Register) -> bool:
    """The first letter with its destination limb on: the stricter of what status and place say."""
    strict = [
        msgspec.structs.replace(each, outcomes={model: {"letter-1": placed(each, model)} for model in MODELS})
        for each in known
    ]
    made = replay(folder, "letter-1", register, known, limbs=["destination"])
    return compared(
        f"wrong of {len(known)} x {len(MODELS)}, letter-1 with its destination limb", strict, "letter-1", made
    )


def placed(each: Truth, model: str) -> Outcome:
    """The stricter of two outcomes."""
    return max(each.outcomes[model]["letter-1"], PLACE[each.place], key=STRICTNESS.__getitem__)


def stored(folder: Path) -> Registers:
    """Registers of a store into which all rosters were brought. Raises ``SystemExit`` if one is refused."""
    store = Store.open(folder.parent / "store")
    total = 0.0
    for path in rosters(folder):
        options = Options(today=date(2026, 7, 1))
        seconds, told = timed(lambda path=path, options=options: bring(path, store, options, by="bench"))
        if told.refused:
            sys.exit(told.text())
        total += seconds
        note(f"{path.name}: brought in in {seconds:.1f} s")
    note(f"all rosters: {total:.1f} s")
    return lambda on: store.register(on=on)


def straight(world: World) -> Registers:
    """Registers made from what was drawn. Whoever shows the same on every day is made once."""
    days = [at.date() for at in INSTANTS.values()]
    fixed: dict[str, Subject] = {}
    moving: dict[str, tuple[Any, list[Fact]]] = {}
    for each in world:
        history = [msgspec.convert(fact, Fact) for row in each.rows for fact in row.facts()]
        fixed[each.id] = Subject(each.id, each.kind, standing(history, days[0]))
        if len(each.rows) > 1 or any(row.expires and row.expires <= str(days[-1]) for row in each.rows):
            moving[each.id] = (each.kind, history)
    return lambda on: fixed | {id: Subject(id, kind, standing(facts, on)) for id, (kind, facts) in moving.items()}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


if __name__ == "__main__":
    sys.exit(main())
