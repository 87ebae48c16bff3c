"""What a leak test found, in one struct: the figures, what they were made from, and what was not looked for."""

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from bylaw.canonical import digest
from bylaw.leak.canaries import Carrier
from bylaw.leak.exposure import NULL_MEAN
from bylaw.ledger.entries import MeasurementEntry
from bylaw.records import Measurement

HALF_WIDTH = 0.25
"""Bits. A wider interval of the held-out canaries' mean exposure is too coarse to check anything by."""

NO_PRIVACY = "no differential privacy"
"""What is said of every training here: no part of it bounds what one record may change."""


class CanaryExposure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How exposed one canary is after a stage; ``count`` 0 is held out.

    ``bits`` by rank; ``beyond`` by the tail of a skew-normal fit, an extrapolation.
    """

    model: str
    carrier: Carrier
    format: str
    number: int
    count: int
    bits: float
    beyond: float


class LeakReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A leak test after the training. With plan and ``secret`` anybody can draw all canaries again.

    ``plan``: the plan's digest, as it was entered before the training. ``secret``: 2n hex digits. ``models``: digests
    of the weights, ``seed`` and each trained stage. ``settings``: what each stage was trained with. ``dropped``: by
    group, texts that were too long, or held out and yet trained on.
    """

    version: Literal["bylaw leak report 1"] = "bylaw leak report 1"
    plan: str
    secret: str
    models: dict[str, str]
    settings: dict[str, object]
    measurements: tuple[Measurement, ...]
    canaries: tuple[CanaryExposure, ...]
    dropped: dict[str, int]
    not_looked_for: tuple[str, ...]
    privacy: str = NO_PRIVACY

    def find(self, model: str, name: str, subset: str) -> Measurement:
        """One figure. Raises ``KeyError`` if it was not measured."""
        for one in self.measurements:
            if (one.model, one.name, one.subset) == (model, name, subset):
                return one
        raise KeyError(f"{name} of {model} on {subset} was not measured")


def calibrated(held_out: Measurement) -> bool:
    """Whether held-out canaries behave as what was never trained on must: an interval narrow enough holds 1.44 bits.

    A sound test fails this once in twenty times by chance.
    """
    return held_out.high - held_out.low <= 2 * HALF_WIDTH and held_out.low <= NULL_MEAN <= held_out.high


def left_out(carriers: Sequence[Carrier], models: Collection[str]) -> list[str]:
    """What was not looked for because it was not trained on, or because no canary was planted there."""
    found: list[str] = []
    if "final" not in models:
        found.append("preference pairs: none was trained on, so none was tested")
    elif "pair" not in carriers:
        found.append("canaries among preference pairs: the plan has none")
    if "row" not in carriers:
        found.append("canaries among the answers of supervised fine-tuning: the plan has none")
    return found


def entry(report: LeakReport, at: str) -> MeasurementEntry:
    """What is entered in the ledger of a report, at ``at`` (UTC), once its secret may be known."""
    model = report.models.get("final", report.models["sft"])
    return MeasurementEntry(at=at, measurement=f"sha256:{digest(report)}", name="leak", model=f"sha256:{model}")


def lines(report: LeakReport) -> list[str]:
    """The report for a terminal: a line a figure, then what was not looked for."""
    shown = [f"canary plan sha256:{report.plan}"]
    for one in report.measurements:
        interval = f"[{one.low:.3f}, {one.high:.3f}]"
        shown.append(f"{one.model:6} {one.name:22} {one.subset:22} {one.value:7.3f} {interval:16} {one.unit} n={one.n}")
    shown += [f"privacy: {report.privacy}", "not looked for:"]
    return shown + [f"- {one}" for one in report.not_looked_for]
