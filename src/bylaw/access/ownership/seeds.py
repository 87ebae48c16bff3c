"""Who is blocked to begin with: surely, or possibly. A party that nobody has identified is always possibly one."""

from collections.abc import Callable, Iterable, Mapping, Set

import msgspec

from bylaw.access.ownership.graph import Graph
from bylaw.access.ownership.records import Party

Predicate = Callable[[Party], bool | None]
"""Whether a party is a seed; None: nobody knows."""


class Seeds(msgspec.Struct, frozen=True):
    """Numbers of parties in a graph; ``sure`` ones are among the ``possible``. ``because`` ends ``This party …``."""

    sure: frozenset[int]
    possible: frozenset[int]
    because: str = "is listed"

    @classmethod
    def where(cls, graph: Graph, predicate: Predicate, because: str = "is listed") -> "Seeds":
        """The parties for which the predicate is true, and those for which it is not known to be false."""
        sure, possible = set(), set()
        for number, party in enumerate(graph.parties):
            verdict = predicate(party)
            if verdict:
                sure.add(number)
            if verdict or verdict is None or not party.identified:
                possible.add(number)
        return cls(frozenset(sure), frozenset(possible), because)

    @classmethod
    def listed(cls, graph: Graph, ids: Iterable[str], possibly: Iterable[str] = ()) -> "Seeds":
        """These parties; ``possibly`` are hits nobody has confirmed. Raises ``UsageError`` for an unknown id."""
        sure = frozenset(map(graph.place, ids))
        unsure = frozenset(map(graph.place, possibly))
        nameless = frozenset(number for number, party in enumerate(graph.parties) if not party.identified)
        return cls(sure, sure | unsure | nameless)

    @classmethod
    def headquartered(cls, graph: Graph, regions: Set[str], headquarters: Mapping[str, str | None]) -> "Seeds":
        """Entities whose headquarters lie in one of the regions. An entity without an entry may lie anywhere."""

        def inside(party: Party) -> bool | None:
            if party.kind != "entity":
                return False
            region = headquarters.get(party.id)
            return None if region is None else region in regions

        return cls.where(graph, inside, f"is headquartered in {' or '.join(sorted(regions))}")
