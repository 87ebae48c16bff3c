"""What was said to be filed: of property and of refusals alike, once, and entered in the ledger as a commitment."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bylaw.access.filings.filed import LONGEST, Filed, Filings
from bylaw.access.office.agreement import differences
from bylaw.access.office.filing import FILE, SALTS, event_of, file, filings, lines
from bylaw.access.office.place import Office
from bylaw.access.office.property import block
from bylaw.cli import main
from bylaw.errors import LedgerError, UsageError
from bylaw.ledger.entries import ReportsFiled, decode
from bylaw.ledger.proof import prove, read_checkpoint
from bylaw.ledger.stores import DirectoryStore
from bylaw.lineage.lab import Lab
from offices import AT, LETTER, enacted, keep

DAY, TODAY = date(2026, 6, 12), date(2026, 6, 15)


def said(*reports: str, reference: str = "ORS 1", taken_back: bool = False) -> Filed:
    named = reports or ("blocked-property/1",)
    return Filed(reports=named, event=DAY, on=TODAY, reference=reference, by="ana", taken_back=taken_back)


@pytest.fixture
def office(office: Office, tmp_path: Path, lab: Lab) -> Office:
    """A blocked property, and a refusal that is to be reported."""
    block(office, "foreign", "credit, account 9", DAY, "ana")
    enacted(office, tmp_path, lab, LETTER, "letter.toml")
    keep(office, "citizen", "foreign")
    return office


def where(office: Office, lab: Lab) -> list[str]:
    return ["--office", str(office.root), "--home", str(lab.root)]


def test_what_stands_is_what_was_not_taken_back() -> None:
    history = [said("a/1", "a/2"), said("a/2", taken_back=True), said("b/3", reference="ORS 2")]
    found = Filings(history)
    assert {report: each.reference for report, each in found.standing.items()} == {"a/1": "ORS 1", "b/3": "ORS 2"}
    assert found.of(DAY) == ["a/1", "b/3"] and found.counts("a") == {DAY: 1}


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (said("a/1"), "a/1 was filed on 2026-06-15, as ORS 1"),
        (said("a/7", taken_back=True), "nothing to take back"),
        (said("a/7", reference="  "), "give the reference"),
        (said("a/7", reference="x" * (LONGEST + 1)), f"{LONGEST} characters at the most"),
    ],
)
def test_what_cannot_be_is_refused(one: Filed, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Filings([said("a/1")]).check(one)


def test_a_filing_is_in_the_ledger_and_says_nothing_there(office: Office, lab: Lab) -> None:
    file(office, lab, said(), AT)
    file(office, lab, said(), AT)  # once more is once
    (line,) = lines(office)
    entries = [each for each in contents(lab) if isinstance(decode(each), ReportsFiled)]
    assert [decode(each) for each in entries] == [line.entry]
    assert not any(word in entries[0] for word in (b"ORS", b"property", b"ana"))
    assert list(differences(office, lab, AT)) == []


def contents(lab: Lab) -> list[bytes]:
    store = DirectoryStore(lab.ledger)
    size = int(read_checkpoint(store).split(b"\n")[1])
    return [prove(store, index)[1] for index in range(size)]


TAMPERED: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: path.unlink(), "is a filing of 1 reports that is not here"),
    (lambda path: path.write_text(path.read_text().replace("ORS 1", "ORS 2")), "is not what was entered"),
    (lambda path: path.write_text(path.read_text().replace("T12:00:00Z", "T13:00:00Z")), "is not in the ledger"),
    (lambda path: path.with_name(SALTS).write_bytes(b""), "is not what was entered"),
]


@pytest.mark.parametrize(("tamper", "sentence"), TAMPERED)
def test_a_filing_that_was_changed_is_told(
    office: Office, lab: Lab, tamper: Callable[[Path], object], sentence: str
) -> None:
    file(office, lab, said(), AT)
    tamper(office.root / FILE)
    found = list(differences(office, lab, AT))
    assert any(sentence in each for each in found), found


def test_a_filing_that_could_not_be_entered_is_told_and_entered_by_saying_it_again(
    office: Office, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> range:
        raise LedgerError("no space left")

    with monkeypatch.context() as broken, pytest.raises(LedgerError):
        broken.setattr(Lab, "enter", full)
        file(office, lab, said(), AT)
    assert any("is not in the ledger" in each for each in differences(office, lab, AT))
    file(office, lab, said(), AT)
    assert list(differences(office, lab, AT)) == [] and len(lines(office)) == 1


def test_only_what_is_owed_can_be_filed(office: Office) -> None:
    assert event_of(office, "blocked-property/1", TODAY) == DAY
    assert event_of(office, "rejected-transaction/2", TODAY) == AT.date()
    for name in (
        "blocked-property/2",
        "rejected-transaction/1",
        "rejected-transaction/9",
        "rejected-transaction/x",
        "?",
    ):
        with pytest.raises(UsageError, match="no report"):
            event_of(office, name, TODAY)


def test_reports_of_refusals_and_of_property_are_filed_alike(
    office: Office, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decisions", "report", *where(office, lab)]) == 0
    drafts = capsys.readouterr().out
    assert "Report rejected-transaction/2" in drafts and "Report blocked-property/1" in drafts
    for report in ("rejected-transaction/2", "blocked-property/1"):
        assert main(["property", "filed", report, "--reference", "ORS 9", *where(office, lab)]) == 0
    assert main(["decisions", "report", *where(office, lab)]) == 0
    left = capsys.readouterr().out
    assert "Report rejected" not in left and "Report blocked" not in left and "2 filed" in left
    back = ["property", "filed", "blocked-property/1", "--withdraw", "--reference", "was not sent"]
    assert main([*back, *where(office, lab)]) == 0
    assert list(filings(office).standing) == ["rejected-transaction/2"]
    assert main(["access", "verify", *where(office, lab)]) == 0
