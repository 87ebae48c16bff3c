"""The verbs of an office by hand: bad requests are a sentence and leave nothing, and what was done can be verified."""

from pathlib import Path

import pytest

from bylaw.access.decision import Request
from bylaw.access.office.enact import enact
from bylaw.access.office.place import Office
from bylaw.access.rules.approval import NOBODY_YET, Approvers
from bylaw.access.rules.library import library
from bylaw.cli import main
from bylaw.cli.office import now
from bylaw.cli.practice import APPROVERS
from bylaw.cli.world import SORTS, sorts
from bylaw.lineage.lab import Lab
from bylaw.signing import P256, LocalSigner
from offices import BASE, office_in, signed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BYLAW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert main(["access", "demo", "--subjects", "1000"]) == 0
    staff = tmp_path / "staff.csv"
    staff.write_text("id,kind,citizenship,source,grade,as_of\np-1,person,us,hr,attested,2026-06-01\n")
    assert main(["access", "import", str(staff)]) == 0
    return tmp_path / "home"


def test_a_real_office_begins_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No lab, no demo: the first act makes the lab beside the office; what is not in force is told with why."""
    monkeypatch.setenv("BYLAW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert main(["access", "init", "--model", "m"]) == 0
    office = Office.open(tmp_path / "home" / "access")
    assert not office.approvers().known
    example = "".join(line.removeprefix("# ") for line in NOBODY_YET.splitlines(True)[6:])
    key = LocalSigner.generate(P256).public.pem.decode()
    assert [each.name for each, _ in Approvers.read(_with_key(example, key)).known] == ["Ana Horvat"]
    (office.root / "approvers.toml").write_text((office_in(tmp_path).root / "approvers.toml").read_text())
    for number, (text, day) in enumerate([(BASE, "2026-01-01"), (BASE, "2999-01-01")]):
        text = text.replace("2026-01-01", day).replace('ordinary-access"', f'base-{number}"')
        path = signed(tmp_path, text, f"base-{number}.toml")
        assert main(["directive", "enact", str(path)]) == 0
    assert main(["directive", "rescind", "base-0", "--citation", "ended", "-o", "end.toml"]) == 0
    for name in ("ana", "ben"):
        assert main(["directive", "sign", "end.toml", "--key", f"{name}.pem"]) == 0
    assert main(["directive", "enact", "end.toml"]) == 0
    capsys.readouterr()
    assert main(["directive", "list"]) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert "rescinded" in first and first.endswith("rescinded by rescind-base-0@1")
    assert "to come" in second and "in force" in last
    assert main(["access", "verify"]) == 0


def _with_key(example: str, key: str) -> str:
    before, _, rest = example.partition("-----BEGIN")
    return before + key + rest.partition("KEY-----\n")[2].partition("KEY-----\n")[2]


def test_a_population_that_cannot_be_made_leaves_no_office(tmp_path: Path) -> None:
    words = ["access", "demo", "--office", str(tmp_path / "office"), "--home", str(tmp_path / "home")]
    assert main([*words, "--subjects", "3"]) == 2
    assert not (tmp_path / "office").exists()


def test_an_office_by_hand(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make = ["decisions", "make", "p-1", "--model", "fable-5"]
    assert main([*make, "--location", "USA"]) == 0
    assert "from us" in capsys.readouterr().out
    for words, said in (
        (["decisions", "make", "p-1", "--model", "Fable-5"], "nothing is decided about a model 'Fable-5'"),
        ([*make, "--location", "Atlantis"], "unknown country: 'Atlantis'"),
        ([*make, "--surface", "apy"], "there is no surface 'apy'; did you mean 'api'?"),
        (["decisions", "retire", "--why", ""], "say who does this, and why"),
        (["decisions", "report", "--since", "2026-07-01", "--until", "2026-06-01"], "is before --since 2026-07-01"),
        (["directive", "rescind", "ordinary-access", "--citation", ""], "citation"),
    ):
        assert main(words) == 2
        assert said in capsys.readouterr().err
    for instant, said in (
        ("1999-01-01", "no decision here was made for 1999-01-01"),
        ("9999-12-31T23:59:59-12:00", "there is no such instant in UTC"),
    ):
        assert main(["decisions", "replay", "--as-of", instant]) == 2
        assert said in capsys.readouterr().err
    assert main(["decisions", "replay", "--as-of", f"{now():%Y-%m-%d}"]) == 0
    assert "1 of 1 decisions" in capsys.readouterr().out
    assert main(["access", "reads", "p-\udcff"]) == 2
    assert "bytes that are not UTF-8" in capsys.readouterr().err
    assert main(["decisions", "commit"]) == 0
    assert main(["decisions", "retire", "--why", "over", "--dry-run"]) == 0
    assert "0 decisions could be forgotten; nothing was" in capsys.readouterr().out
    assert main(["access", "erase", "--expired", "--why", "over"]) == 0
    assert "0 facts whose time to be kept is over" in capsys.readouterr().out
    assert main(["access", "verify"]) == 0
    (home / "access" / "journal.jsonl").write_text("")
    assert main(["access", "verify"]) == 4
    assert "an act that the journal does not have" in capsys.readouterr().out


@pytest.mark.parametrize("days", ["-1", "99999999999", "x", "²"])
def test_days_that_no_calendar_has(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["directive", "impact", "x.toml", "--days", days])
    assert "is no number of days" in capsys.readouterr().err


def test_what_scim_names_gets_its_id_and_a_result_about_somebody_else_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    Path("user.json").write_text(
        '{"userName":"s-1","userType":"employee","meta":{"lastModified":"2026-06-01T00:00:00Z"},'
        f'"{enterprise}":{{"organization":"Universal Studios"}}}}'
    )
    words = ["access", "import", "user.json", "--source", "directory", "--grade", "attested"]
    assert main(words) == 1
    assert "say with --organization NAME=ID which it has" in capsys.readouterr().out
    assert main([*words, "--organization", "Universal Studios=lab"]) == 0
    assert main([*words, "--organization", "Universal Studios"]) == 2
    assert main([*words, "--organization", "A=lab", "--organization", "A=other"]) == 2
    assert "'A' is given twice, as lab and as other" in capsys.readouterr().err


def test_of_several_files_those_after_a_refused_one_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.csv").write_text("id,kind,citizenship,source,grade,as_of\np-2,person,atlantis,hr,attested,2026-06-01\n")
    assert main(["access", "import", "staff.csv", "bad.csv", "staff.csv", "later.csv"]) == 1
    said = capsys.readouterr().out
    assert said.count("staff.csv (csv): recorded") == 1
    assert said.endswith(
        "staff.csv: not looked at, since bad.csv was refused\nlater.csv: not looked at, since bad.csv was refused\n"
    )


def test_a_demo_s_callers_are_what_the_letter_makes_of_their_sort(home: Path) -> None:
    office, lab = Office.open(home / "access"), Lab.open(home)
    found = sorts(office)
    assert list(found) == list(SORTS)
    draft = home / "letter.toml"
    draft.write_text(library()["june-2026-letter-1"].text)
    for name in APPROVERS:
        assert main(["directive", "sign", str(draft), "--key", str(office.root / "practice-keys" / f"{name}.pem")]) == 0
    enact(office, draft, lab, now())
    at = office.clock(now())
    policy, register = office.policy(at), office.register(at)
    said = {sort: policy.decide(register, id, Request(model="mythos-5")).outcome for sort, id in found.items()}
    assert said == dict(zip(SORTS, ("allow", "refuse", "hold"), strict=True))
