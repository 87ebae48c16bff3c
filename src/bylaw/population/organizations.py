"""The law that an organisation is organised under, where it sits and who owns it: as one of a class would show it."""

from collections.abc import Callable, Mapping
from typing import Protocol

from bylaw.population.draws import Draws
from bylaw.population.names import anywhere, foreign
from bylaw.population.values import NONE, UNKNOWN, Cells, Value, one


class Owners(Protocol):
    """Who can own an organisation: one that stands before it, so that ownership has no cycles. Empty: nobody yet."""

    def american(self, draws: Draws) -> str:
        """One under the law of the United States."""

    def foreign(self, draws: Draws) -> str:
        """One under another law."""

    def listed(self, draws: Draws) -> str:
        """One in the annex."""


Make = Callable[[Draws, Owners], Cells]


def under_us_law(draws: Draws, owners: Owners) -> Cells:
    """With a small foreign owner at times."""
    cells: Cells = {"incorporation": one("us", draws.day(1950, 2024)), "headquarters": one(anywhere(draws))}
    owner = owners.foreign(draws) if draws.chance(20) else ""
    return {**cells, "owner": (Value(owner, share=str(1 + draws.below(49))),)} if owner else cells


def us_subsidiary(draws: Draws, owners: Owners) -> Cells:
    """Under the law of the United States, and foreign in all other respects."""
    cells: Cells = {"incorporation": one("us", draws.day(1950, 2024)), "headquarters": one(foreign(draws))}
    return {**cells, **_owned(owners.foreign(draws), draws)}


def under_foreign_law(draws: Draws, owners: Owners) -> Cells:
    """Wherever it sits."""
    return {"incorporation": one(foreign(draws), draws.day(1950, 2024)), "headquarters": one(anywhere(draws))}


def foreign_subsidiary(draws: Draws, owners: Owners) -> Cells:
    """Under another law, and American in all other respects."""
    cells: Cells = {"incorporation": one(foreign(draws), draws.day(1950, 2024)), "headquarters": one("us")}
    return {**cells, **_owned(owners.american(draws), draws)}


def annex_subsidiary(draws: Draws, owners: Owners) -> Cells:
    """Under another law, and owned by one in the annex."""
    cells: Cells = {"incorporation": one(foreign(draws), draws.day(1950, 2024)), "headquarters": one(anywhere(draws))}
    return {**cells, **_owned(owners.listed(draws), draws)}


def under_no_law(draws: Draws, owners: Owners) -> Cells:
    """Founded by treaty."""
    return {"incorporation": NONE, "headquarters": one(anywhere(draws))}


def law_unknown(draws: Draws, owners: Owners) -> Cells:
    """Its seat is known, the law it is organised under is not."""
    cells: Cells = {"headquarters": one(anywhere(draws))}
    return {"incorporation": UNKNOWN, **cells} if draws.chance(50) else cells


_MAKERS = (
    *(under_us_law, us_subsidiary, under_foreign_law, foreign_subsidiary, annex_subsidiary, under_no_law, law_unknown),
)
LAW: Mapping[str, Make] = {make.__name__.replace("_", "-"): make for make in _MAKERS}


def _owned(parent: str, draws: Draws) -> Cells:
    if not parent:
        return {}
    return {"ultimate_parent": one(parent), "owner": (Value(parent, share=str(51 + draws.below(50))),)}
