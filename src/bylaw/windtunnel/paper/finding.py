"""A finding of the paper held against the wind tunnel: checks with bounds, charts, a verdict computed from them.

Some checks are the claim itself. ``reproduced``: every check holds; ``partly``: the claim holds and another check does
not; ``not reproduced``: a check of the claim fails, whatever the others do.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from bylaw.records import Measurement
from bylaw.report.charts import Series
from bylaw.report.words import figure

Verdict = Literal["reproduced", "partly", "not reproduced"]

RULE = (
    "Reproduced: every check holds. Partly: the checks that are the claim itself hold and another does not. "
    "Not reproduced: a check of the claim fails."
)


class Check(msgspec.Struct, frozen=True):
    """A figure against its bound. Differences of shares are in points (hundredths).

    ``claim``: it is (part of) what the paper claims, not something that was asked besides.
    """

    says: str
    value: float
    bound: float
    at_most: bool
    unit: str = "points"
    claim: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure keeps to its bound."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    @property
    def limit(self) -> str:
        """The bound as people read it."""
        return f"{'≤' if self.at_most else '≥'} {figure(self.bound, self.unit)}"


class Chart(msgspec.Struct, frozen=True):
    """Lines over named places; every measured point stands in the table beside the picture too."""

    heading: str
    places: tuple[str, ...]
    lines: tuple[Series, ...]


class Finding(msgspec.Struct, frozen=True):
    """What the paper says (``statement``, in our words, with its ``source``), and what came out here.

    ``note`` says what differs between the paper's experiment and this one.
    """

    name: str
    title: str
    source: str
    statement: str
    checks: tuple[Check, ...]
    charts: tuple[Chart, ...]
    note: str

    @property
    def verdict(self) -> Verdict:
        """Computed from the checks alone."""
        failed = [check for check in self.checks if not check.holds]
        if any(check.claim for check in failed):
            return "not reproduced"
        return "partly" if failed else "reproduced"

    def text(self) -> str:
        """The finding for a terminal: verdict, title, one line a check."""
        lines = [f"{self.name}: {self.verdict} ({self.source}: {self.title})"]
        for check in self.checks:
            mark = "holds" if check.holds else "fails"
            lines.append(f"  {mark}  {check.says}: {figure(check.value, check.unit)} ({check.limit})")
        return "\n".join(lines).replace("\u00a0", " ")


def at_least(says: str, value: float, bound: float = 0.0, unit: str = "points", claim: bool = False) -> Check:
    """A check that the figure is no less than the bound."""
    return Check(says, value, bound, False, unit, claim)


def at_most(says: str, value: float, bound: float = 0.0, unit: str = "points", claim: bool = False) -> Check:
    """A check that the figure is no more than the bound."""
    return Check(says, value, bound, True, unit, claim)


def chart(heading: str, places: Sequence[str], lines: Mapping[str, Sequence[Measurement]]) -> Chart:
    """A chart of at most three lines, which is how many the style sheet can tell apart."""
    assert len(lines) <= 3
    made = [Series(name, f"s{place}", tuple(points)) for place, (name, points) in enumerate(lines.items())]
    return Chart(heading, tuple(places), tuple(made))


def points(share: float) -> float:
    """A difference of shares in points, without the noise of binary fractions."""
    return round(100 * share, 6)


def surely(more: Measurement, less: Measurement) -> float:
    """Lower end of the 95 % interval of ``more - less``, in points (Newcombe 1998, method 10, on Wilson intervals).

    Above 0, ``more`` is larger beyond chance. For the same prompts under two treatments it is conservative.
    """
    spread = (more.value - more.low) ** 2 + (less.high - less.value) ** 2
    return points(more.value - less.value - spread**0.5)
