"""The screening before training: what goes through, what does not, and that the figures add up."""

import json

import msgspec
import pytest

from bylaw.errors import GateStopped, SettingsError, UsageError, VerificationError
from bylaw.leak.screen import Row, rows_root, screen
from bylaw.leak.screening import LeakSettings, ScreenReport, enforce
from bylaw.ledger.salts import check_commitment

SALT = bytes(range(32))
ITEM = "how do i get from the old harbour to the new market without crossing the long bridge"
LONG = " ".join(f"word{number}" for number in range(60))
ROWS = [
    Row("r1", "sft", "A plain answer about gardens."),
    Row("r2", "sft", "Write to jane@example.org or call (415) 555-2671."),
    Row("r3", "critique", "You said: " + ITEM + ", and that is the exam."),
    Row("r4", "sft", LONG),
    Row("r5", "optimise", LONG + " word61"),
]


def run(**settings: object) -> tuple[list[Row], dict[str, str], ScreenReport]:
    found = screen(ROWS, {"exam": [ITEM, "short"]}, LeakSettings(**settings), salt=SALT)
    return list(found.rows), found.dropped, found.report


def test_rows_are_kept_masked_and_dropped_with_a_reason() -> None:
    rows, dropped, report = run(duplicates="drop")
    assert rows == [ROWS[0], ROWS[1]._replace(text="Write to [EMAIL] or call [PHONE]."), ROWS[3]]
    assert dropped == {"r3": "overlap", "r5": "near-duplicate"}
    stages = {stage.stage: stage for stage in report.stages}
    assert (stages["sft"].rows, stages["sft"].kept, stages["sft"].masked, stages["sft"].dropped) == (3, 2, 1, {})
    assert stages["critique"].dropped == {"overlap": 1}
    assert stages["sft"].hits == {"EMAIL": 1, "PHONE": 1}
    assert stages["sft"].root_in == rows_root(row for row in ROWS if row.stage == "sft")
    assert stages["sft"].root_out == rows_root(row for row in rows if row.stage == "sft") != stages["sft"].root_in
    enforce(report)


def test_report_alone_changes_nothing() -> None:
    rows, dropped, report = run(secrets="report", overlap="report")
    assert (rows, dropped) == (ROWS, {})
    assert report.duplicates.clusters == 1 and report.duplicates.largest == ("r4", "r5")


def test_overlap_by_set_and_stage() -> None:
    report = run()[2]
    found = {each.stage: each for each in report.overlaps}
    assert (found["critique"].rows, found["critique"].items, found["critique"].longest_run) == (1, 1, 17)
    assert (found["sft"].rows, found["sft"].items_total, found["sft"].items_short) == (0, 2, 1)


@pytest.mark.parametrize("setting", ["secrets", "overlap", "duplicates"])
def test_stop_hands_nothing_back(setting: str) -> None:
    rows, dropped, report = run(**{setting: "stop"})
    assert rows == [] and set(dropped.values()) == {"stopped"} and len(dropped) == len(ROWS)
    with pytest.raises(GateStopped, match="screening"):
        enforce(report)


def test_secrets_can_drop_the_row() -> None:
    assert run(secrets="drop")[1] == {"r2": "secrets", "r3": "overlap"}


def test_a_report_holds_no_secret_but_a_commitment_to_it() -> None:
    report = run()[2]
    text = json.dumps(msgspec.to_builtins(report))
    assert "jane@" not in text and "2671" not in text
    sample = report.stages[0].samples[0]
    assert (sample.row, sample.type, sample.shape) == ("r2", "EMAIL", "aaaa@aaaaaaa.aaa")
    check_commitment(sample.salted, b"jane@example.org", SALT)
    assert msgspec.json.decode(msgspec.json.encode(report), type=ScreenReport) == report
    assert report.not_looked_for


def test_the_same_input_gives_the_same_report() -> None:
    assert run() == run()


def test_figures_that_do_not_add_up_are_refused() -> None:
    report = run()[2]
    wrong = msgspec.structs.replace(report.stages[0], kept=7)
    with pytest.raises(VerificationError, match="accounted for"):
        msgspec.structs.replace(report, stages=(wrong,))


def test_bad_requests_are_refused() -> None:
    with pytest.raises(UsageError, match="same id"):
        screen([ROWS[0], ROWS[0]], {}, LeakSettings(), salt=SALT)
    for wrong in ({"ignored": ("NAME",)}, {"similarity": 0.1}, {"ngram": 20}, {"samples": -1}):
        with pytest.raises(SettingsError):
            LeakSettings(**wrong)
    assert screen([], {}, LeakSettings(), salt=SALT).rows == ()
