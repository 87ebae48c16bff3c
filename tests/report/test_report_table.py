from bylaw.records import Measurement
from bylaw.report.data import ReportData
from bylaw.report.pivot import models, rounds, rows
from bylaw.report.table import table
from bylaw.report.words import headline, share


def measure(model: str, value: float, subset: str = "harmful") -> Measurement:
    return Measurement(model=model, name="complies", subset=subset, value=value, n=100, low=value, high=value)


def test_columns_stand_in_stage_order() -> None:
    made = [measure(name, 0.5) for name in ("final", "revision-2", "revision-10", "judge", "sft", "seed")]
    assert models(made) == ("seed", "sft", "final")
    assert rounds(made) == ("seed", "revision-2", "revision-10")


def test_the_later_measurement_counts() -> None:
    found = rows([measure("seed", 0.9), measure("seed", 0.8)], ("seed",))
    assert [row.cells[0].value for row in found if row.cells[0]] == [0.8]


def test_main_rows_come_first_and_families_last() -> None:
    found = rows([measure("seed", 0.9, "harmful/privacy"), measure("seed", 0.8)], ("seed",))
    assert [row.subset for row in found] == ["harmful", "harmful/privacy"]


def test_terminal_table(data: ReportData) -> None:
    text = table(data.measurements)
    lines = text.splitlines()
    assert lines[0].split() == ["on", "T", "n", "seed", "sft", "final"]
    assert "98.2 % [97.4, 99.0]" in lines[2]
    assert "0.4 % [0.0, 0.8]" in lines[2]
    assert "privacy" not in text
    assert "privacy" in table(data.measurements, families=True)
    assert table([]) == "no measurements"


def test_a_missing_measurement_is_a_dash() -> None:
    text = table([measure("seed", 0.9), measure("final", 0.1), measure("final", 0.2, "harmful/fraud")], True)
    assert text.splitlines()[-1].split()[-5] == "–"


def test_headline(data: ReportData) -> None:
    said = headline(data.measurements, ("seed", "sft", "final")).replace("\u00a0", " ")
    assert said.startswith("The trained model complies with 0.4 % of harmful requests (down from 98.2 %)")
    assert headline((), ()) == "This run has no measurements yet."
    stopped = headline([measure("seed", 0.9), measure("sft", 0.9)], ("seed", "sft"))
    assert stopped.startswith("After the revision stage") and "as before" in stopped


def test_shares_never_hide_a_remainder() -> None:
    assert share(0.0001).startswith("<") and share(0.9999).startswith(">")
    assert (share(0.0), share(1.0)) == ("0.0\u00a0%", "100.0\u00a0%")
