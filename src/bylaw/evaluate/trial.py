"""A judge on trial: its labels on comparisons with gold verdicts, held against bounds before any label is used."""

from collections.abc import Callable

import msgspec

from bylaw.errors import ModelError
from bylaw.evaluate.calibration import JudgeFigures, Share


class TrialSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a judge must reach on the comparisons of ``gold_file`` ("" for no trial) before a run begins.

    ``maximum_flips``: of principles asked in both orders, how many prefer another response when the order changes.
    ``maximum_length_bias``: how much more, or less, often than gold it prefers the longer response.
    ``maximum_self_preference``: how much more often than gold it prefers a response of its own; ``own`` are the names
    that the file has for it, if not the judge's.
    """

    gold_file: str = ""
    minimum_accuracy: float = 0.6
    maximum_calibration_error: float = 0.25
    maximum_flips: float = 0.5
    maximum_length_bias: float = 0.25
    maximum_self_preference: float = 0.25
    own: tuple[str, ...] = ()


class Bound(msgspec.Struct, frozen=True):
    """One bound: what is held, and on which side it must stay."""

    setting: str
    said: str
    at_most: bool
    figure: Callable[[JudgeFigures], float | None]


def _of(share: Share | None) -> float | None:
    return share.value if share else None


BOUNDS = (
    Bound("minimum_accuracy", "agrees with gold verdicts", False, lambda one: _of(one.accuracy)),
    Bound("maximum_calibration_error", "has a calibration error", True, lambda one: one.calibration_error),
    Bound("maximum_flips", "flips when the order is swapped", True, lambda one: _of(one.flips)),
    Bound(
        "maximum_length_bias",
        "prefers the longer response more, or less, than gold does",
        True,
        lambda one: abs(one.length_bias.value) if one.length_bias else None,
    ),
    Bound(
        "maximum_self_preference",
        "prefers its own response more than gold does",
        True,
        lambda one: one.self_preference.value if one.self_preference else None,
    ),
)
"""What a judge is held to. A figure that cannot be measured (one order only, no two lengths, no answer of its own)
holds nobody."""


def demand(figures: JudgeFigures, judge: str, **bounds: float | None) -> None:
    """Raise ``ModelError`` naming everything in which a judge passes its bounds; a bound of None is none.

    Accuracy that is unknown passes no bound.
    """
    faults = [fault for bound in BOUNDS if (fault := _fault(bound, figures, bounds.get(bound.setting)))]
    if faults:
        raise ModelError(f"judge {judge} {'; '.join(faults)}; its labels should not be used")


def _fault(bound: Bound, figures: JudgeFigures, limit: float | None) -> str:
    found = bound.figure(figures)
    if limit is None:
        return ""
    if found is None:
        return "cannot be held to an accuracy: no comparison has a gold verdict" if not bound.at_most else ""
    if found <= limit if bound.at_most else found >= limit:
        return ""
    side = "above" if bound.at_most else "below"
    return f"{bound.said}: {found:.1%} of {figures.with_gold} with gold, {side} the {limit:.1%} asked for"
