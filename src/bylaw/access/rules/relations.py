"""How documents stand to each other: what they end, what licenses lift, where they contradict."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import Literal

from bylaw.access.rules.document import EVERY, Directive, Document, License

Remark = tuple[Literal["error", "warning"], str, str, str]
"""Severity, rule, field, text."""


def ends(one: Document, other: Document) -> bool:
    """Whether one document puts another out of force. Only a directive can do so to another kind of document."""
    if one.name == other.name or not (isinstance(one, Directive) or one.kind == other.kind):
        return False
    named = (*one.supersedes, *(one.rescinds if isinstance(one, Directive) else ()))
    return other.name in named or other.id in named


def lifts(license: License, directive: Directive) -> bool:
    """Whether a license names the directive's authority and programme."""
    return any(
        lift.authority == directive.authority and lift.programme == directive.programme for lift in license.lifts
    )


def overlap(one: Document, other: Document) -> bool:
    """Whether both are in force at some instant, by their own dates."""
    first_ends = one.effective_until is None or other.effective_from < one.effective_until
    return first_ends and (other.effective_until is None or one.effective_from < other.effective_until)


def end_of(one: Document, documents: Sequence[Document]) -> datetime | None:
    """When it is out of force: by its own date or by what ends it; None: never."""
    ended = [other.effective_from for other in documents if ends(other, one)]
    ended += [one.effective_until] if one.effective_until else []
    return min(ended, default=None)


def conflicts(documents: Sequence[Document]) -> Iterator[Remark]:
    """Two versions in force at once, two that end each other, a rescission that comes before its directive."""
    for one, other in combinations(documents, 2):
        ending, ended = ends(one, other), ends(other, one)
        if one.name == other.name:
            if one.digest != other.digest:
                yield "error", one.name, "version", "two different documents have this id and version"
        elif one.id == other.id and overlap(one, other) and not (ending or ended):
            yield "error", one.name, "version", f"is in force together with {other.name}: one must supersede the other"
        if ending and ended:
            yield "error", one.name, "supersedes", f"and {other.name} put each other out of force; so both stay"
    for one in documents:
        for other in documents:
            if ends(one, other) and one.effective_from <= other.effective_from and one.id != other.id:
                yield "warning", one.name, "rescinds", f"comes before {other.name}, which so never is in force"


def licenses(documents: Sequence[Document]) -> Iterator[Remark]:
    """Licenses that lift nothing, outlive what they lift, or overlap."""
    given = [each for each in documents if isinstance(each, License)]
    for one in given:
        lifted = [
            each for each in documents if isinstance(each, Directive) and each.who is not None and lifts(one, each)
        ]
        shared = [each for each in lifted if _same_models(one, each) and overlap(one, each)]
        if not shared:
            yield "error", one.name, "lifts", "lifts nothing: no directive of that authority and programme fits"
        ends_at = [end_of(each, documents) for each in shared]
        last = max((each for each in ends_at if each is not None), default=None)
        mine = end_of(one, documents)
        if last is not None and None not in ends_at and (mine is None or mine > last):
            yield "warning", one.name, "effective_until", f"outlives what it lifts, which ends on {last}"
    for one, other in combinations(given, 2):
        both = _named(one) & _named(other)
        if (
            one.id != other.id
            and both
            and overlap(one, other)
            and _same_models(one, other)
            and set(one.lifts) & set(other.lifts)
        ):
            some = ", ".join(sorted(both)[:3])
            yield "warning", one.name, "effective_from", f"overlaps with {other.name} for {some}"


def _same_models(one: Document, other: Document) -> bool:
    surfaces = bool(set(one.surfaces) & set(other.surfaces))
    return surfaces and (EVERY in (*one.models, *other.models) or bool(set(one.models) & set(other.models)))


def _named(license: License) -> set[str]:
    """Whom a license names, annexes written out."""
    entries = (*license.organizations, *license.employees_of, *license.subjects)
    members = (license.annexes[each[6:]] if each.startswith("annex:") else (each,) for each in entries)
    return {id for ids in members for id in ids}
