"""The replay of June 2026 on a small population: nothing wrong, and a rule that is wrong is found out."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bylaw.access.rules.document import License
from bylaw.access.rules.predicates import Agree, AnyOf, ForeignPerson, Limb
from bylaw.population.classes import MODELS, PHASES
from bylaw.population.files import Truth, truths, write
from bylaw.population.world import World

BENCH = Path(__file__).parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import access_june  # noqa: E402

SIZE = 3_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("june") / "population"
    write(made, World(SIZE, seed=9))
    return made


@pytest.fixture(scope="module")
def known(folder: Path) -> list[Truth]:
    return list(truths(folder))


@pytest.fixture(scope="module")
def registers() -> access_june.Registers:
    return access_june.straight(World(SIZE, seed=9))


def wrong(folder: Path, phase: str, known: list[Truth], registers: access_june.Registers) -> Counter[str]:
    """How many subjects and models of each class have an outcome that is not the truth."""
    made = access_june.replay(folder, phase, registers(access_june.INSTANTS[phase].date()), known)
    return Counter(
        each.name
        for model in MODELS
        for each, outcome in zip(known, made.outcomes[model], strict=True)
        if outcome != each.outcomes[model][phase]
    )


@pytest.mark.parametrize("phase", PHASES)
def test_nobody_is_wrong(folder: Path, phase: str, known: list[Truth], registers: access_june.Registers) -> None:
    assert not wrong(folder, phase, known, registers)


def _changed(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    right = access_june.rules
    monkeypatch.setattr(access_june, "rules", lambda *given: [change(one) for one in right(*given)])


def test_a_license_that_names_the_other_model_too_is_found_out(
    folder: Path, known: list[Truth], registers: access_june.Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(one: Any) -> Any:
        return msgspec.structs.replace(one, models=("mythos-5", "fable-5")) if isinstance(one, License) else one

    _changed(monkeypatch, change)
    assert {"annex-foreign-employee", "lab-foreign-employee"} <= set(wrong(folder, "letter-2", known, registers))


def test_a_license_without_the_lab_is_found_out(
    folder: Path, known: list[Truth], registers: access_june.Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(one: Any) -> Any:
        return msgspec.structs.replace(one, annexes={**one.annexes, "lab": ()}) if "lab" in one.annexes else one

    _changed(monkeypatch, change)
    found = set(wrong(folder, "letter-2", known, registers))
    assert found <= {"lab-foreign-employee", "lab-employee-of-unknown-status", "service"} and found


def test_a_letter_that_forgets_kept_eligibility_is_found_out(
    folder: Path, known: list[Truth], registers: access_june.Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(one: Any) -> Any:
        if one.id != "june-2026-letter-1" or not isinstance(one.who, AnyOf):
            return one
        limbs = [each for each in one.who.of if isinstance(each, Limb)]
        only = [msgspec.structs.replace(each, of=ForeignPerson()) for each in limbs if isinstance(each.of, Agree)]
        return msgspec.structs.replace(one, who=AnyOf(of=tuple(only)))

    _changed(monkeypatch, change)
    found = set(wrong(folder, "letter-1", known, registers))
    assert (
        {"kept-eligible", "kept-ineligible"}
        <= found
        <= {
            *("kept-eligible", "kept-ineligible", "kept-ineligible-annex", "service"),
        }
    )


def test_a_withdrawal_that_never_came_is_found_out(
    folder: Path, known: list[Truth], registers: access_june.Registers, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = access_june.rules
    monkeypatch.setattr(access_june, "rules", lambda *given: right(*given)[:-1])
    assert wrong(folder, "letter-3", known, registers).total() > SIZE / 4


def test_yesterdays_facts_are_found_out(folder: Path, known: list[Truth], registers: access_june.Registers) -> None:
    """The register of the first letter's day, under the second letter."""
    day = access_june.INSTANTS["letter-1"].date()
    found = set(wrong(folder, "letter-2", known, lambda on: registers(min(on, day))))
    assert "resident-between" in found and found <= {"resident-between", "service"}


def test_the_whole_bench_through_files_and_store() -> None:
    command = [sys.executable, str(BENCH / "access_june.py"), "--size", str(SIZE), "--seed", "9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    figures = {line["figure"]: line for line in map(json.loads, done.stdout.splitlines())}
    counted = [line for name, line in figures.items() if name.startswith(("wrong", "outcomes"))]
    assert len(counted) == 6 and all(line["value"] == 0 for line in counted), done.stdout + done.stderr
    assert date(2026, 6, 12) == access_june.INSTANTS["letter-1"].date()
