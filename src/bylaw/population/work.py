"""For whom somebody works, and how: the value of the fact *employer*."""

from collections.abc import Callable, Mapping
from typing import Protocol

from bylaw.population.draws import Draws
from bylaw.population.values import NONE, UNKNOWN, Cells, Said, Value, one

LAB = "lab"


class Employers(Protocol):
    """Whom one can work for."""

    def unlisted(self, draws: Draws) -> str:
        """An organisation that is neither in the annex nor the lab."""

    def listed(self, draws: Draws) -> str:
        """An organisation in the annex."""

    def subsidiary(self, draws: Draws) -> str:
        """An unlisted organisation owned by one in the annex."""


Work = Callable[[Draws, Employers], Cells]


def unlisted_employee(draws: Draws, employers: Employers) -> Cells:
    """Employed, by somebody not listed."""
    return _for(employers.unlisted(draws), draws.day(2005, 2025), "employee")


def none(draws: Draws, employers: Employers) -> Cells:
    """Known to work for nobody."""
    return {"employer": NONE}


def unknown(draws: Draws, employers: Employers) -> Cells:
    """Not known, or said so."""
    return {"employer": UNKNOWN} if draws.chance(30) else {}


def elsewhere(draws: Draws, employers: Employers) -> Cells:
    """Known to work for nobody, or for somebody not listed, as employee or contractor."""
    if draws.chance(40):
        return none(draws, employers)
    role = "employee" if draws.chance(80) else "contractor"
    return _for(employers.unlisted(draws), draws.day(2005, 2025), role)


def anywhere(draws: Draws, employers: Employers) -> Cells:
    """Whatever: for those whose work cannot matter."""
    if draws.chance(70):
        return elsewhere(draws, employers)
    return draws.pick((unknown, lab_employee, annex_employee, annex_contractor))(draws, employers)


def lab_employee(draws: Draws, employers: Employers) -> Cells:
    """On the lab's own staff."""
    return _for(LAB, draws.day(2021, 2025), "employee")


def lab_contractor(draws: Draws, employers: Employers) -> Cells:
    """Works for the lab, not on its staff."""
    return _for(LAB, draws.day(2021, 2025), "contractor")


def annex_employee(draws: Draws, employers: Employers) -> Cells:
    """On the staff of an organisation in the annex."""
    return _for(employers.listed(draws), draws.day(2005, 2025), "employee")


def annex_contractor(draws: Draws, employers: Employers) -> Cells:
    """Works for an organisation in the annex, not on its staff."""
    return _for(employers.listed(draws), draws.day(2015, 2025), "contractor")


def annex_consultant(draws: Draws, employers: Employers) -> Cells:
    """On the staff of an unlisted firm, lent to an organisation in the annex."""
    own = Value(employers.unlisted(draws), draws.day(2005, 2020), detail="employee")
    return {"employer": (own, Value(employers.listed(draws), draws.day(2021, 2025), detail="contractor"))}


def annex_two_hats(draws: Draws, employers: Employers) -> Cells:
    """On the staff of one in the annex, and a contractor of an unlisted one."""
    side = Value(employers.unlisted(draws), draws.day(2021, 2025), detail="contractor")
    return {"employer": (side, Value(employers.listed(draws), draws.day(2005, 2020), detail="employee"))}


def annex_former_employee(draws: Draws, employers: Employers) -> Cells:
    """Was on the staff, until some day before the second letter."""
    return _for(employers.listed(draws), draws.day(2005, 2018), "employee", until=draws.day(2019, 2025))


def annex_coming_employee(draws: Draws, employers: Employers) -> Cells:
    """Has signed, and begins after all letters."""
    return _for(employers.listed(draws), f"2026-{8 + draws.below(4):02}-01", "employee")


def annex_hired_between(draws: Draws, employers: Employers) -> Cells:
    """Has signed, and begins between the first two letters."""
    return _for(employers.listed(draws), f"2026-06-{13 + draws.below(14)}", "employee")


def annex_role_unknown(draws: Draws, employers: Employers) -> Cells:
    """Works for one in the annex, in whatever role."""
    return _for(employers.listed(draws), draws.day(2015, 2025), "")


def annex_subsidiary_employee(draws: Draws, employers: Employers) -> Cells:
    """On the staff of an organisation that one in the annex owns."""
    return _for(employers.subsidiary(draws), draws.day(2015, 2025), "employee")


_MAKERS = (
    *(unlisted_employee, none, unknown, elsewhere, anywhere, lab_employee, lab_contractor, annex_employee),
    *(annex_contractor, annex_consultant, annex_two_hats, annex_former_employee, annex_coming_employee),
    *(annex_hired_between, annex_role_unknown, annex_subsidiary_employee),
)
WORK: Mapping[str, Work] = {make.__name__.replace("_", "-"): make for make in _MAKERS}


def _for(employer: str, since: str, role: str, until: str = "") -> Cells:
    said: Said = one(employer, since, until, role)
    return {"employer": said}
