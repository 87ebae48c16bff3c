"""Who says so, when, and how surely: the rows in which the cells of a subject are shown.

The letters came on 12, 26 and 30 June 2026; what was seen before them has days up to May.
"""

from collections.abc import Callable, Mapping

from bylaw.population.draws import Draws
from bylaw.population.names import foreign
from bylaw.population.values import NONE, Cells, Row, one

Show = Callable[[Cells, Draws], list[Row]]
DECIDES = ("citizenship", "incorporation")
"""The facts that a dispute is about."""


def usual(cells: Cells, draws: Draws) -> list[Row]:
    """All from one source that is good enough."""
    return [_row(cells, draws, expires=draws.day(2027, 2031) if draws.chance(60) else "")]


def stale(cells: Cells, draws: Draws) -> list[Row]:
    """All expired before the first letter."""
    return [_row(cells, draws, expires=f"2026-0{2 + draws.below(4)}-{10 + draws.below(19)}")]


def runs_out(cells: Cells, draws: Draws) -> list[Row]:
    """All expire between the first letter and the second, on the day of that at the latest."""
    return [_row(cells, draws, expires=f"2026-06-{13 + draws.below(14)}")]


def stale_employer(cells: Cells, draws: Draws) -> list[Row]:
    """The employer's word has expired, the rest stands."""
    work = {name: said for name, said in cells.items() if name == "employer"}
    rest = {name: said for name, said in cells.items() if name != "employer"}
    return [*usual(rest, draws), *stale(work, draws)]


def disputed(cells: Cells, draws: Draws) -> list[Row]:
    """A document was seen; later the subject itself says that it is American."""
    name = next(name for name in DECIDES if name in cells)
    seen = _row(cells, draws)._replace(grade="document")
    return [seen, Row({name: one("us")}, "self", "declared", f"2026-05-{1 + draws.below(28):02}")]


def settled(cells: Cells, draws: Draws) -> list[Row]:
    """The subject said something else first; then a provider looked."""
    name = next(name for name in DECIDES if name in cells)
    american = any(value.text == "us" and not value.until for value in cells[name] or ())
    other = one(foreign(draws)) if american else one("us")
    seen = Row(cells, "kyc-one", "verified", f"2026-05-{1 + draws.below(28):02}", "", _reference(draws))
    return [Row({name: other}, "self", "declared", draws.day(2024, 2025)), seen]


def becomes_resident(cells: Cells, draws: Draws) -> list[Row]:
    """Known not to be a permanent resident; then a green card is seen, between the letters."""
    admitted = 13 + draws.below(6)
    card = {"permanent_residency": one("us", f"2026-06-{admitted}")}
    seen = Row(card, "kyc-one", "verified", f"2026-06-{admitted + draws.below(7)}", "", _reference(draws))
    return [*usual({**cells, "permanent_residency": NONE}, draws), seen]


_MAKERS = (usual, stale, runs_out, stale_employer, disputed, settled, becomes_resident)
EVIDENCE: Mapping[str, Show] = {make.__name__.replace("_", "-"): make for make in _MAKERS}

_SOURCES = (("kyc-one", "verified"), ("kyc-two", "verified"), ("desk", "document"))


def _row(cells: Cells, draws: Draws, expires: str = "") -> Row:
    """From the employer's roster at times, if there is one employer; else from who looks at documents."""
    employers = cells.get("employer")
    if employers and len(employers) == 1 and draws.chance(70):
        source, grade = f"hr:{employers[0].text}", "attested"
    else:
        source, grade = draws.pick(_SOURCES)
    return Row(cells, source, grade, draws.day(2024, 2025), expires, _reference(draws))


def _reference(draws: Draws) -> str:
    return f"ref-{draws.below(1 << 32):08x}"
