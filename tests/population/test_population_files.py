"""A population as files: whole, the same for the same seed, and in the form that rosters have."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bylaw.errors import RecordError, UsageError
from bylaw.population.classes import classes
from bylaw.population.files import sample, truths, write
from bylaw.population.world import World

SIZE = 3_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("population") / "made"
    write(made, World(SIZE, seed=5))
    return made


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown(folder: Path) -> list[str]:
    """The ids of all rosters."""
    tables = [
        row["id"]
        for name in ("organizations", "people", "services", "channels")
        for row in rows(folder / f"{name}.csv")
    ]
    mixed = [json.loads(line)["id"] for path in sorted(folder.glob("*.jsonl")) for line in path.open()]
    return tables + mixed


def test_everybody_has_facts_once_and_a_truth_once(folder: Path) -> None:
    ids, known = shown(folder), [each.id for each in truths(folder)]
    assert len(known) == SIZE and len(set(known)) == SIZE
    assert sorted(ids) == sorted(known)


def test_every_class_is_there(folder: Path) -> None:
    assert {each.name for each in truths(folder)} == set(classes())


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "again", World(SIZE, seed=5))
    write(tmp_path / "other", World(SIZE, seed=6))
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    assert all((folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)
    assert (folder / "people.csv").read_bytes() != (tmp_path / "other" / "people.csv").read_bytes()


CELL = re.compile(r"[^@!=;]+(@\d{4}-\d\d-\d\d(/\d{4}-\d\d-\d\d)?)?(![a-z]+)?(=\d+)?")


def test_cells_have_the_form_of_a_roster(folder: Path) -> None:
    around = {"id", "kind", "name", "source", "grade", "as_of", "expires", "evidence"}
    for name in ("organizations", "people", "services", "channels"):
        for row in rows(folder / f"{name}.csv"):
            for column in row.keys() - around:
                assert all(CELL.fullmatch(value) for value in row[column].split(";") if value), row


def test_a_value_never_ends_before_it_begins(folder: Path) -> None:
    for row in rows(folder / "people.csv"):
        for since, until in re.findall(r"@([\d-]+)/([\d-]+)", " ".join(row.values())):
            assert since < until, row


def test_whoever_is_referred_to_is_there(folder: Path) -> None:
    known = {each.id for each in truths(folder)}
    links = {"people": "employer", "services": "responsible", "channels": "operator"}
    links |= {"organizations": "ultimate_parent", "organizations ": "owner"}
    for name, column in links.items():
        for row in rows(folder / f"{name.strip()}.csv"):
            values = [value for value in row[column].split(";") if value not in ("", "none", "unknown")]
            assert {re.split("[@!=]", value)[0] for value in values} <= known


def test_annex_and_denied_persons_are_as_the_truth_says(folder: Path) -> None:
    by_class: dict[str, set[str]] = {}
    for each in truths(folder):
        by_class.setdefault(each.name, set()).add(each.id)
    annex = {row["id"] for row in rows(folder / "annex.csv")}
    assert annex == by_class["annex-organisation"] | by_class["annex-foreign-organisation"]
    denied = {name for name, each in classes().items() if each.denied}
    assert {row["id"] for row in rows(folder / "denied.csv")} == set().union(*(by_class[name] for name in denied))


def test_a_service_account_has_the_outcomes_of_its_person(folder: Path) -> None:
    known = {each.id: each for each in truths(folder)}
    for row in rows(folder / "services.csv"):
        if person := row["responsible"]:
            assert known[row["id"]].outcomes == known[person].outcomes


def test_names_and_places_are_drawn_without_regard_to_the_truth(folder: Path) -> None:
    """Every common place has people of every outcome, so nobody can be right by looking at it."""
    known = {each.id: each for each in truths(folder)}
    outcomes: dict[str, Counter[str]] = {}
    for row in rows(folder / "people.csv"):
        found = known[row["id"]].outcomes["mythos-5"]["letter-1"]
        outcomes.setdefault(row["residence"], Counter())[found] += 1
    assert all(len(each) == 3 for each in outcomes.values() if each.total() > 100)
    assert set(outcomes["us"]) == {"allow", "hold", "refuse"}


def test_a_population_can_be_too_small(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 1000"):
        sample(tmp_path / "small", 999)
    sample(tmp_path / "least", 1_000)
    assert {each.name for each in truths(tmp_path / "least")} == set(classes())


def test_a_broken_truth_is_told_with_its_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(
        "id,kind,class,place,mythos-5,fable-5\np-1,person,citizen,home,allow allow,allow\n"
    )
    with pytest.raises(RecordError, match=r"truth\.csv:2"):
        list(truths(tmp_path))


def test_truth_and_judge_share_nothing() -> None:
    code = "import sys, bylaw.population.files; sys.exit(any(name.startswith('bylaw.access') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
