"""Rows a model finds far harder to learn than the rest. The losses come from outside."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bylaw.audit.exact import Floats
from bylaw.audit.findings import Finding, Tested
from bylaw.audit.rows import STAGES, Row
from bylaw.audit.settings import AuditSettings
from bylaw.errors import UsageError

NORMAL = 0.6745  # median absolute deviation of a standard normal


class Losses(Protocol):
    """The seam: whoever can say how hard each row is for a model; nan where it was not learned from."""

    def losses(self, rows: Sequence[Row]) -> Floats: ...


def outliers(rows: Sequence[Row], losses: Floats, settings: AuditSettings) -> tuple[list[Finding], Tested]:
    """Rows whose loss lies more than ``loss_z`` robust deviations above the median of their stage.

    Raises UsageError unless there is one loss a row.
    """
    if len(losses) != len(rows):
        raise UsageError(f"there are {len(losses)} losses for {len(rows)} rows; give one a row, in their order")
    found = []
    for stage in STAGES:
        at = [place for place, row in enumerate(rows) if row.stage == stage and np.isfinite(losses[place])]
        z = robust_z(np.array([losses[place] for place in at]))
        high = [(float(z[n]), rows[place]) for n, place in enumerate(at) if z[n] > settings.loss_z]
        if high:
            found.append(_finding(stage, sorted(high, key=lambda pair: (-pair[0], pair[1].id)), len(at)))
    thresholds = {"loss_z": settings.loss_z}
    return found, Tested(check="outliers", rows=len(rows), hypotheses=len(rows), thresholds=thresholds)


def robust_z(values: Floats) -> Floats:
    """Distance above the median in deviations, of which a normal distribution would have the usual ones.

    The deviation is never taken as less than a thousandth of the median: equal losses have no outliers.
    """
    if not len(values):
        return values
    middle = np.median(values)
    spread = np.median(np.abs(values - middle)) / NORMAL
    z: Floats = (values - middle) / max(float(spread), abs(float(middle)) / 1000, 1e-12)
    return z


def _finding(stage: str, high: Sequence[tuple[float, Row]], n: int) -> Finding:
    return Finding(
        check="outliers",
        what=f"losses of {stage}",
        sentence=(
            f"{len(high)} of {n} {stage} rows have a loss far above the others, {high[0][1].id} by "
            f"{high[0][0]:.1f} robust deviations: they say what the rest of the data does not"
        ),
        rows=tuple(row.id for _, row in high),
        stages=(stage,),
        statistic=high[0][0],
    )
