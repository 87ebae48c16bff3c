"""Many queries against an index, and what an update of a list newly hits."""

from collections.abc import Iterable

from bylaw.access.screening.index import Index
from bylaw.access.screening.match import Match
from bylaw.access.screening.parties import Query
from bylaw.access.screening.score import THRESHOLD


def screen_all(index: Index, queries: Iterable[Query], threshold: float = THRESHOLD) -> list[tuple[Match, ...]]:
    """The matches of each query, in order."""
    return [index.screen(query, threshold) for query in queries]


def newly_hit(before: Index, after: Index, queries: Iterable[Query]) -> list[Match]:
    """Matches with parties that a query did not match before the update."""
    new = []
    for query in queries:
        known = {(match.list, match.party) for match in before.screen(query)}
        new += [match for match in after.screen(query) if (match.list, match.party) not in known]
    return new
