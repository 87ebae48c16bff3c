"""Worlds at random: documents of every kind over every predicate, a small register with facts of every sort, lists.

Everything follows from a seed. Used by the property tests, by the comparison with Cedar and by the bench.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from bylaw.access.decide.outside import Outside, Ownership, Screened
from bylaw.access.decision import Request, Surface
from bylaw.access.rules import predicates as p
from bylaw.access.rules.document import KINDS, Base, Directive, Document, License
from bylaw.access.subjects import FACTS, Fact, FactName, Grade, Standing, Subject, SubjectKind, Value

AT = datetime(2026, 6, 27, 12, tzinfo=UTC)
DAY = AT.date()
COUNTRIES = ("us", "cn", "ru", "de", "ee", "su", "yu", "rs")
"""Two of them former: a citizen of the Soviet Union may be Russian or Estonian."""
MODELS = ("m1", "m2")
SURFACES: tuple[Surface, ...] = ("api", "employee-tools")
AUTHORITIES = ("BIS", "OFAC")
LISTS, OWNERSHIP = ("sdn", "sdn", "csl", "csl", "old", "absent"), ("half", "half", "half", "absent")
GRADES: tuple[Grade, ...] = ("declared", "attested", "document", "verified")
DIRECTIVES = ("d0", "d1")
DEEP = ("all", "any", "not", "agree", "limb", "evidence", "employer", "through")
UNUSED = ("name", "born", "owner")
"""Facts that no predicate reads."""


class World(msgspec.Struct, frozen=True):
    """Rules, what was computed elsewhere, a register, requests."""

    rules: tuple[Document, ...]
    outside: Outside
    register: dict[str, Subject]
    requests: tuple[Request, ...]


def world(seed: int, people: int = 8, plain: bool = False, steady: bool = False) -> World:
    """The world of a seed. ``plain``: every directive holds what is unknown, and nothing supersedes anything.
    ``steady``: nothing is known in two ways that may come to contradict each other."""
    rng = Steady(seed) if steady else random.Random(seed)
    register = {each.id: each for each in subjects(rng, people)}
    ids = tuple(register)
    rules = [base(rng, ids, number) for number in range(rng.choice((0, 1, 1, 1, 1, 1, 2)))]
    rules += [directive(rng, ids, number, plain) for number in range(rng.randint(1, 4))]
    rules += [license(rng, ids, number) for number in range(rng.randint(0, 3))]
    rng.shuffle(rules)
    asked = requests(rng, ids)
    if steady:
        asked = [msgspec.structs.replace(each, location="") for each in asked]
    return World(tuple(rules), outside(rng, ids), register, tuple(asked))


class Steady(random.Random):
    """Draws that leave out what is known in two ways."""


def learned(made: World, rng: random.Random) -> World:
    """The same world, with something known that was not."""
    unknown = [
        (subject, name)
        for subject in made.register.values()
        for name in FACTS
        if subject.kind in FACTS[name].of and name not in UNUSED and subject.values(name) is None
    ]
    subject, name = rng.choice(unknown)
    fact = msgspec.structs.replace(_fact(rng, name, _targets(made.register)), expires=None)
    known = {**subject.known, name: Standing(msgspec.structs.replace(fact, values=fact.values or ()))}
    return msgspec.structs.replace(
        made, register={**made.register, subject.id: Subject(subject.id, subject.kind, known)}
    )


def document(kind: str, id: str, **fields: Any) -> Any:
    """A document with what every one needs."""
    said = {
        "kind": kind,
        "id": id,
        "title": id,
        "authority": "BIS",
        "programme": "p",
        "citation": f"citation of {id}",
        "models": ["*"],
        "effective_from": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return msgspec.convert(said | fields, KINDS[kind])


def _scope(rng: random.Random) -> dict[str, Any]:
    start = AT + timedelta(days=rng.choice((-100, -100, -100, -1, 3)))
    end = rng.choice((None, None, AT + timedelta(days=5), AT - timedelta(days=2)))
    return {
        "models": rng.choice((["*"], ["m1"], ["m1", "m2"])),
        "surfaces": rng.choice((list(SURFACES), ["api"])),
        "authority": rng.choice(AUTHORITIES),
        "effective_from": start,
        "effective_until": end,
    }


def base(rng: random.Random, ids: Sequence[str], number: int) -> Base:
    who = {"is": "anyone"} if rng.random() < 0.6 else predicate(rng, ids, 2)
    return document("base", f"b{number}", **_scope(rng) | {"effective_until": None, "who": who})


def directive(rng: random.Random, ids: Sequence[str], number: int, plain: bool = False) -> Directive:
    effect = rng.choice(("refuse", "refuse", "refuse", "hold", "allow-list", "report"))
    unknown = "hold" if plain else rng.choice(("hold", "hold", "unsafe_allow", "refuse"))
    said = _scope(rng) | {"effect": effect, "unknown": "hold" if effect == "hold" else unknown}
    said |= {"who": predicate(rng, ids, 3), "annexes": {"x": rng.sample(ids, 2)}, "cut_streams": rng.random() < 0.5}
    if not plain and rng.random() < 0.15:
        said["supersedes"] = [f"d{rng.randrange(4)}"]
    if not plain and rng.random() < 0.1:
        said["rescinds"] = [rng.choice(("d0@1", "d1", "l0", "b0"))]
    return document("directive", f"d{number}", **said)


def license(rng: random.Random, ids: Sequence[str], number: int) -> License:
    said = _scope(rng) | {"lifts": [{"authority": rng.choice(AUTHORITIES), "programme": "p"}]}
    said |= {
        "annexes": {"x": rng.sample(ids, 3)},
        "organizations": rng.choice((["annex:x"], [])),
        "subjects": [ids[-1]],
    }
    said |= {"employees_of": rng.choice((["annex:x"], ["org-0"], []))}
    if rng.random() < 0.3:
        said["conditions"] = [{"text": "c", "requires": predicate(rng, ids, 1)}]
    return document("license", f"l{number}", **said)


def predicate(rng: random.Random, ids: Sequence[str], depth: int) -> dict[str, Any]:
    """One of any kind; the deeper ones have others inside."""
    left_out = ("agree", "eligible") if isinstance(rng, Steady) else ()
    deep = [name for name in DEEP if name not in left_out]
    name = rng.choice(deep if depth > 1 and rng.random() < 0.6 else [name for name in _LEAVES if name not in left_out])
    if name in _LEAVES:
        return {"is": name} | _LEAVES[name](rng, ids)

    def inner() -> dict[str, Any]:
        return predicate(rng, ids, depth - 1)

    match name:
        case "not":
            return {"is": "not", "of": inner()}
        case "limb":
            return {"is": "limb", "name": "limb", "citation": "a limb", "on": rng.random() < 0.8, "of": inner()}
        case "evidence":
            return {"is": "evidence", "at_least": rng.choice(GRADES), "of": inner()}
        case "employer":
            return {"is": "employer", "role": rng.choice(("employee", "contractor", "any")), "who": inner()}
        case "through":
            return {"is": "through", "who": inner()}
    return {"is": name, "of": [inner() for _ in range(rng.randint(1, 3))]}


def _some(rng: random.Random, ids: Sequence[str]) -> dict[str, Any]:
    return {"countries": rng.sample(COUNTRIES, rng.randint(1, 3))}


_LEAVES: dict[str, Any] = {
    "anyone": lambda rng, ids: {},
    "foreign_person": lambda rng, ids: {"country": rng.choice(("us", "us", "ru"))},
    "citizenship": lambda rng, ids: _some(rng, ids) | {"which": rng.choice(("current", "latest", "ever"))},
    "permanent_residency": _some,
    "protected": _some,
    "residence": _some,
    "location": _some,
    "incorporation": _some,
    "headquarters": _some,
    "parent_headquarters": _some,
    "owned": lambda rng, ids: {"rule": rng.choice(OWNERSHIP)},
    "listed": lambda rng, ids: {"lists": sorted({rng.choice(LISTS), rng.choice(LISTS)})},
    "subject": lambda rng, ids: {"ids": rng.sample(list(ids), 2)},
    "kind": lambda rng, ids: {"kinds": rng.choice((["person"], ["organization", "service"]))},
    "channel": lambda rng, ids: {"channels": rng.choice((["direct"], ["reseller", "cloud"]))},
    "eligible": lambda rng, ids: {"directive": rng.choice(DIRECTIVES)},
}
TAGS = {each.__struct_config__.tag for each in p.Predicate.__args__}


def subjects(rng: random.Random, people: int) -> list[Subject]:
    """Organisations, people, service accounts and channels, which lead to each other and sometimes to strangers."""
    orgs = [f"org-{number}" for number in range(people // 2)]
    persons = [f"p-{number}" for number in range(people)]
    services = [f"svc-{number}" for number in range(people // 4)]
    channels = [f"ch-{number}" for number in range(people // 4)]
    targets = _targets([*orgs, *persons, *services, *channels])
    found = []
    kinds: list[tuple[SubjectKind, list[str]]] = [("organization", orgs), ("person", persons)]
    kinds += [("service", services), ("channel", channels)]
    for kind, ids in kinds:
        found += [Subject(id, kind, _facts(rng, kind, targets)) for id in ids]
    return found


def _targets(ids: Iterable[str]) -> dict[str, list[str]]:
    """Whom each fact may lead to."""
    of = {prefix: [id for id in ids if id.startswith(prefix)] for prefix in ("org-", "p-", "svc-", "ch-")}
    return {
        "employer": [*of["org-"], "org-nobody", "svc-0"],
        "ultimate_parent": [*of["org-"], "org-nobody"],
        "responsible": [*of["p-"], *of["svc-"], "p-nobody"],
        "operator": [*of["org-"], *of["ch-"], "org-nobody"],
    }


def _facts(rng: random.Random, kind: SubjectKind, targets: dict[str, list[str]]) -> dict[FactName, Standing]:
    names = [name for name in FACTS if kind in FACTS[name].of and name not in UNUSED]
    return {name: _standing(rng, name, targets) for name in names if rng.random() < 0.85}


def _standing(rng: random.Random, name: FactName, targets: dict[str, list[str]]) -> Standing:
    fact = _fact(rng, name, targets)
    return Standing(fact, (_fact(rng, name, targets),) if rng.random() < 0.04 else ())


def _fact(rng: random.Random, name: FactName, targets: dict[str, list[str]]) -> Fact:
    values: tuple[Value, ...] | None
    if rng.random() < 0.05:
        values = None
    else:
        count = rng.choice((0, 1, 1, 1, 2, 3)) if FACTS[name].many else rng.choice((0, 1, 1, 1))
        values = tuple(_value(rng, name, targets) for _ in range(count))
    return Fact(
        name=name,
        values=values,
        source="test",
        grade=rng.choice(GRADES),
        as_of=date(2026, 5, rng.randint(1, 28)),
        expires=rng.choice((None, None, None, date(2026, 12, 1), date(2026, 6, 1))),
        evidence=f"ref-{rng.randrange(10**6)}",
    )


def _value(rng: random.Random, name: FactName, targets: dict[str, list[str]]) -> Value:
    detail = ""
    match FACTS[name].values:
        case "country":
            text = rng.choice((*COUNTRIES, "us", "us", "fr", "xx"))
        case "subject":
            text = rng.choice(targets[name])
            detail = rng.choice(("employee", "employee", "contractor", "")) if name == "employer" else ""
        case "channel":
            text = rng.choice(("direct", "reseller", "cloud"))
        case _:
            text, detail = rng.choice((*DIRECTIVES, "d9")), rng.choice(("yes", "no"))
    since = rng.choice((None, date(1990, 1, 1), date(2001, 2, 3), date(2001, 2, 3), date(2026, 8, 1)))
    until = rng.choice((None, None, None, date(2020, 1, 1), date(2027, 1, 1)))
    return Value(text=text, since=since, until=until, detail=detail)


def outside(rng: random.Random, ids: Sequence[str]) -> Outside:
    """Two lists and one ownership rule that are fresh, a list that is stale, and others that were not given."""
    hits = {id: rng.choice(("confirmed", "open", "cleared", "unscreened")) for id in ids if rng.random() < 0.2}
    statuses = {id: rng.choice(("blocked", "clear", "clear", "undetermined")) for id in ids if id[:3] == "org"}
    return Outside(
        lists={
            "sdn": Screened(version="7", as_of=DAY - timedelta(days=1), max_age=3, hits=hits),
            "csl": Screened(version="3", as_of=DAY, hits=dict(zip(reversed(ids), hits.values(), strict=False))),
            "old": Screened(version="2", as_of=DAY - timedelta(days=9), max_age=3, hits=hits),
        },
        ownership={"half": Ownership(version="1", as_of=DAY, statuses=statuses)},
    )


def requests(rng: random.Random, ids: Sequence[str]) -> list[Request]:
    """Every model and surface, from some place, through some channel."""
    channels = [id for id in ids if id.startswith("ch-")]
    return [
        Request(
            model=model,
            surface=surface,
            location=rng.choice(("", "us", "cn", "su", "xx", "CN", "China", "-")),
            channel=rng.choice(("", *channels)),
        )
        for model in MODELS
        for surface in SURFACES
    ]
