"""What is wrong with a set of rules before it is enacted: contradictions, gaps, bad dates, unknown names.

An ``error`` makes the rules do something else than they say; a ``warning`` is something a person must have meant.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from bylaw.access.countries import find
from bylaw.access.roster.characters import id_fault
from bylaw.access.rules.document import EVERY, Directive, Document, License, predicates
from bylaw.access.rules.gaps import gaps
from bylaw.access.rules.predicates import (
    Citizenship,
    Eligible,
    ForeignPerson,
    Limb,
    Listed,
    Owned,
    PermanentResidency,
    Protected,
    Subjects,
)
from bylaw.access.rules.relations import conflicts, licenses
from bylaw.access.subjects import SubjectKind

Severity = Literal["error", "warning"]
Kinds = Callable[[Sequence[str]], Mapping[str, SubjectKind]]
"""What those of some ids are that are known."""
SHOWN = 5
"""Unknown ids that a complaint names."""


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a rule, or with the set as a whole if ``rule`` is empty; ``field`` is where."""

    severity: Severity
    rule: str
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.severity}: {': '.join(filter(None, (self.rule, self.field, self.text)))}"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The names there are. None: not checked."""

    models: Collection[str] | None = None
    lists: Collection[str] | None = None
    ownership: Collection[str] | None = None
    subjects: Kinds | None = None


def check(
    rules: Iterable[Document],
    models: Collection[str] | None,
    at: datetime,
    lists: Collection[str] | None = None,
    ownership: Collection[str] | None = None,
    subjects: Kinds | None = None,
) -> tuple[Complaint, ...]:
    """Every complaint, errors first. ``at`` is the instant from which days without cover matter."""
    documents = sorted(rules, key=lambda one: (one.id, one.version))
    known = Known(models=models, lists=lists, ownership=ownership, subjects=subjects)
    found = [complaint for one in documents for complaint in _alone(one, known, documents)]
    found += [
        Complaint(severity=level, rule=rule, field=field, text=text)
        for level, rule, field, text in conflicts(documents)
    ]
    found += [
        Complaint(severity=level, rule=rule, field=field, text=text) for level, rule, field, text in licenses(documents)
    ]
    open_ = list(gaps(documents, models, at))
    found += [Complaint(severity="error", rule="", field="base", text=text) for text in open_]
    found += [
        Complaint(severity="warning", rule="", field="base", text=f"{text}: every decision there will be *hold*")
        for text in gaps(documents, models, at, put_out=True)
        if text not in open_
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.severity, each.rule, each.field)))


def _alone(one: Document, known: Known, documents: Sequence[Document]) -> Iterator[Complaint]:
    """What is wrong with a document by itself."""
    for severity, field, text in (
        *_dates(one),
        *_names(one, known),
        *_strangers(one, known),
        *_directives(one),
        *_staff(one),
        *_loose(one, documents),
    ):
        yield Complaint(severity=severity, rule=one.name, field=field, text=text)


Remark = tuple[Severity, str, str]


def _dates(one: Document) -> Iterator[Remark]:
    if one.effective_until is not None and one.effective_until <= one.effective_from:
        yield "error", "effective_until", f"ends on {one.effective_until} and begins on {one.effective_from}"
    for name, members in one.annexes.items():
        if not members:
            yield "warning", f"annexes.{name}", "is empty"


def _names(one: Document, known: Known) -> Iterator[Remark]:
    """Models, lists, ownership rules and countries that nobody knows."""
    if known.models is not None:
        for model in one.models:
            if model != EVERY and model not in known.models:
                yield "error", "models", f"unknown model {model!r}; known: {', '.join(sorted(known.models))}"
    for each in predicates(one):
        if isinstance(each, Listed) and known.lists is not None:
            yield from _lists(each, known.lists)
        if isinstance(each, Owned) and known.ownership is not None and each.rule not in known.ownership:
            yield "error", "who", f"unknown ownership rule {each.rule!r}; known: {', '.join(sorted(known.ownership))}"
        countries = (each.country,) if isinstance(each, ForeignPerson) else getattr(each, "countries", ())
        yield from _countries(countries)


def _lists(one: Listed, known: Collection[str]) -> Iterator[Remark]:
    if not known:
        yield "warning", "who", "no list is here yet, so nobody can be found clear of one: bylaw screen lists update"
        return
    for name in sorted(set(one.lists) - set(known)):
        yield "error", "who", f"unknown list {name!r}; known: {', '.join(sorted(known))}"


def _strangers(one: Document, known: Known) -> Iterator[Remark]:
    """Ids that nobody here has: a misspelt one in an annex lets nobody in, and nothing else would say so."""
    named = _ids(one) if known.subjects else {}
    there = known.subjects(list(dict.fromkeys(id for ids in named.values() for id in ids))) if known.subjects else {}
    for field, ids in named.items():
        strange = [id for id in dict.fromkeys(ids) if id not in there]
        if strange:
            shown = ", ".join(f"{id!r} ({odd})" if (odd := id_fault(id)) else repr(id) for id in strange[:SHOWN])
            more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
            yield "warning", field, f"nobody here is known as {shown}{more}: misspelt, or still to be imported?"


def _ids(one: Document) -> dict[str, tuple[str, ...]]:
    """The ids that a document names, by where it does."""
    found = {"who": tuple(id for each in predicates(one) if isinstance(each, Subjects) for id in each.ids)}
    found |= {f"annexes.{name}": members for name, members in one.annexes.items()}
    if isinstance(one, License):
        for field in ("organizations", "employees_of", "subjects"):
            found[field] = tuple(id for id in getattr(one, field) if not id.startswith("annex:"))
    return found


def _countries(codes: Iterable[str]) -> Iterator[Remark]:
    for code in codes:
        country = find(code)
        if country is None or country.code != code:
            yield "error", "who", f"unknown country {code!r}"
        elif country.successors:
            now = ", ".join(country.successors)
            yield "warning", "who", f"{country.name} ({code}) is no more; its successors are {now}"


def _directives(one: Document) -> Iterator[Remark]:
    if isinstance(one, Directive) and one.unknown == "unsafe_allow":
        yield "warning", "unknown", "unsafe_allow: whoever is not known is let pass; every report will show it"
    limbs = [each for each in predicates(one) if isinstance(each, Limb)]
    for limb in limbs:
        if not limb.on:
            yield "warning", "who", f"the limb {limb.name} is switched off"


def _staff(one: Document) -> Iterator[Remark]:
    """8 USC 1324b: employees are not told apart by citizenship more than the order requires."""
    if isinstance(one, License) or "employee-tools" not in one.surfaces:
        return
    kinds = {type(each) for each in predicates(one)}
    if Citizenship in kinds and ForeignPerson not in kinds:
        yield (
            "warning",
            "who",
            "asks for citizenship on employee-tools, and so reaches permanent residents and protected individuals, "
            "whom 8 USC 1324b protects: does the order require it? `foreign_person` leaves them out",
        )
    if kinds & {Citizenship, ForeignPerson, PermanentResidency, Protected} and getattr(one, "unknown", "") == "refuse":
        yield (
            "warning",
            "unknown",
            "refuses staff whose status is not known: 8 USC 1324b(a)(6) forbids to ask for more papers than required; "
            "`hold` leaves room to settle it",
        )


def _loose(one: Document, documents: Sequence[Document]) -> Iterator[Remark]:
    """References that lead nowhere."""
    names = {other.id for other in documents} | {other.name for other in documents}
    for field in ("supersedes", "rescinds"):
        for name in getattr(one, field, ()):
            if name not in names:
                yield "error", field, f"there is no {name}"
            if name == one.name or (name == one.id and field == "rescinds"):
                yield "error", field, "it ends itself: a directive and its rescission are two documents"
    for each in predicates(one):
        if isinstance(each, Eligible) and each.directive not in names:
            yield "warning", "who", f"eligibility under {each.directive}, and there is no such directive here"
