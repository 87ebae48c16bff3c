"""``bylaw screen``: an operator brings a list, screens, clears a false positive and brings the next version."""

import json
from pathlib import Path

import pytest

from bylaw.access.office.place import Office
from bylaw.canonical import sha256
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


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["\u200b\u200f"], "no letter or digit"),
        (["Ivan", "--dob", "12/3/61"], "from 1850 until today"),
        (["Ivan", "--dob", "1966-02-30"], "not '1966-02-30'"),
        (["Ivan", "--dob", "3000"], "not '3000'"),
        (["Ivan", "--country", "zz"], "zz"),
        (["x" * 11_000], "11,000 characters; at most 1,000"),
    ],
)
def test_what_cannot_be_screened_is_refused(
    store: Path, wrong: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bylaw(*wrong, "--lists", store) == 2
    assert said in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id,nom\n1,x\n", 1),
        ("name,name\nIvan,Petrov\n", 1),
        ("name,dob\nIvan,32.1.\n", 2),
        ("name,dob\nIvan,1966\nPetr,3000\n", 3),
        ("name\n\u200b\n", 2),
        ("name,dob\nIvan\n", 2),
        ('name\n"Ivan\n', 2),
    ],
)
def test_a_file_that_does_not_read_screens_nobody(
    store: Path, tmp_path: Path, text: str, line: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.csv").write_text(text)
    assert bylaw("--batch", tmp_path / "wrong.csv", "--lists", store) == 2
    said = capsys.readouterr()
    assert not said.out and f"{tmp_path / 'wrong.csv'}:{line}: " in said.err


PAIRS = "name1,name2,schema,is_match\nIvan Petrov,Petrov Ivan,Person,true\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (PAIRS[: PAIRS.index("\n") + 1], ": holds no pair"),
        (PAIRS + "Acme,Acme Ltd", ":3: the row has 2 fields"),
        (PAIRS + "Acme,Acme Ltd,Company,tru", ":3: name1, name2 and is_match"),
        (PAIRS[:-1], ":2: the last line has no line end"),
        (PAIRS + "Acme," + "x" * 1001 + ",Company,true\n", ":3: the name has 1,001 characters"),
        ("name1,name1,name2,schema,is_match\n", ":1: the header has name1 twice"),
        ("name1,name2\n", ":1: the header lacks schema, is_match"),
    ],
)
def test_pairs_that_do_not_read_are_not_measured(
    tmp_path: Path, text: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    assert bylaw("--pairs", tmp_path / "pairs.csv") == 2
    said = capsys.readouterr()
    assert not said.out and f"{tmp_path / 'pairs.csv'}{place}" in said.err


def test_ofacs_files_are_asked_for_and_an_error_names_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [real("screening", f"ofac-{each}.csv") for each in ("sdn", "alt", "add")]
    update = ["lists", "update", "ofac-sdn", "--as-of", "2026-11-01", "--lists", tmp_path / "lists"]
    assert bylaw(*update, files[0]) == 2
    assert "not given: alternates, addresses" in capsys.readouterr().err
    assert bylaw(*update, *files, "--sha256", sha256(files[0].read_bytes()), "--sha256", "0" * 64) == 2
    assert f"{files[1]}: the file's SHA-256 is" in capsys.readouterr().err
    broken = tmp_path / "alt-of-today.csv"
    broken.write_bytes(files[1].read_bytes().replace(b'"aka"', b'"akk"', 1))
    assert bylaw(*update, files[0], broken, files[2]) == 2
    assert f"{broken}:1: unknown type of alternate name: akk" in capsys.readouterr().err
    assert bylaw(*update, *files) == 0
    assert bylaw(*update, files[0], files[2], "--without", "alternates") == 2
    assert "names, and" in capsys.readouterr().err
    assert bylaw(*update, files[0], files[2], "--without", "alternates", "--may-shrink") == 0


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office at the usual place, with one person in it."""
    monkeypatch.setenv("BYLAW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert main(["access", "init", "--model", "m"]) == 0
    Path("staff.csv").write_text(
        "id,kind,name,born,citizenship,source,grade,as_of\n"
        "p-9,person,Petrow Iwan,1961-03-02,ru,hr,attested,2026-06-01\n"
    )
    assert main(["access", "import", "staff.csv"]) == 0
    return Office.open(tmp_path / "home" / "access")


def test_what_an_operator_brings_and_clears_reaches_the_offices_decisions(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def state() -> str:
        assert main(["access", "refresh"]) == 0
        return office.outside.current().lists["ftm"].hits.get("p-9", "")

    file = write(tmp_path / "list.jsonl", PEOPLE)
    capsys.readouterr()
    assert bylaw("lists", "update", "ftm", file, "--as-of", "2026-11-01", "--parties", 2) == 0
    assert f"in {office.root / 'lists'}" in capsys.readouterr().err and not Path("screening").exists()
    assert bylaw("lists", "show") == 0 and str(office.lists.root) in capsys.readouterr().err
    assert bylaw("Petrow, Iwan") == 0 and str(office.lists.root) in capsys.readouterr().err
    assert state() == "open"
    assert bylaw("clear", "p-9", "ftm:p1", "--why", "another passport") == 0
    assert f"kept in {office.lists.root}" in capsys.readouterr().out
    assert state() == ""
    assert main(["access", "reads", "p-9"]) == 0
    assert "to clear a match with ftm:p1: another passport" in capsys.readouterr().out
    assert bylaw("clear", "p-9", "ftm:p1", "--why", "the wrong one", "--withdraw") == 0
    assert state() == "open"


def test_a_clearance_that_the_office_will_not_use_is_told(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "list.jsonl", PEOPLE)
    assert bylaw("lists", "update", "ftm", file, "--as-of", "2026-11-01", "--parties", 2) == 0
    assert bylaw("clear", "Ivan Petrov", "ftm:p1", "--why", "a stranger") == 0
    assert "does not know Ivan Petrov by these particulars" in capsys.readouterr().err
    typed = ["clear", "Petrow Iwan", "ftm:p1", "--why", "seen", "--id", "p-9", "--dob", "1961-03-02", "--country", "ru"]
    assert bylaw(*typed) == 0 and "by these particulars" in capsys.readouterr().err
    assert bylaw(*typed, "--type", "person") == 0 and not capsys.readouterr().err


def test_lists_that_lie_where_the_office_does_not_look_are_told(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "list.jsonl", PEOPLE)
    update = ["lists", "update", "ftm", file, "--as-of", "2026-11-01", "--parties", 2]
    assert bylaw(*update, "--lists", "screening") == 0
    assert bylaw("Ivan Petrov") == 2
    assert "there are some in ./screening: --lists screening" in capsys.readouterr().err
    assert not office.lists.current()


def test_without_an_office_the_lists_lie_in_the_working_directory_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BYLAW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    file = write(tmp_path / "list.jsonl", PEOPLE)
    update = ["lists", "update", "ftm", file, "--as-of", "2026-11-01", "--parties", 2]
    assert bylaw(*update, "--office", tmp_path / "nowhere") == 2
    assert "is no office" in capsys.readouterr().err
    assert bylaw(*update) == 0 and capsys.readouterr().err.endswith("in screening\n")
    assert bylaw("Ivan Petrov") == 0 and "listed parties in screening" in capsys.readouterr().err


def test_labelled_pairs_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert bylaw("--pairs", real("screening", "name-pairs-dev.csv")) == 0
    out = capsys.readouterr().out
    assert float(out.split("F1")[1]) >= 0.87 and "precision" in out and "threshold  0.5" in out
