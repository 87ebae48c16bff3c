"""Property of blocked persons, written down in an office: one file, whole entries, and who is asked about."""

from datetime import date
from pathlib import Path

import pytest

from bylaw.access.decide.outside import Outside, Screened
from bylaw.access.office.filing import lines
from bylaw.access.office.place import Office
from bylaw.access.office.property import FILE, block, holdings, nothing, owners_kept, release
from bylaw.access.office.reports import period
from bylaw.access.store.errors import UnderHold
from bylaw.cli import main
from bylaw.errors import RecordError, UsageError
from bylaw.lineage.lab import Lab
from offices import AT, LETTER, enacted, keep

DAY = date(2026, 6, 12)


def test_entries_stay_in_order_and_are_read_back(office: Office) -> None:
    assert block(office, "foreign", "credit", DAY, "ana", value="USD 5").number == 1
    assert block(office, "foreign", "files", DAY, "ben").number == 2
    release(office, 1, date(2026, 7, 1), "order", "docket 7", "ana")
    assert [each.number for each in holdings(office).on(date(2026, 7, 1))] == [2]


def test_what_cannot_be_is_refused_and_nothing_is_written(office: Office) -> None:
    block(office, "foreign", "credit", DAY, "ana")
    before = (office.root / FILE).read_bytes()
    with pytest.raises(UsageError, match="nobody is known as 'stranger'"):
        block(office, "stranger", "credit", DAY, "ana")
    with pytest.raises(UsageError, match="property 1 of foreign is held"):
        nothing(office, "foreign", DAY, "ana")
    with pytest.raises(UsageError, match="no property has the number 4"):
        release(office, 4, DAY, "order", "docket 7", "ana")
    assert (office.root / FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["block", "foreign", "--what", " "], "--what says nothing"),
        (["block", "foreign", "--what", "a\nProperty 9 is released"], "--what cannot be read: it has a line break"),
        (["block", "foreign", "--what", "a", "--where", "b\u202ec"], "--where cannot be read: it turns the direction"),
        (["block", "foreign", "--what", "a\u200bb"], "--what cannot be read: it has a character that is not seen"),
        (["block", "foreign", "--what", "a", "--on", "0001-01-01"], "nothing is blocked since 0001-01-01"),
        (["block", "foreign", "--what", "a", "--on", "2999-01-01"], "still to come"),
        (["release", "1", "--ground", "order", "--why", ""], "--why says nothing"),
        (["correct", "1", "--why", " ", "--value", "USD 5"], "--why says nothing"),
        (["correct", "1", "--why", "slip", "--owner", "stranger"], "nobody is known as 'stranger'"),
        (["correct", "1", "--why", "slip", "--value", "a\nb"], "--value cannot be read: it has a line break"),
        (["correct", "1", "--why", "slip", "--on", "2999-01-01"], "still to come"),
        (["correct", "1", "--why", "slip", "--what", ""], "--what says nothing"),
        (["correct", "1", "--why", "slip", "--what", "credit"], "there is nothing to correct"),
        (["correct", "1", "--why", "slip", "--not-released"], "property 1 was not released"),
        (["correct", "1", "--why", "slip", "--never", "--value", "5"], "nothing else can be right of it"),
        (["correct", "2", "--why", "slip", "--value", "5"], "no property has the number 2; there are 1"),
        (["filed", "blocked-property/1", "--reference", "a\u202eb"], "the reference cannot be read"),
        (
            ["filed", "blocked-property/1", "--reference", "a", "--on", "2026-06-01"],
            "nothing can be filed on 2026-06-01",
        ),
        (["filed", "blocked-property/11", "--reference", "a"], "did you mean 'blocked-property/1'"),
    ],
)
def test_a_bad_request_is_a_sentence_and_leaves_nothing(
    office: Office, lab: Lab, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    block(office, "foreign", "credit", DAY, "ana")
    before = (office.root / FILE).read_bytes()
    assert main(["property", *words, "--office", str(office.root), "--home", str(lab.root)]) == 2
    assert said in capsys.readouterr().err
    assert (office.root / FILE).read_bytes() == before and not lines(office)


def test_a_day_that_is_none_is_told_how_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["property", "list", "--on", "12.06.2026"])
    assert "a day is given as 2026-06-12, not '12.06.2026'" in capsys.readouterr().err


def test_a_line_that_is_no_entry_is_named(office: Office) -> None:
    (office.root / FILE).write_text('{"entry":"seized"}\n')
    with pytest.raises(RecordError, match="1"):
        holdings(office)


def test_a_report_asks_what_is_held_of_whoever_is_blocked(
    office: Office, tmp_path: Path, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    on = Screened(version="1", as_of=AT.date(), hits={"foreign": "confirmed", "citizen": "open"})
    office.outside.put(Outside(lists={"ofac-sdn": on}))
    text = LETTER.replace('{ is = "foreign_person" }', '{ is = "listed", lists = ["ofac-sdn"] }')
    enacted(office, tmp_path, lab, text, "listed.toml")
    keep(office, "citizen", "foreign")
    assert period(office.archive.numbered("2026", "2027"), {}, office.outside.read).blocked == ("foreign",)
    where = ["--office", str(office.root), "--home", str(lab.root)]
    assert main(["decisions", "report", *where]) == 0
    assert "BLOCKED     foreign" in capsys.readouterr().out
    assert main(["property", "block", "foreign", "--what", "credit", "--on", "2026-06-12", *where]) == 0
    assert main(["decisions", "report", *where]) == 0
    said = capsys.readouterr().out
    assert "BLOCKED " not in said and "Report blocked-property/1" in said and "business days late" in said
    assert main(["property", "filed", "blocked-property/1", "--reference", "ORS 1", *where]) == 0
    assert main(["property", "release", "1", "--ground", "license", "--why", "GL 8", *where]) == 0
    assert "no report of it is owed" in capsys.readouterr().out
    assert main(["property", "list", *where]) == 0 and "0 properties blocked" in capsys.readouterr().out


def test_a_wrong_record_is_corrected_before_and_after_it_was_filed(
    office: Office, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--office", str(office.root), "--home", str(lab.root)]

    def said(*words: str) -> str:
        capsys.readouterr()
        assert main([*words, *where]) == 0
        return capsys.readouterr().out

    block(office, "foreign", "credit", DAY, "ana", value="USD 400")
    assert "bylaw decisions report" not in said("property", "correct", "1", "--value", "USD 4,000", "--why", "a slip")
    drafted = said("decisions", "report")
    assert "USD 4,000" in drafted and "USD 400\n" not in drafted and "corrected-property" not in drafted
    said("property", "filed", "blocked-property/1", "--reference", "ORS 1")
    told = said("property", "correct", "1", "--owner", "citizen", "--on", "2026-06-10", "--why", "another account")
    assert "property 1 is corrected: owner: foreign → citizen; blocked since: 2026-06-12 → 2026-06-10" in told
    assert "blocked-property/1 said otherwise when filed" in told
    drafted = said("decisions", "report")
    assert "Report corrected-property/2" in drafted and "blocked-property/1, filed as ORS 1" in drafted
    listed = said("property", "list")
    assert "1    citizen  credit  USD 4,000  blocked since 2026-06-10" in listed
    assert listed.count("corrected on") == 2 and "value: USD 400 → USD 4,000 (a slip)" in listed
    said("property", "filed", "corrected-property/2", "--reference", "ORS 2")
    assert "Report corrected-property/2" not in said("decisions", "report")
    said("property", "correct", "1", "--never", "--why", "the account of another lab")
    assert "0 properties blocked" in said("property", "list")
    assert block(office, "foreign", "credit", DAY, "ana").number == 2


def test_whose_property_is_blocked_is_not_erased_while_it_is_and_ten_years_after(
    office: Office, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--office", str(office.root), "--home", str(lab.root)]
    erase = ["access", "erase", "foreign", "--why", "asked to", *where]
    block(office, "foreign", "credit", DAY, "ana")
    assert main(erase) == UnderHold.exit_code
    assert "property 1 of foreign is blocked, or was: kept while it is, and 10 years after" in capsys.readouterr().err
    release(office, 1, DAY, "order", "docket 7", "ana")
    assert owners_kept(office, date(2036, 6, 11)) and not owners_kept(office, date(2036, 6, 12))
    assert main(erase) == UnderHold.exit_code and "kept until 2036-06-12" in capsys.readouterr().err
    assert main(["property", "correct", "1", "--never", "--why", "a slip", *where]) == 0
    assert main(erase) == 0
