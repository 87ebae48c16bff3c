"""A leak test from one end to the other, on a small model that learns its lessons by heart."""

from pathlib import Path
from random import Random

import msgspec
import pytest
from plans import SECRET, planned

from bylaw.canonical import canonical
from bylaw.errors import UsageError, VerificationError
from bylaw.leak.canary_run import Material, Training, canary_run
from bylaw.leak.check import check_report
from bylaw.leak.report import NO_PRIVACY, LeakReport, calibrated, entry, lines
from bylaw.ledger.entries import decode, encode
from bylaw.models.local import open_model
from bylaw.records import Measurement, Message
from bylaw.train.examples import PairExample, SFTExample
from bylaw.train.settings import DpoSettings, TrainSettings
from tiny import save_model

TRAINING = Training(
    sft=TrainSettings(learning_rate=5e-3, batch_size=8, epochs=3),
    optimise=TrainSettings(learning_rate=2e-3, batch_size=16),
    dpo=DpoSettings(nll=0.5),
)


def row(number: int) -> SFTExample:
    rng = Random(f"row {number}")
    code = " ".join(str(rng.randrange(10)) for _ in range(6))
    return SFTExample((Message("user", f"Say {code}."),), f"I say {code}.", soft=number % 4 == 0)


def pair(number: int) -> PairExample:
    said = row(number)
    return PairExample(said.messages, said.answer, "No.", 0.9 if number % 2 else 0.2)


MATERIAL = Material(
    rows=[row(number) for number in range(24)],
    held_out_rows=[row(number) for number in range(100, 124)],
    pairs=[pair(number) for number in range(200, 216)],
    held_out_pairs=[pair(number) for number in range(300, 316)],
)


def run(folder: Path, material: Material = MATERIAL) -> LeakReport:
    opened = open_model(save_model(folder / "seed", ["The code is", "What is the code of", "has"]))
    return canary_run((opened.model, opened.tokenizer), planned(), SECRET, material, TRAINING, folder / "work")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> LeakReport:
    return run(tmp_path_factory.mktemp("both"))


def test_what_was_planted_often_is_exposed_and_what_was_held_out_is_not(report: LeakReport) -> None:
    hidden = report.find("sft", "exposure", "canary/row/held-out")
    often = report.find("sft", "exposure", "canary/row/x16")
    assert hidden.low <= 1.44 <= hidden.high and hidden.n == 20 and hidden.unit == "bits"
    assert often.value > hidden.high and often.value > 3
    assert report.find("final", "exposure", "canary/row/x16").value > hidden.high


def test_every_stage_and_carrier_is_measured(report: LeakReport) -> None:
    stages = (("sft", ("row",), ("row", "soft-row")), ("final", ("row", "pair"), ("row", "soft-row", "pair")))
    for model, carriers, groups in stages:
        for carrier in carriers:
            for count in (1, 2, 4, 16):
                subset = f"canary/{carrier}/x{count}"
                for name in ("exposure", "exposed", "extracted", "extracted_net", "nearly_extracted_net"):
                    found = report.find(model, name, subset)
                    assert found.low <= found.value <= found.high and found.n == 3
        for group in groups:
            assert report.find(model, "discoverable_100_0.5_net", f"{group}/trained")
            for side in ("trained", "held-out"):
                near = report.find(model, "nearly_extracted", f"{group}/{side}")
                assert near.value >= report.find(model, "extracted", f"{group}/{side}").value, "verbatim is near"
    assert len({(one.model, one.name, one.subset) for one in report.measurements}) == len(report.measurements)
    assert len(report.canaries) == (1 + 2) * (20 + 12)
    assert not any("pair" in one.subset for one in report.measurements if one.model == "sft"), "not trained on yet"
    assert set(report.models) == {"seed", "sft", "final"} and len(set(report.models.values())) == 3
    with pytest.raises(KeyError, match="was not measured"):
        report.find("sft", "exposure", "nothing")


def test_the_report_says_what_was_not_looked_for(report: LeakReport) -> None:
    assert report.privacy == NO_PRIVACY == "no differential privacy"
    assert any(one.startswith("membership at 0.1 % false positives, for want of 1000") for one in report.not_looked_for)
    assert not any(one.name.startswith("tpr_at_0.1pct") for one in report.measurements)
    assert not any(one.startswith("preference pairs") for one in report.not_looked_for)
    shown = "\n".join(lines(report))
    assert "not looked for:" in shown and NO_PRIVACY in shown and report.plan in shown
    assert bytes.fromhex(report.secret) == SECRET and report.plan == planned().digest


def test_a_report_reads_back_and_is_entered(report: LeakReport) -> None:
    assert msgspec.json.decode(canonical(report), type=LeakReport) == report
    made = entry(report, "2026-11-24T08:00:00Z")
    assert decode(encode(made)) == made and made.model == f"sha256:{report.models['final']}"


def test_a_report_is_checked_against_its_plan(report: LeakReport) -> None:
    check_report(report, planned())
    less = msgspec.structs.replace(report.canaries[0], bits=0.1)
    first = report.measurements[0]
    for changed, check in (
        ({"plan": "0" * 64}, "canaries"),
        ({"secret": SECRET[::-1].hex()}, "canaries"),
        ({"canaries": report.canaries[1:]}, "canaries"),
        ({"canaries": ()}, "canaries"),
        ({"canaries": (less, *report.canaries[1:])}, "exposure"),
        ({"measurements": (msgspec.structs.replace(first, value=1.44), *report.measurements[1:])}, "exposure"),
    ):
        with pytest.raises(VerificationError) as raised:
            check_report(msgspec.structs.replace(report, **changed), planned())
        assert raised.value.check == check


@pytest.mark.long
def test_without_pairs_the_report_says_so_and_the_same_run_gives_the_same_figures(tmp_path: Path) -> None:
    material = MATERIAL._replace(pairs=(), held_out_pairs=())
    first, second = run(tmp_path / "first", material), run(tmp_path / "second", material)
    assert first == second
    assert set(first.models) == {"seed", "sft"}
    assert first.not_looked_for[0].startswith("preference pairs: none was trained on")


def test_texts_that_are_too_long_or_have_no_control_are_left_out_and_named(tmp_path: Path) -> None:
    long = SFTExample((Message("user", "Hello"),), "word " * 2000)
    hard = [*(one for one in MATERIAL.held_out_rows if not one.soft), MATERIAL.rows[1]]
    found = run(tmp_path, Material(rows=[*MATERIAL.rows, long], held_out_rows=hard))
    assert found.dropped == {"row": 2, "soft-row": 0}, "one too long, one trained on"
    assert "extraction and membership of soft-row: nothing to compare with" in found.not_looked_for


def test_a_canary_that_is_not_trained_on_is_no_canary(tmp_path: Path) -> None:
    opened = open_model(save_model(tmp_path / "seed"))
    short = TRAINING._replace(sft=msgspec.structs.replace(TRAINING.sft, context=40, epochs=1))
    material = Material(rows=[SFTExample((Message("user", "Hi"),), "Hi")], held_out_rows=[row(100)])
    with pytest.raises(UsageError, match="canaries were not trained on"):
        canary_run((opened.model, opened.tokenizer), planned(), SECRET, material, short, tmp_path / "work")


def test_nothing_is_trained_with_the_wrong_secret_or_without_a_control(tmp_path: Path) -> None:
    opened = open_model(save_model(tmp_path / "seed"))
    weights = opened.model, opened.tokenizer
    with pytest.raises(VerificationError, match="does not open"):
        canary_run(weights, planned(), b"another secret 1", MATERIAL, TRAINING, tmp_path / "work")
    with pytest.raises(UsageError, match="to compare with"):
        canary_run(weights, planned(), SECRET, MATERIAL._replace(held_out_rows=[]), TRAINING, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_calibrated_means_a_narrow_interval_around_the_known_mean() -> None:
    def held_out(low: float, high: float) -> Measurement:
        return Measurement(
            model="sft", name="exposure", subset="", value=(low + high) / 2, n=256, low=low, high=high, unit="bits"
        )

    assert calibrated(held_out(1.2, 1.6))
    assert not calibrated(held_out(1.1, 1.7)), "too wide to check anything by"
    assert not calibrated(held_out(1.5, 1.9)) and not calibrated(held_out(1.0, 1.4))
