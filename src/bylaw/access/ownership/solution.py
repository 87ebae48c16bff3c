"""Every party's status under a rule: blocked, clear or undetermined."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec

from bylaw.access.ownership.fixpoint import Marks, possibly, surely
from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.parents import solve_parents
from bylaw.access.ownership.rule import Rule
from bylaw.access.ownership.seeds import Seeds

Status = Literal["blocked", "clear", "undetermined"]


class Solution(msgspec.Struct, frozen=True):
    """What follows: ``sure`` is marked in every world that the records leave open, ``possible`` in some."""

    graph: Graph
    rule: Rule
    seeds: Seeds
    sure: Marks
    possible: Marks

    def status(self, party: str) -> Status:
        """The status of a party. Raises ``UsageError`` for an id that nobody has: an unknown party is not clear."""
        return self.at(self.graph.place(party))

    def at(self, number: int) -> Status:
        """The status of the party with this number in the graph."""
        if self.sure.on[number]:
            return "blocked"
        return "undetermined" if self.possible.on[number] else "clear"

    def statuses(self) -> Iterator[tuple[str, Status]]:
        """Every party with its status, in the graph's order."""
        return ((party.id, self.at(number)) for number, party in enumerate(self.graph.parties))

    def counts(self) -> dict[Status, int]:
        """How many parties have each status."""
        found = Counter(map(self.at, range(len(self.graph))))
        return {status: found[status] for status in ("blocked", "undetermined", "clear")}


def solve(graph: Graph, rule: Rule, seeds: Seeds) -> Solution:
    """Every party's status; see ``fixpoint`` and ``parents`` for what is computed and why it is exact."""
    if rule.follows == "parents":
        return Solution(graph, rule, seeds, *solve_parents(graph, rule, seeds))
    sure = surely(graph, rule, seeds.sure)
    open_ = not graph.is_exact or rule.unlisted == "unknown" or seeds.possible != seeds.sure
    return Solution(graph, rule, seeds, sure, possibly(graph, rule, seeds.possible, sure) if open_ else sure)
