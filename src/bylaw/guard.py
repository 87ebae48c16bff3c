"""What is trained on is looked through first: secrets and personal data, evaluation texts, near-duplicates.

What the AI itself wrote is looked through like anything else. Rows are masked, left out, or the run stops, as
``[leak]`` says; what was found is filed, and what was left out stands in the stage's counts by its reason.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from bylaw.leak import findings
from bylaw.leak.screen import Row, screen
from bylaw.leak.screening import LeakSettings, enforce
from bylaw.run import Run

Sets = Mapping[str, Sequence[str]]
"""Evaluation texts by the name of their set."""


class Item(NamedTuple):
    """Something to be trained on: its id, the kind it is counted under, its texts."""

    id: str
    kind: str
    texts: tuple[str, ...]


class Passed(NamedTuple):
    """The texts of what may be trained on, by id; how many items were left out, by reason."""

    texts: dict[str, tuple[str, ...]]
    left_out: dict[str, int]


def look_through(run: Run, stage: str, items: Iterable[Item], sets: Sets, settings: LeakSettings) -> Passed:
    """Screen a stage's items and file what was found. Raises ``GateStopped`` where the settings say *stop*."""
    given = {item.id: item for item in items}
    rows = [Row(f"{item.id}/{n}", item.kind, text) for item in given.values() for n, text in enumerate(item.texts)]
    # Nobody is to open the samples' commitments: the salt is forgotten.
    screened = screen(rows, sets, settings, salt=os.urandom(32))
    before = findings.read(run.findings().get(findings.NAME))
    found = msgspec.structs.replace(before, before=before.before | {stage: screened.report})
    run.file_finding(findings.NAME, found)
    enforce(screened.report)
    reasons = {_item(row): reason for row, reason in screened.dropped.items()}
    texts: dict[str, tuple[str, ...]] = {name: () for name in given if name not in reasons}
    for row in screened.rows:  # in their order, so an item's texts come in theirs
        if (name := _item(row.id)) in texts:
            texts[name] += (row.text,)
    return Passed(texts, dict(Counter(reason.replace("-", "_") for reason in reasons.values())))


def _item(row: str) -> str:
    """The item that a row is a text of."""
    return row.rpartition("/")[0]
