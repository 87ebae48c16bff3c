"""The screening before training: what goes through, what does not, and that the figures add up."""

import json
from pathlib import Path

import msgspec
import pytest

from bylaw.errors import GateStopped, SettingsError, VerificationError
from bylaw.leak.screen import Row, rows_root, screen
from bylaw.leak.screening import LeakSettings, ScreenReport, enforce
from bylaw.ledger.salts import check_commitment
from bylaw.lineage import rows as lineage
from bylaw.records import Comparison, Message, Record, Response
from bylaw.storage import write_records

SALT = bytes(range(32))
ITEM = "how do i get from the old harbour to the new market without crossing the long bridge"
LONG = " ".join(f"word{number}" for number in range(60))


def answer(text: str) -> Response:
    return Response(prompt="prompt", model="seed", text=text)


PLAIN, MAIL, EXAM, FIRST, SECOND = map(
    answer,
    (
        "A plain answer about gardens.",
        "Write to jane@example.org or call (415) 555-2671.",
        "You said: " + ITEM + ", and that is the exam.",
        LONG,
        LONG + " word61",
    ),
)
ROWS = [Row("sft", PLAIN), Row("sft", MAIL), Row("revise", EXAM), Row("sft", FIRST), Row("optimise", SECOND)]


def run(**settings: object) -> tuple[list[Record], dict[str, str], ScreenReport]:
    found = screen(ROWS, {"exam": [ITEM, "short"]}, LeakSettings(**settings), salt=SALT)
    return list(found.kept.values()), found.dropped, found.report


def test_rows_are_kept_masked_and_dropped_with_a_reason() -> None:
    kept, dropped, report = run(duplicates="drop")
    masked = answer("Write to [EMAIL] or call [PHONE].")
    assert kept == [PLAIN, masked, FIRST]
    assert dropped == {EXAM.id: "overlap", SECOND.id: "near_duplicate"}
    stages = {stage.stage: stage for stage in report.stages}
    assert (stages["sft"].rows, stages["sft"].kept, stages["sft"].masked, stages["sft"].dropped) == (3, 2, 1, {})
    assert stages["revise"].dropped == {"overlap": 1} and stages["sft"].kind == "response"
    assert stages["sft"].hits == {"EMAIL": 1, "PHONE": 1}
    assert stages["sft"].root_in == rows_root([PLAIN, MAIL, FIRST])
    assert stages["sft"].root_out == rows_root([PLAIN, masked, FIRST]) != stages["sft"].root_in
    enforce(report)


def test_the_root_is_that_of_the_lines_as_they_are_filed(tmp_path: Path) -> None:
    write_records(tmp_path / "r.jsonl", [PLAIN, MAIL])
    leaves = lineage.read(tmp_path / "r.jsonl", 0, (tmp_path / "r.jsonl").stat().st_size).leaves
    assert rows_root([PLAIN, MAIL]) == lineage.Rows.of(leaves).root


def test_a_pair_goes_or_stays_as_a_whole() -> None:
    pair = Comparison(messages=(Message("user", "hi"),), first=MAIL.text, second="fine")
    dropped = screen([Row("compare", pair)], {}, LeakSettings(secrets="drop"), salt=SALT)
    assert dropped.report.stages[0].dropped == {"secrets": 1} and not dropped.kept
    masked = screen([Row("compare", pair)], {}, LeakSettings(), salt=SALT)
    assert [one.second for one in masked.kept.values() if isinstance(one, Comparison)] == ["fine"]
    assert masked.report.stages[0].masked == 1


def test_report_alone_changes_nothing() -> None:
    kept, dropped, report = run(secrets="report", overlap="report")
    assert (kept, dropped) == ([row.record for row in ROWS], {})
    assert report.duplicates.clusters == 1 and report.duplicates.largest == (FIRST.id, SECOND.id)


def test_overlap_by_set_and_stage() -> None:
    report = run()[2]
    found = {each.stage: each for each in report.overlaps}
    assert (found["revise"].rows, found["revise"].items, found["revise"].longest_run) == (1, 1, 17)
    assert (found["sft"].rows, found["sft"].items_total, found["sft"].items_short) == (0, 2, 1)


@pytest.mark.parametrize("setting", ["secrets", "overlap", "duplicates"])
def test_stop_hands_nothing_back(setting: str) -> None:
    kept, dropped, report = run(**{setting: "stop"})
    assert kept == [] and set(dropped.values()) == {"stopped"} and len(dropped) == len(ROWS)
    with pytest.raises(GateStopped, match="screening"):
        enforce(report)


def test_secrets_can_drop_the_row() -> None:
    assert run(secrets="drop")[1] == {MAIL.id: "secrets", EXAM.id: "overlap"}


def test_a_report_holds_no_secret_but_a_commitment_to_it() -> None:
    report = run()[2]
    text = json.dumps(msgspec.to_builtins(report))
    assert "jane@" not in text and "2671" not in text
    sample = report.stages[0].samples[0]
    assert (sample.row, sample.type, sample.shape) == (MAIL.id, "EMAIL", "aaaa@aaaaaaa.aaa")
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
    for wrong in ({"ignored": ("NAME",)}, {"similarity": 0.1}, {"ngram": 20}, {"samples": -1}):
        with pytest.raises(SettingsError):
            LeakSettings(**wrong)
    assert screen([], {}, LeakSettings(), salt=SALT).kept == {}
