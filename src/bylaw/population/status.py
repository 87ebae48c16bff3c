"""Citizenship, residency and protection, as somebody of a class would show them.

What decides is always there; what does not may be anything: absent, none, unknown, or a distraction.
"""

from collections.abc import Callable, Mapping

from bylaw.population.draws import Draws
from bylaw.population.names import foreign
from bylaw.population.values import NONE, UNKNOWN, Cells, Said, Value, one

LETTER = "june-2026-letter-1"
"""The directive that kept eligibility speaks of."""


def citizen(draws: Draws) -> Cells:
    """Of the United States alone, by birth."""
    return {"citizenship": one("us", draws.day(1950, 2004)), **_idle(draws)}


def naturalised(draws: Draws) -> Cells:
    """Born a citizen of another country, and kept that or lost it on the day."""
    day = draws.day(1995, 2025)
    before = Value(foreign(draws), draws.day(1950, 1990), day if draws.chance(50) else "")
    return {"citizenship": (before, Value("us", day)), **_idle(draws)}


def dual_citizen(draws: Draws) -> Cells:
    """By birth, and of another country since."""
    since = draws.day(1950, 1995)
    return {"citizenship": (Value("us", since), Value(foreign(draws), draws.day(1996, 2024))), **_idle(draws)}


def gave_up_another(draws: Draws) -> Cells:
    """Once of another country too."""
    since = draws.day(1950, 1990)
    former = Value(foreign(draws), since, draws.day(1991, 2024))
    return {"citizenship": (Value("us", since), former), **_idle(draws)}


def permanent_resident(draws: Draws) -> Cells:
    """Of another country, with a green card."""
    return {"citizenship": _citizenships(draws), "permanent_residency": one("us", draws.day(1996, 2025))}


def resident_of_unknown_nationality(draws: Draws) -> Cells:
    """A green card was seen, nothing else."""
    cells: Cells = {"permanent_residency": one("us", draws.day(1996, 2025))}
    return {"citizenship": UNKNOWN, **cells} if draws.chance(50) else cells


def refugee(draws: Draws) -> Cells:
    """Admitted as a refugee or granted asylum."""
    cells: Cells = {"citizenship": _citizenships(draws), "protected": one("us", draws.day(2010, 2025))}
    return {**cells, "permanent_residency": NONE} if draws.chance(60) else cells


def stateless_refugee(draws: Draws) -> Cells:
    """Of no country, and protected."""
    return {"citizenship": NONE, "permanent_residency": NONE, "protected": one("us", draws.day(2010, 2025))}


def foreign_person(draws: Draws) -> Cells:
    """Of one or two other countries, and known to be neither resident nor protected."""
    return {"citizenship": _citizenships(draws), "permanent_residency": NONE, "protected": NONE}


def citizen_or_foreign(draws: Draws) -> Cells:
    """Either."""
    return citizen(draws) if draws.chance(50) else foreign_person(draws)


def renounced(draws: Draws) -> Cells:
    """Of the United States until a day, and of another country."""
    day = draws.day(2005, 2025)
    now = Value(foreign(draws), draws.day(1990, 2004))
    return {**foreign_person(draws), "citizenship": (Value("us", draws.day(1950, 1989), day), now)}


def stateless(draws: Draws) -> Cells:
    """Of no country, and not protected."""
    return {**foreign_person(draws), "citizenship": NONE}


def lapsed_resident(draws: Draws) -> Cells:
    """The green card was given up."""
    lapsed = one("us", draws.day(1996, 2010), draws.day(2011, 2025))
    return {**foreign_person(draws), "permanent_residency": lapsed}


def resident_elsewhere(draws: Draws) -> Cells:
    """Resident and protected, in other countries."""
    resident, protected = one("ca", draws.day(1996, 2025)), one("de", draws.day(2010, 2025))
    return {**foreign_person(draws), "permanent_residency": resident, "protected": protected}


def nothing(draws: Draws) -> Cells:
    """No word of any."""
    return {}


def said_unknown(draws: Draws) -> Cells:
    """Asked, and not known."""
    return {"citizenship": UNKNOWN, "permanent_residency": UNKNOWN, "protected": UNKNOWN}


def citizenship_only(draws: Draws) -> Cells:
    """A foreign passport was seen."""
    return {"citizenship": _citizenships(draws)}


def residency_unknown(draws: Draws) -> Cells:
    """All but residency."""
    return {"citizenship": _citizenships(draws), "protected": NONE}


def protection_unknown(draws: Draws) -> Cells:
    """All but protection."""
    return {"citizenship": _citizenships(draws), "permanent_residency": NONE}


def citizenship_unknown(draws: Draws) -> Cells:
    """All but citizenship."""
    return {"permanent_residency": NONE, "protected": NONE}


def kept_eligible(draws: Draws) -> Cells:
    """Nationality is not kept."""
    return {"eligible": one(LETTER, detail="yes")}


def kept_ineligible(draws: Draws) -> Cells:
    """Nationality is not kept."""
    return {"eligible": one(LETTER, detail="no")}


def kept_open(draws: Draws) -> Cells:
    """Nationality is not kept, nor known."""
    return {"eligible": UNKNOWN}


_MAKERS = (
    *(citizen, naturalised, dual_citizen, gave_up_another, permanent_resident, resident_of_unknown_nationality),
    *(refugee, stateless_refugee, foreign_person, citizen_or_foreign, renounced, stateless, lapsed_resident),
    *(resident_elsewhere, nothing, said_unknown, citizenship_only, residency_unknown, protection_unknown),
    *(citizenship_unknown, kept_eligible, kept_ineligible, kept_open),
)
STATUS: Mapping[str, Callable[[Draws], Cells]] = {make.__name__.replace("_", "-"): make for make in _MAKERS}


def _citizenships(draws: Draws) -> Said:
    """One foreign country, with a second at times, or a former one."""
    first = Value(foreign(draws), draws.day(1950, 1995) if draws.chance(70) else "")
    also = draws.below(10)
    if also == 0:
        return (first, Value(foreign(draws, first.text), draws.day(1996, 2024)))
    if also == 1:
        return (Value(foreign(draws, first.text), draws.day(1950, 1970), draws.day(1996, 2024)), first)
    return (first,)


def _idle(draws: Draws) -> Cells:
    """Residency and protection of a citizen: whatever a form happens to say."""
    said: tuple[Cells, ...] = (
        {},
        {"permanent_residency": NONE},
        {"permanent_residency": NONE, "protected": NONE},
        {"permanent_residency": UNKNOWN},
        {"protected": UNKNOWN},
    )
    return draws.pick(said)
