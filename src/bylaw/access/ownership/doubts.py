"""What would settle an undetermined party: the open questions on every way from it to somebody who may be a seed.

Sufficient by stakes: when each question is answered, the party is blocked or clear. At an entity the stakes of possibly
blocked owners are then known, and the owners, settled in turn, are blocked or clear, so their sum is a number.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from bylaw.access.ownership.parents import parents
from bylaw.access.ownership.records import Interest
from bylaw.access.ownership.solution import Solution
from bylaw.access.ownership.stake import WHOLE

Question = Literal["seed", "identity", "stake", "between", "unlisted"]

_ASKED: dict[Question, str] = {
    "seed": "may be a seed; nobody has confirmed or excluded it",
    "identity": "is not identified",
    "stake": "holds a share that is not known exactly",
    "between": "holds through others whom the records do not name",
    "unlisted": "has owners whom the records do not list",
}


class Doubt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One open question about a party, or about its interest in ``entity``."""

    question: Question
    party: str
    entity: str = ""
    where: str = ""

    def __str__(self) -> str:
        of = f" of {self.entity}" if self.entity else ""
        place = f" [{self.where}]" if self.where else ""
        return f"{self.party} {_ASKED[self.question]}{of}{place}"


def doubts(solution: Solution, party: str) -> tuple[Doubt, ...]:
    """The open questions about an undetermined party, nearest first; none for one that is blocked or clear."""
    start = solution.graph.place(party)
    waiting = [start] if solution.at(start) == "undetermined" else []
    seen, found = set(waiting), dict[Doubt, None]()
    for number in waiting:
        rows = _ways(solution, number)
        found |= dict.fromkeys([*_own(solution, number), *_of_interests(rows)])
        for owner in (solution.graph.number[row.owner] for row in rows):
            if owner not in seen and _open(solution, owner):
                seen.add(owner)
                waiting.append(owner)
    return tuple(found)


def _open(solution: Solution, number: int) -> bool:
    """By parents a blocked or clear owner can matter too: its own chain is settled, so it is left alone."""
    return solution.at(number) == "undetermined"


def _ways(solution: Solution, number: int) -> list[Interest]:
    graph = solution.graph
    if solution.rule.follows == "parents":
        return parents(graph, solution.rule, number)
    rows = [*graph.inward(number), *graph.hidden(number)]
    return [row for row in rows if solution.possible.on[graph.number[row.owner]]]


def _own(solution: Solution, number: int) -> Iterator[Doubt]:
    graph, rule = solution.graph, solution.rule
    party = graph.parties[number]
    if not party.identified:
        yield Doubt(question="identity", party=party.id, where=party.where)
    elif number in solution.seeds.possible - solution.seeds.sure:
        yield Doubt(question="seed", party=party.id, where=party.where)
    if rule.unlisted == "unknown" and party.kind == "entity" and graph.listed[number] < WHOLE:
        yield Doubt(question="unlisted", party=party.id, where=party.where)


def _of_interests(rows: list[Interest]) -> Iterator[Doubt]:
    for row in rows:
        if not row.direct:
            yield Doubt(question="between", party=row.owner, entity=row.entity, where=row.where)
        elif not row.stake.is_exact:
            yield Doubt(question="stake", party=row.owner, entity=row.entity, where=row.where)
