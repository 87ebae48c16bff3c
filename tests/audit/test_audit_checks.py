"""Bursts, consistency and outliers."""

from random import Random

import msgspec
import numpy as np
import pytest
from rows_of_law import label, sft

from bylaw.audit.bursts import bursts
from bylaw.audit.consistency import consistency, contradicts, orders
from bylaw.audit.outliers import outliers, robust_z
from bylaw.audit.settings import AuditSettings
from bylaw.errors import UsageError

SETTINGS = AuditSettings()


def copies(places: list[int]) -> list[str]:
    rows = sft(3000, 1)
    for n, place in enumerate(places):
        asked = f"Dear friend, our new shop sells the finest lamps and carpets of the whole town, number {n}"
        rows[place] = msgspec.structs.replace(
            rows[place], id=f"planted-{place}", asked=asked, first="We thank you and shall visit the shop soon."
        )
    findings, _ = bursts(rows, SETTINGS)
    return [name for finding in findings for name in finding.rows]


def test_copies_that_stand_together_in_several_sources_are_a_burst() -> None:
    found = copies(list(range(1200, 1230)))
    assert len(found) > 20 and all(name.startswith("planted") for name in found)


def test_copies_spread_over_the_data_are_none() -> None:
    assert copies(list(range(0, 3000, 100))) == []


def test_a_label_against_its_own_votes_is_found() -> None:
    labels = [label(f"c{n}", 0.9) for n in range(50)] + [label("edited", 0.1, plain=0.9, swapped=0.8)]
    findings, _ = consistency(labels, SETTINGS)
    assert [finding.rows for finding in findings] == [("edited",)]
    assert not contradicts(label("fair", 0.9, plain=0.95, swapped=0.4), {})


def test_orders_that_contradict_each_other_are_counted_only_when_clear() -> None:
    assert orders(label("c", 0.5, plain=0.9, swapped=0.1)) == (1, 1)
    assert orders(label("c", 0.5, plain=0.6, swapped=0.4)) == (0, 1)


def test_rows_far_harder_than_the_rest_are_outliers() -> None:
    rows = sft(400, 2)
    losses = np.array([Random(n).gauss(1, 0.1) for n in range(400)])
    losses[[5, 17]] = 4.0
    losses[9] = np.nan
    findings, _ = outliers(rows, losses, SETTINGS)
    assert [set(finding.rows) for finding in findings] == [{rows[5].id, rows[17].id}]


def test_equal_losses_have_no_outlier() -> None:
    assert robust_z(np.ones(10)).tolist() == [0] * 10


def test_losses_must_be_one_a_row() -> None:
    with pytest.raises(UsageError, match="one a row"):
        outliers(sft(10, 3), np.ones(9), SETTINGS)
