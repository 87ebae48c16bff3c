"""A rule of ownership as data: what share, of whose hands together, follows from which seeds.

The rules that ship stand in ``rules.toml`` with their sources and the days they are in force; none is in code.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from bylaw.access.ownership.stake import WHOLE, fraction, lower_bound
from bylaw.errors import SettingsError, UsageError
from bylaw.settings import load

RULES = Path(__file__).with_name("rules.toml")


class Period(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a day until the day before another; None is open."""

    start: date
    until: date | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """When ownership blocks an entity.

    ``threshold`` is in percent, ``strict`` asks for more than it. With ``aggregate`` the stakes of all blocked direct
    owners count together, else one of them must reach it alone. No stake is multiplied by another along a chain.

    ``follows`` is ``stakes``, or ``parents``: then only the ultimate parent counts, the end of the chain of those who
    each reach the threshold alone.

    ``unlisted`` says who holds what no record lists: ``clear``, nobody who matters, or ``unknown``, anyone. It has no
    default, since it decides what a register that lists large owners only is worth.
    """

    title: str
    source: str
    threshold: str
    strict: bool
    unlisted: Literal["clear", "unknown"]
    aggregate: bool = True
    follows: Literal["stakes", "parents"] = "stakes"
    in_force: tuple[Period, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        share = fraction(self.threshold)
        if not 0 < share <= 100 or (self.strict and share == 100):
            raise UsageError(f"a threshold of {self.threshold} % can be reached by everybody or by nobody")
        if (share * 10**7).denominator != 1:
            raise UsageError(f"a threshold has seven decimals at the most, unlike {self.threshold}")
        if self.follows == "parents" and (self.aggregate or self.bar <= WHOLE // 2):
            raise UsageError("an ultimate parent holds more than half alone: aggregate = false, and more than 50 %")

    @cached_property
    def bar(self) -> int:
        """The least bound, in the integers of ``stake``, that reaches the threshold."""
        return lower_bound(fraction(self.threshold), above=self.strict)

    @property
    def words(self) -> str:
        """``at least 50 %``, ``more than 50 %``."""
        return f"{'more than' if self.strict else 'at least'} {self.threshold} %"

    def applies(self, at: date) -> bool:
        """Whether it is in force on that day; a rule without periods always is."""
        periods = self.in_force
        return not periods or any(one.start <= at and (one.until is None or at < one.until) for one in periods)


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of rules by key."""

    rules: dict[str, Rule]


def rules(source: str | Path = RULES) -> dict[str, Rule]:
    """Rules by key from a TOML text or file. Raises ``SettingsError`` with file and line."""
    try:
        return load(RuleFile, source).rules
    except UsageError as error:
        raise SettingsError(str(error), str(source) if isinstance(source, Path) else "") from error
