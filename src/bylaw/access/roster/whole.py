"""All rows together: ids that come twice, whom facts refer to, circles of employers, parents and operators.

A reference may be to a row of the file or to a subject that is known already. One that is nowhere is told and taken:
the roster of the organisation may come after that of its staff. One to the wrong kind of subject is a fault, and so is
somebody's own employer, parent or operator, directly or through others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from bylaw.access.roster.rows import Remark, Row, fault, note
from bylaw.access.subjects import FACTS, Fact, FactName, SubjectKind, standing

Kinds = Callable[[Sequence[str]], Mapping[str, SubjectKind]]
"""What those of some ids are that are known."""
Histories = Callable[[Sequence[str]], Mapping[str, Iterable[Fact]]]
"""All facts of some ids, in order."""

Reference = tuple[Row, FactName, str]
"""Who names whom, in which fact."""
REFERS: dict[FactName, frozenset[SubjectKind]] = {
    "employer": frozenset({"organization", "person"}),
    "ultimate_parent": frozenset({"organization"}),
    "owner": frozenset({"organization", "person"}),
    "responsible": frozenset({"person"}),
    "operator": frozenset({"organization", "person"}),
}
"""Facts whose values are subjects, and what those may be."""
CHAINS: tuple[FactName, ...] = ("employer", "ultimate_parent", "operator", "responsible")
"""Those that must not come back to where they began; owners may own each other."""


def twice(rows: Sequence[Row]) -> Iterator[Remark]:
    """A fault for each row of an id that comes more than once: which of them is meant nobody knows."""
    first: dict[str, int] = {}
    again: dict[str, list[int]] = {}
    for row in rows:
        if row.id in first:
            again.setdefault(row.id, [first[row.id]]).append(row.line)
        else:
            first[row.id] = row.line
    for id, lines in again.items():
        for line in lines:
            others = ", ".join(str(other) for other in lines if other != line)
            yield fault(line, id, "id", f"this id comes again, in line {others}; a row says all of a subject")


def kinds_of(rows: Sequence[Row], named: Sequence[Reference], known: Kinds) -> dict[str, SubjectKind]:
    """What each row is, and each subject that a row refers to (``named``) and that is known already."""
    kinds = {row.id: row.kind for row in rows}
    missing = dict.fromkeys(target for _, _, target in named if target not in kinds)
    return {**known(list(missing)), **kinds} if missing else kinds


def references(named: Sequence[Reference], kinds: Mapping[str, SubjectKind]) -> Iterator[Remark]:
    """Faults for subjects of the wrong kind, and a note for each that is nowhere."""
    nowhere: dict[str, list[tuple[Row, FactName]]] = {}
    for row, name, target in named:
        kind = kinds.get(target)
        if kind is None:
            nowhere.setdefault(target, []).append((row, name))
        elif kind not in REFERS[name]:
            allowed = " or ".join(sorted(REFERS[name]))
            yield fault(row.line, row.id, name, f"{target} is of kind {kind}, and this must be {allowed}")
    yield from _nowhere(nowhere, kinds)


def left_out(passed: Sequence[Row], rows: Sequence[Row], known: Kinds) -> Iterator[Remark]:
    """A note for each subject that rows which are taken refer to, and whose own row is not."""
    if len(passed) == len(rows):
        return
    refused = {row.id for row in rows} - {row.id for row in passed}
    named = {target: (row, name) for row, name, target in referring(passed) if target in refused}
    before = known(list(named))
    for target, (row, name) in named.items():
        if target not in before:
            yield note(row.line, row.id, name, f"the row of {target} is refused, and nothing is known of it before")


def circles(
    rows: Sequence[Row], kinds: Mapping[str, SubjectKind], known: Kinds, histories: Histories, today: date
) -> Iterator[Remark]:
    """A fault for each row of a circle, which may run through what is known already."""
    begun = _chained(rows, kinds)
    for name, facts in begun.items():
        edges = {id: _targets(said, name, today) for id, said in facts.items()}
        _follow(edges, {row.id for row in rows}, name, known, histories, today)
        lines = {row.id: row.line for row in rows if row.id in edges}
        for circle in _circles(edges):
            told = _told(circle, name)
            for id in circle:
                if id in lines:
                    yield fault(lines[id], id, name, told)


def referring(rows: Sequence[Row]) -> list[Reference]:
    """Every subject that a row names in a fact."""
    return [
        (row, fact.name, value.text)
        for row in rows
        for fact in row.facts
        if fact.name in REFERS
        for value in fact.values or ()
    ]


def _nowhere(nowhere: dict[str, list[tuple[Row, FactName]]], kinds: Mapping[str, SubjectKind]) -> Iterator[Remark]:
    folded = {id.casefold(): id for id in kinds} if nowhere else {}
    for target, named in nowhere.items():
        row, name = named[0]
        text = f"{target} is nowhere, neither in this file nor known before"
        if close := folded.get(target.casefold()):
            text += f"; did you mean {close!r}?"
        if len(named) > 1:
            text += f" ({len(named)} rows name it)"
        yield note(row.line, row.id, name, text)


def _chained(rows: Sequence[Row], kinds: Mapping[str, SubjectKind]) -> dict[FactName, dict[str, list[Fact]]]:
    """Facts that may be part of a circle, by name and subject: whoever they refer to can have such a fact too."""
    chained: dict[FactName, dict[str, list[Fact]]] = {}
    for row in rows:
        for fact in row.facts:
            if fact.name in CHAINS and any(kinds.get(value.text) in FACTS[fact.name].of for value in fact.values or ()):
                chained.setdefault(fact.name, {}).setdefault(row.id, []).append(fact)
    return chained


def _follow(
    edges: dict[str, tuple[str, ...]],
    rows: set[str],
    name: FactName,
    known: Kinds,
    histories: Histories,
    today: date,
) -> None:
    """Go on from whoever is referred to through what is known already; what a row says takes its place."""
    asked: set[str] = set(rows)
    ends = {to for targets in edges.values() for to in targets}
    while missing := sorted(ends - asked):
        asked.update(missing)
        kinds = known(missing)
        found = histories([id for id in missing if kinds.get(id) in FACTS[name].of])
        new = {id: _targets(facts, name, today) for id, facts in found.items()}
        edges.update(new)
        ends = {to for targets in new.values() for to in targets}


def _told(circle: tuple[str, ...], name: FactName) -> str:
    if len(circle) == 1:
        return f"{circle[0]} is its own {name.replace('_', ' ')}; if it has none, say none"
    return f"comes back to where it began: {' → '.join((*circle, circle[0]))}"


def _targets(facts: Iterable[Fact], name: FactName, today: date) -> tuple[str, ...]:
    mine = [fact for fact in facts if fact.name == name]
    said = standing(mine, today).get(name) if mine else None
    return tuple(value.text for value in said.fact.values or () if value.holds(today)) if said else ()


def _circles(edges: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """One circle through each id that lies on one, each circle once, from its least id on."""
    left = _knotted(edges)
    seen: set[str] = set()
    for start in sorted(left):
        path: dict[str, None] = {}
        at = start
        while at not in path and at not in seen:
            path[at] = None
            at = next(to for to in edges[at] if to in left)
        if at in path:
            walked = list(path)
            circle = walked[walked.index(at) :]
            least = circle.index(min(circle))
            yield tuple(circle[least:] + circle[:least])
        seen.update(path)


def _knotted(edges: Mapping[str, tuple[str, ...]]) -> set[str]:
    """What is left when whoever refers to nobody that is left goes, again and again."""
    count = {id: sum(to in edges for to in ends) for id, ends in edges.items()}
    back: dict[str, list[str]] = {}
    for id, ends in edges.items():
        for to in ends:
            back.setdefault(to, []).append(id)
    free = [id for id, ends in count.items() if not ends]
    for id in free:
        for other in back.get(id, ()):
            count[other] -= 1
            if not count[other]:
                free.append(other)
    return {id for id, ends in count.items() if ends}
