"""What decides about a subject, without what does not: subjects with equal profiles get the same answers.

A profile leaves out who it is, the evidence, the dates (kept as past, now or later, and as an order where a rule asks
for the latest), and every country that no rule speaks of. So a million subjects have some hundred profiles, and rules
are evaluated once for each. What is left out returns when a decision is written: it names the subject's own facts.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal, get_args

import msgspec

from bylaw.access.countries import find
from bylaw.access.decide.needs import Mark, Need
from bylaw.access.decision import Answer
from bylaw.access.subjects import FACTS, GRADES, Fact, FactName, Register, Standing, Subject, SubjectKind, Value
from bylaw.errors import UsageError

KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)
Part = Any
"""What decides of one fact: None (unknown), a country (one value, in force), or (grade, ((text, detail, tense), …))."""
Key = tuple[Part, ...]
Marked = dict[tuple[Mark, ...], dict[str, tuple[str | None, ...]]]
"""Who has which of some marks; shared by the readers that look for the same."""
_EMPTY: Part = (0, ())
Tense = Literal["past", "now", "later"]
OTHER = "-"
"""In place of every country that no rule names."""
NONSENSE = "?"
"""In place of a text that is no country: it may mean any."""
EXPECTED: dict[FactName, SubjectKind] = {
    "employer": "organization",
    "ultimate_parent": "organization",
    "operator": "organization",
    "responsible": "person",
}
"""What a subject is taken for that a fact leads to and the register does not have."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A value, as far as it decides."""

    text: str
    detail: str = ""
    tense: Tense = "now"


class Known(msgspec.Struct, frozen=True):
    """The values of a fact, in their order; ``grade`` is the rank of its evidence."""

    values: tuple[Seen, ...]
    grade: int = 0


class View(msgspec.Struct, frozen=True):
    """A profile: the facts that are known, whom they lead to, and what is said of the subject from outside.

    ``latest`` are the countries one of which is the most recent of citizenship or permanent residency.
    """

    kind: SubjectKind
    facts: Mapping[FactName, Known]
    links: Mapping[FactName, tuple["View | None", ...]]
    marks: Mapping[Mark, str]
    latest: Known | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How profiles are made: on which day, and what the rules tell apart."""

    on: date
    countries: frozenset[str]
    graded: bool
    latest: bool
    marks: Mapping[Mark, Mapping[str, str]]


class Reader:
    """Makes the profiles of a register's subjects for one need, and numbers them: ``views[number(id)]``."""

    def __init__(
        self, register: Mapping[str, Subject], need: Need, reading: Reading, marked: Marked | None = None
    ) -> None:
        self.views: list[View] = []
        self._register, self._reading, self._on = register, reading, reading.on
        self._marks = tuple(sorted(need.marks))
        shared: Marked = {} if marked is None else marked
        self._marked = shared.get(self._marks) or shared.setdefault(self._marks, _marked(self._marks, reading.marks))
        self._inner = {name: Reader(register, inner, reading, shared) for name, inner in need.links}
        self._layouts = {kind: self._layout(need, kind) for kind in KINDS}
        self._coarse = _Coarse(reading.countries)
        self._part = self._parts(isinstance(register, Register) and register.on == reading.on)
        self._keys: dict[Key, int] = {}
        self._numbers: dict[str, int] = {}

    def number(self, id: str, expected: SubjectKind | None = None) -> int:
        """The number of a subject's profile. One that is not in the register is a stranger of the expected kind."""
        found = self._numbers.get(id)
        if found is None:
            subject = self._register.get(id)
            if subject is None:
                if expected is None:
                    raise UsageError(f"nobody in the register has the id {id!r}")
                subject = Subject(id, expected)
            found = self._numbers[id] = self._numbered(subject)
        return found

    def view(self, id: str) -> View:
        """The profile of a subject. Raises ``UsageError`` for an id that nobody has."""
        return self.views[self.number(id)]

    def ready(self) -> int:
        """Number everybody; returns how many profiles there are."""
        numbers, numbered = self._numbers, self._numbered
        for id, subject in self._register.items():
            if id not in numbers:
                numbers[id] = numbered(subject)
        return len(self.views)

    def _layout(self, need: Need, kind: SubjectKind) -> tuple[tuple[FactName, bool], ...]:
        """The facts to read of a subject of that kind, each with whether its values are countries."""
        return tuple((name, FACTS[name].values == "country") for name in sorted(need.facts) if kind in FACTS[name].of)

    def _numbered(self, subject: Subject) -> int:
        kind, known, part = subject.kind, subject.known, self._part
        parts = [part(name, known[name], country) if name in known else None for name, country in self._layouts[kind]]
        if self._reading.latest and kind == "person":
            parts.append(self._latest(subject))
        key = (kind, self._marked.get(subject.id) if self._marked else None, *parts)
        number = self._keys.get(key)
        if number is None:
            number = self._keys[key] = len(self.views)
            self.views.append(self._view(kind, key))
        return number

    def _parts(self, counted: bool) -> Callable[[FactName, Standing, bool], Part]:
        """What decides of a fact; None: unknown. ``counted``: every fact of the register counts on the day.

        A function that holds all it needs: it is called for every fact of everybody. What is common, at most one value
        and in force, is done first.
        """
        on, graded, coarse = self._on, self._reading.graded, self._coarse
        inner, one = self._inner, self._value

        def part(name: FactName, standing: Standing, country: bool) -> Part:
            fact = standing.fact
            values = fact.values
            if values is None or standing.against or not (counted or fact.counts(on)):
                return None
            if graded:
                return GRADES[fact.grade], tuple([one(name, each, country) for each in values])
            if not values:
                return _EMPTY
            if len(values) == 1:
                value = values[0]
                if value.until is None and ((since := value.since) is None or since <= on):
                    if country and not value.detail:
                        return coarse[value.text]
                    if name in inner:
                        return 0, ((inner[name].number(value.text, EXPECTED[name]), value.detail, "now"),)
            return 0, tuple([one(name, each, country) for each in values])

        return part

    def _value(self, name: FactName, value: Value, country: bool) -> tuple[str | int, str, Tense]:
        since, until = value.since, value.until
        tense: Tense = "now"
        if since is not None and since > self._on:
            tense = "later"
        elif until is not None and until <= self._on:
            tense = "past"
        if country:
            return self._coarse[value.text], value.detail, tense
        reader = self._inner.get(name)
        if reader is None:
            return value.text, value.detail, tense
        return (reader.number(value.text, EXPECTED[name]) if tense == "now" else -1), value.detail, tense

    def _latest(self, subject: Subject) -> Part:
        """The countries that may be the latest: of the greatest ``since``, or of an unknown one."""
        facts = [self._sure(subject.known.get(name)) for name in ("citizenship", "permanent_residency")]
        if None in facts:
            return None
        sure = [fact for fact in facts if fact is not None]
        values = [each for fact in sure for each in fact.values or () if each.holds(self._on)]
        last = max((each.since for each in values if each.since), default=None)
        texts = {self._coarse[each.text] for each in values if each.since is None or each.since == last}
        grade = min(GRADES[fact.grade] for fact in sure) * self._reading.graded
        return grade, tuple((text, "", "now") for text in sorted(texts))

    def _sure(self, standing: Standing | None) -> Fact | None:
        if standing is None or standing.values is None or not standing.fact.counts(self._on):
            return None
        return standing.fact

    def _view(self, kind: SubjectKind, key: Key) -> View:
        marks = key[1] or (None,) * len(self._marks)
        facts: dict[FactName, Known] = {}
        links: dict[FactName, tuple[View | None, ...]] = {}
        for (name, _), part in zip(self._layouts[kind], key[2:], strict=False):
            if part is not None:
                facts[name] = _known(part)
                if name in self._inner:
                    links[name] = tuple(self._linked(name, number) for number, *_ in part[1])
        latest = key[-1] if self._reading.latest and kind == "person" else None
        said = {mark: value for mark, value in zip(self._marks, marks, strict=True) if value is not None}
        return View(kind, facts, links, said, None if latest is None else _known(latest))

    def _linked(self, name: FactName, number: int) -> View | None:
        return None if number < 0 else self._inner[name].views[number]


class _Coarse(dict[str, str]):
    """A country as far as the rules tell it apart from others; former ones if they may be one that is named."""

    def __init__(self, named: frozenset[str]) -> None:
        super().__init__()
        self._named = named

    def __missing__(self, text: str) -> str:
        country = find(text)
        if country is None or country.code != text:
            found = NONSENSE
        else:
            found = text if self._named & {text, *country.successors} else OTHER
        self[text] = found
        return found


def request_country(text: str) -> str:
    """The country a request says it comes from, as a profile writes countries: whoever fills in requests spells them in
    his own way (``IR``, ``Iran``), and writes a dash or nothing readable where he does not know."""
    country = find(text)
    return NONSENSE if country is None else country.code


def same_country(text: str, countries: tuple[str, ...]) -> Answer:
    """Whether a country of a profile is one of these. A former one may be, if a successor is."""
    if text in countries:
        return "yes"
    if text == OTHER:
        return "no"
    country = find(text) if text != NONSENSE else None
    if country is None or country.code != text:
        return "unknown"
    among = [code in countries for code in country.successors]
    return "yes" if among and all(among) else "unknown" if any(among) else "no"


def _known(part: Any) -> Known:
    if isinstance(part, str):
        return Known((Seen(part),))
    grade, values = part
    return Known(tuple(Seen("" if isinstance(text, int) else text, *more) for text, *more in values), grade)


def _marked(marks: tuple[Mark, ...], said: Mapping[Mark, Mapping[str, str]]) -> dict[str, tuple[str | None, ...]]:
    """Who has any of these marks, with all of them in order; whoever has none is not in it."""
    ids = {id for mark in marks for id in said.get(mark, ())}
    return {id: tuple(said.get(mark, {}).get(id) for mark in marks) for id in ids}
