"""A register as Cedar entities, with the schema that entities, policies and requests keep to.

An attribute that is absent is unknown. A fact is ``{grade, now, past}``: the rank of its evidence and two sets of
words.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from bylaw.access.countries import find
from bylaw.access.decide.needs import HOPS
from bylaw.access.decide.policy import Policy
from bylaw.access.decide.profile import NONSENSE, request_country
from bylaw.access.decision import Request
from bylaw.access.subjects import FACTS, GRADES, Fact, FactName, Subject, SubjectKind, Value
from bylaw.errors import UsageError

BEHIND_STEPS = HOPS
LINKS: Mapping[SubjectKind, FactName] = {"service": "responsible", "channel": "operator"}
PLAIN: tuple[FactName, ...] = (
    *("citizenship", "permanent_residency", "protected", "residence", "location"),
    *("incorporation", "headquarters", "channel", "eligible"),
)
"""The facts whose attribute is their values."""
_STRANGER: dict[FactName, SubjectKind] = {"responsible": "person"}


class Naming(msgspec.Struct, frozen=True):
    """What policies and entities must agree on: former countries met, groups of subjects, slots for employers."""

    former: Mapping[str, tuple[str, ...]]
    groups: Mapping[tuple[str, ...], str]
    slots: int

    @classmethod
    def of(cls, policy: Policy, register: Mapping[str, Subject], requests: Iterable[Request] = ()) -> "Naming":
        """For these subjects and requests."""
        met = {request_country(request.location) for request in requests} | set(_countries(register))
        former = {code: found.successors for code in met if (found := find(code)) and found.successors}
        marks = sorted(mark for mark in policy.reading.marks if mark[0] == "ids")
        employers = (len(_now(fact, policy.reading.on)) for fact in _facts(register, "employer", policy.reading.on))
        return cls(former, {ids: f"ids-{number}" for number, (_, ids) in enumerate(marks)}, max(employers, default=0))

    def codes(self, countries: tuple[str, ...]) -> tuple[set[str], set[str]]:
        """The words that surely mean one of these countries, and those that may."""
        sure = {code for code, after in self.former.items() if set(after) <= set(countries)} | set(countries)
        possible = {code for code, after in self.former.items() if set(after) & set(countries)}
        return sure, sure | possible | {NONSENSE}

    def group(self, ids: tuple[str, ...]) -> str:
        """The group of these subjects."""
        return self.groups[ids]


def entities(policy: Policy, register: Mapping[str, Subject], naming: Naming) -> list[dict[str, Any]]:
    """Every subject, and every stranger that a fact leads to, as Cedar's JSON."""
    everybody = dict(register)
    for subject in register.values():
        for name, id in _leads(subject, policy.reading.on):
            everybody.setdefault(id, Subject(id, _STRANGER.get(name, "organization")))
    return [_entity(policy, each, everybody, naming) for each in everybody.values()]


def request(wanted: Request, subject: str, action: str) -> dict[str, Any]:
    """A request for Cedar: may the subject ``use`` it, or ``wait`` for it?"""
    context: dict[str, Any] = {"surface": wanted.surface}
    if wanted.location:
        context["location"] = request_country(wanted.location)
    if wanted.channel:
        context["channel"] = _reference(wanted.channel)
    return {
        "principal": {"type": "Subject", "id": subject},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Model", "id": wanted.model},
        "context": context,
    }


def schema(naming: Naming) -> str:
    """The schema, in Cedar's own syntax."""
    facts = "\n".join(f"  {name}?: Fact," for name in (*PLAIN, "latest"))
    slots = "\n".join(f"  employer{number}?: {{ role: String, who: Subject }}," for number in range(naming.slots))
    return f"""type Fact = {{ grade: Long, now: Set<String>, past: Set<String> }};
type Link = {{ grade: Long, who: Subject }};
entity Group;
entity Model;
entity Subject in [Group] {{
  kind: String,
  alone?: Bool,
  hits: Set<String>,
  owned: Set<String>,
{facts}
  employer?: {{ grade: Long }},
{slots}
  ultimate_parent?: {{ grade: Long, who?: Subject }},
  link?: Link,
  behind?: Link,
}};
action use, wait appliesTo {{
  principal: Subject,
  resource: Model,
  context: {{ surface: String, location?: String, channel?: Subject }},
}};
"""


def _entity(policy: Policy, subject: Subject, everybody: Mapping[str, Subject], naming: Naming) -> dict[str, Any]:
    groups = [name for ids, name in naming.groups.items() if subject.id in ids]
    return {
        "uid": {"type": "Subject", "id": subject.id},
        "parents": [{"type": "Group", "id": name} for name in groups],
        "attrs": _attributes(policy, subject, everybody),
    }


def _attributes(policy: Policy, subject: Subject, everybody: Mapping[str, Subject]) -> dict[str, Any]:
    on = policy.reading.on
    said: dict[str, Any] = {"kind": subject.kind}
    said |= {name: _words(policy, subject.id, sort) for name, sort in (("hits", "list"), ("owned", "owned"))}
    said |= {name: _fact(fact, on) for name in PLAIN if (fact := _known(subject, name, on))}
    if subject.kind in LINKS:
        said |= _links(subject, everybody, on)
    else:
        said |= {"alone": True, "behind": {"grade": max(GRADES.values()), "who": _reference(subject.id)}}
    return said | _latest(subject, on) | _employers(subject, on) | _parent(subject, on)


def _words(policy: Policy, id: str, sort: str) -> list[str]:
    marks = {mark: said for mark, said in policy.reading.marks.items() if mark[0] == sort and id in said}
    return sorted(f"{mark[1]}:{said[id]}" for mark, said in marks.items())


def _links(subject: Subject, everybody: Mapping[str, Subject], on: date) -> dict[str, Any]:
    """Who is next, and who stands behind in the end, with the poorest grade on the way."""
    said: dict[str, Any] = {}
    grade, at = max(GRADES.values()), subject
    for step in range(BEHIND_STEPS):
        fact = _known(at, LINKS[at.kind], on)
        now = _now(fact, on) if fact else []
        if fact is None or not now:
            break
        if len(now) > 1:
            raise UsageError(f"{at.id} has several {LINKS[at.kind]} subjects, and Cedar is given one")
        grade, at = min(grade, GRADES[fact.grade]), everybody[now[0].text]
        if step == 0:
            said["link"] = {"grade": grade, "who": _reference(at.id)}
        if at.kind not in LINKS:
            return said | {"behind": {"grade": grade, "who": _reference(at.id)}}
    return said


def _latest(subject: Subject, on: date) -> dict[str, Any]:
    citizenship, residency = (_known(subject, name, on) for name in ("citizenship", "permanent_residency"))
    if subject.kind != "person" or citizenship is None or residency is None:
        return {}
    now = [*_now(citizenship, on), *_now(residency, on)]
    days = sorted({each.since for each in now if each.since is not None})
    words = {_word(each.text) for each in now if each.since is None or each.since == days[-1]}
    grade = min(GRADES[citizenship.grade], GRADES[residency.grade])
    return {"latest": {"grade": grade, "now": sorted(words), "past": []}}


def _employers(subject: Subject, on: date) -> dict[str, Any]:
    fact = _known(subject, "employer", on)
    if fact is None:
        return {}
    slots = {
        f"employer{number}": {"role": each.detail, "who": _reference(each.text)}
        for number, each in enumerate(_now(fact, on))
    }
    return {"employer": {"grade": GRADES[fact.grade]}} | slots


def _parent(subject: Subject, on: date) -> dict[str, Any]:
    fact = _known(subject, "ultimate_parent", on)
    if fact is None:
        return {}
    now = _now(fact, on)
    if len(now) > 1:
        raise UsageError(f"{subject.id} has several ultimate parents, and Cedar is given one")
    return {"ultimate_parent": {"grade": GRADES[fact.grade]} | ({"who": _reference(now[0].text)} if now else {})}


def _fact(fact: Fact, on: date) -> dict[str, Any]:
    past = [each for each in fact.values or () if each.until is not None and each.until <= on]
    later = [each for each in fact.values or () if each.since is not None and each.since > on]
    words = {"now": _now(fact, on), "past": [each for each in past if each not in later]}
    plain = FACTS[fact.name].values
    return {"grade": GRADES[fact.grade]} | {
        tense: sorted({_word(each.text) if plain == "country" else _plain(fact.name, each) for each in values})
        for tense, values in words.items()
    }


def _plain(name: FactName, value: Value) -> str:
    return f"{value.text}:{value.detail}" if name == "eligible" else value.text


def _word(text: str) -> str:
    """A country's code, or the word for what is none."""
    country = find(text)
    return text if country is not None and country.code == text else NONSENSE


def _known(subject: Subject, name: FactName, on: date) -> Fact | None:
    """A fact that stands on the day and says something."""
    said = subject.known.get(name) if subject.kind in FACTS[name].of else None
    return said.fact if said and said.values is not None and said.fact.counts(on) else None


def _now(fact: Fact, on: date) -> list[Value]:
    return [each for each in fact.values or () if each.holds(on)]


def _facts(register: Mapping[str, Subject], name: FactName, on: date) -> Iterator[Fact]:
    return (fact for subject in register.values() if (fact := _known(subject, name, on)))


def _countries(register: Mapping[str, Subject]) -> Iterator[str]:
    for subject in register.values():
        for name, said in subject.known.items():
            if FACTS[name].values == "country":
                yield from (each.text for each in said.fact.values or ())


def _leads(subject: Subject, on: date) -> Iterator[tuple[FactName, str]]:
    for name in ("responsible", "operator", "employer", "ultimate_parent"):
        fact = _known(subject, name, on)
        yield from ((name, each.text) for each in (fact.values or () if fact else ()))


def _reference(id: str) -> dict[str, Any]:
    return {"__entity": {"type": "Subject", "id": id}}
