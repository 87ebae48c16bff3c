"""What a date of birth, a country and a kind add to a name: log-odds on top of the name's own.

Unknown adds nothing. The amounts are judgements, not fits: a birth year that lies more than a year beside every
listed one outweighs an equal name; a country that differs is weak, since people move and lists know little.
"""

from typing import NamedTuple

from bylaw.access.countries import same
from bylaw.access.screening.dates import years
from bylaw.access.screening.parties import Kind, Party, Query

BORN_ELSEWHEN = -5.0
BORN_ALIKE = 0.5
COUNTRY_OTHER = -0.5
COUNTRY_SAME = 0.3
SLACK = 1
"""Years by which two dates of birth may differ and still agree: calendars and clerks differ that much."""

_APART: frozenset[tuple[Kind, Kind]] = frozenset(
    (first, second)
    for first in ("person", "organization", "vessel", "aircraft", "asset")
    for second in ("person", "organization", "vessel", "aircraft", "asset")
    if first != second
) | {(kind, "entity") for kind in ("vessel", "aircraft", "asset")}


class Evidence(NamedTuple):
    """Log-odds and the sentences that explain them."""

    odds: float
    why: tuple[str, ...]


NOTHING = Evidence(0.0, ())


def comparable(subject: Kind, listed: Kind) -> bool:
    """Whether the two kinds can be one party; an unknown kind can be any person or organization, or a thing."""
    return subject == "entity" or (subject, listed) not in _APART


def evidence(query: Query, party: Party) -> Evidence:
    """What is known beside the name."""
    if not query.born and not query.countries:
        return NOTHING
    odds, why = 0.0, []
    for found in (_born(query, party), _country(query, party)):
        if found:
            odds += found[0]
            why.append(found[1])
    return Evidence(odds, tuple(why))


def _born(query: Query, party: Party) -> tuple[float, str] | None:
    given = years(query.born) if query.born else None
    listed = [span for date in party.born if (span := years(date))]
    if given is None or not listed:
        return None
    if any(start - SLACK <= given[1] and given[0] <= end + SLACK for start, end in listed):
        return BORN_ALIKE, f"born {query.born}, listed {', '.join(party.born)}"
    return BORN_ELSEWHEN, f"born {query.born}, but listed {', '.join(party.born)}"


def _country(query: Query, party: Party) -> tuple[float, str] | None:
    if not query.countries or not party.countries:
        return None
    if any(same(one, other) for one in query.countries for other in party.countries):
        return COUNTRY_SAME, f"country {', '.join(query.countries)}, listed {', '.join(party.countries)}"
    return COUNTRY_OTHER, f"country {', '.join(query.countries)}, but listed {', '.join(party.countries)}"
