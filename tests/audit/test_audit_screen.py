from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from rows_of_law import label, pairs, sft

from bylaw.audit.exact import Floats
from bylaw.audit.rows import Row, rows_of
from bylaw.audit.screen import Material, audit, lacking, material_of
from bylaw.errors import UsageError
from bylaw.records import Comparison, Message, Principle, Prompt, Response, Revision


class Filed:
    """Records as a run would hand them out."""

    def __init__(self, *records: Any) -> None:
        self.records = records

    def read(self, type: type[Any], stage: str | None = None) -> Iterator[Any]:
        return (record for record in self.records if isinstance(record, type))


TURNS = (Message("user", "Hello."), Message("assistant", "Hi."), Message("user", "Poison?"))
RED = Prompt(messages=TURNS, source="red")
KIND = Prompt(messages=(Message("user", "Cake?"),), aim="helpful", source="crowd")
ANSWER = Response(prompt=KIND.id, model="seed", text="Flour.")
BAD = Response(prompt=RED.id, model="seed", text="Arsenic.")
MENDED = Revision(prompt=RED.id, of=BAD.id, critique=None, principle="harmless", round=1, text="No.")
PAIR = Comparison(messages=RED.messages, first="No.", second="Arsenic.", prompt=RED.id)
RUN = Filed(RED, KIND, ANSWER, BAD, MENDED, PAIR, label(PAIR.id, 0.9))


def test_rows_are_what_the_run_trained_on() -> None:
    revised, helpful, pair = rows_of(RUN)
    assert (revised.id, revised.asked, revised.context) == (MENDED.id, "Poison?", "Hello.\nHi.")
    assert (helpful.id, helpful.source, helpful.first) == (ANSWER.id, "crowd", "Flour.")
    assert (pair.id, pair.stage, pair.source, pair.p_first) == (PAIR.id, "preference", "red", 0.9)


def test_a_run_without_data_and_a_label_without_comparison_are_errors() -> None:
    with pytest.raises(UsageError, match="nothing to audit"):
        rows_of(Filed(RED))
    with pytest.raises(UsageError, match="not among the comparisons"):
        rows_of(Filed(RED, label("comparison-0", 0.9)))
    with pytest.raises(UsageError, match="no rows"):
        audit([])


def test_a_small_run_says_what_could_not_be_tested() -> None:
    report = audit(material_of(RUN, (Principle(key="harmless", comparison="Which?"),)))
    assert report.findings == ()
    assert set(report.untested) == {"association", "outliers", "flips", "samples", "rewards"}
    assert report.rows == {"sft": 2, "preference": 1}
    assert "semantic triggers" in report.text()


class Flat:
    """Losses that are all alike."""

    def losses(self, rows: Sequence[Row]) -> Floats:
        return np.ones(len(rows))


def test_everything_given_everything_is_tested() -> None:
    rows = sft(800, 1, "cf", 20) + pairs(800, 1)
    labels = [label(row.id, row.p_first) for row in rows if row.p_first is not None]
    given = Material(rows=rows, labels=labels, losses=Flat())
    report = audit(given)
    assert [each.check for each in report.tested] == ["association", "bursts", "outliers", "consistency", "swaps"]
    assert [finding.check for finding in report.findings] == ["association"]
    assert lacking(given).keys() == {"flips", "samples", "rewards"}
    assert msgspec.json.decode(msgspec.json.encode(report), type=type(report)) == report
    assert "cf" in report.text() or "vowels" in report.text()
