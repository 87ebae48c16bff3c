"""``bylaw screen``: an operator brings a list, screens, clears a false positive and brings the next version."""

import json
from pathlib import Path

import pytest

from bylaw.cli import main
from inputs import real

PEOPLE = {"p1": "Ivan Petrov", "p2": "Olga Smirnova"}


def bylaw(*words: object) -> int:
    return main(["screen", *map(str, words)])


def write(path: Path, people: dict[str, str], born: str = "1961") -> Path:
    lines = [
        {"id": key, "schema": "Person", "properties": {"name": [name], "birthDate": [born], "programId": ["X"]}}
        for key, name in people.items()
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    root = tmp_path / "screening"
    file = write(tmp_path / "list.jsonl", PEOPLE)
    assert bylaw("lists", "update", "ftm", file, "--as-of", "2026-11-01", "--parties", 2, "--lists", root) == 0
    capsys.readouterr()
    return root


def test_a_match_is_explained(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("Petrow, Iwan", "--dob", "1961-03", "--lists", store) == 0
    said = capsys.readouterr()
    assert "ftm:p1  Ivan Petrov (person)" in said.out and "petrow for petrov" in said.out
    assert "born 1961-03, listed 1961" in said.out and "1 of 1 match" in said.err
    assert bylaw("Petrow, Iwan", "--json", "--lists", store) == 0
    assert json.loads(capsys.readouterr().out)["party"] == "p1"
    assert bylaw("who", "Nobody Known", "--lists", store) == 0 and not capsys.readouterr().out


def test_without_a_list_nobody_is_cleared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("Ivan Petrov", "--lists", tmp_path) == 2
    assert "no list is in force" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["\u200b\u200f"], ["Ivan", "--dob", "12/3/61"], ["Ivan", "--country", "zz"]])
def test_what_cannot_be_screened_is_refused(store: Path, wrong: list[str]) -> None:
    assert bylaw(*wrong, "--lists", store) == 2


def test_a_false_positive_is_remembered_until_something_changes(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hits(*more: str) -> str:
        capsys.readouterr()
        assert bylaw("Ivan Petrov", *more, "--lists", store) == 0
        return capsys.readouterr().out

    assert bylaw("clear", "Ivan Petrov", "ftm:p1", "--why", "another father", "--by", "Ann", "--lists", store) == 0
    assert not hits()
    assert "cleared by Ann" in hits("--country", "ru") and "known of the subject" in hits("--country", "ru")
    file = write(tmp_path / "next.jsonl", PEOPLE, born="1962")
    assert bylaw("lists", "update", "ftm", file, "--as-of", "2026-11-02", "--parties", 2, "--lists", store) == 0
    assert "(another father), but now the list says other things" in hits()
    again = ("clear", "Ivan Petrov", "ftm:p1", "--lists", store, "--by", "Ben")
    assert bylaw(*again, "--why", "still another") == 0
    assert not hits()
    assert bylaw(*again, "--why", "the wrong file", "--withdraw") == 0
    assert "that it was cleared was withdrawn by Ben" in hits()
    assert bylaw(*again, "--why", "twice", "--withdraw") == 2
    assert bylaw("clear", "Ivan Petrov", "ftm:p2", "--why", "x", "--lists", store) == 2
    assert bylaw("clear", "Ivan Petrov", "ftm:p9", "--why", "x", "--lists", store) == 2


def test_an_update_says_whom_it_newly_hits(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subjects = tmp_path / "subjects.csv"
    subjects.write_text("id,name,dob,country,type\ns1,Ivan Petrov,,,person\ns2,Pavel Orlov,1970,ru;su,person\n")
    file = write(tmp_path / "next.jsonl", {**PEOPLE, "p3": "Orlov Pavel"}, born="1970")
    update = ["lists", "update", "ftm", file, "--as-of", "2026-11-02", "--unsealed", "--subjects", subjects]
    assert bylaw(*update, "--lists", store) == 0
    out = capsys.readouterr().out
    assert "came     ftm:p3  Orlov Pavel" in out and "hit      s2" in out and "hit      s1" not in out
    assert bylaw("lists", "diff", "ftm", "--lists", store) == 0 and "came     ftm:p3" in capsys.readouterr().out
    assert bylaw("lists", "show", "--lists", store) == 0 and "3 parties" in capsys.readouterr().out
    assert bylaw("--batch", subjects, "--lists", store) == 0 and "2 of 2 match" in capsys.readouterr().err
    assert bylaw("clear", "s2", "ftm:p3", "--why", "seen", "--subjects", subjects, "--lists", store) == 0
    capsys.readouterr()
    assert bylaw("--batch", subjects, "--lists", store) == 0 and "1 of 2 match" in capsys.readouterr().err


@pytest.mark.parametrize("day", ["2026-13-24", "2026-02-30", "20261102", "2026-W45-1", "tomorrow", "2999-01-01", ""])
def test_a_list_of_no_day_or_one_to_come_is_refused_and_the_one_in_force_stays(
    store: Path, tmp_path: Path, day: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing would ever be newer than it, and whoever reads its day would stop."""
    file = write(tmp_path / "next.jsonl", {**PEOPLE, "p3": "Orlov Pavel"})
    before = (store / "current.json").read_bytes()
    assert bylaw("lists", "update", "ftm", file, "--as-of", day, "--unsealed", "--lists", store) == 2
    said = capsys.readouterr().err
    assert "is still to come" in said or "a list's day is given as 2026-11-24" in said
    assert (store / "current.json").read_bytes() == before


def test_a_name_cannot_turn_or_hide_the_line_of_its_match(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("Iv\u202ean\u200b Petrov", "--lists", store) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("Iv\\u{202e}an\\u{200b} Petrov  ") and "ftm:p1" in line and line.isprintable()


@pytest.mark.parametrize("text", ["id,nom\n1,x\n", "name,dob\nIvan,32.1.\n", "name\n\u200b\n", "name,dob\nIvan\n"])
def test_a_file_that_does_not_read_screens_nobody(
    store: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.csv").write_text(text)
    assert bylaw("--batch", tmp_path / "wrong.csv", "--lists", store) == 2
    assert not capsys.readouterr().out


def test_labelled_pairs_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("--pairs", real("screening", "name-pairs-dev.csv")) == 0
    out = capsys.readouterr().out
    assert float(out.split("F1")[1]) >= 0.87 and "precision" in out and "threshold  0.5" in out
