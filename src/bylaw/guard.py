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
    run.file_finding(findings.NAME, findings.dumps(found))
    enforce(screened.report)
    texts = {row.id: row.text for row in screened.rows}
    parts = _parts(given).items()
    whole = {name: tuple(texts[row] for row in own) for name, own in parts if all(row in texts for row in own)}
    reasons = {row.rpartition("/")[0]: reason for row, reason in screened.dropped.items()}
    return Passed(whole, dict(Counter(reason.replace("-", "_") for reason in reasons.values())))


def _parts(items: Mapping[str, Item]) -> dict[str, list[str]]:
    return {name: [f"{name}/{n}" for n in range(len(item.texts))] for name, item in items.items()}
