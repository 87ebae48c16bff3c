"""A file brought in, whole or not at all; a dry run that says the same and does nothing."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rosters import DAY, OPTIONS, faults, load, notes, put, store

from bylaw.access.roster import bring as bringing
from bylaw.access.roster.formats import FORMATS, format_of
from bylaw.access.store.errors import StoreBusy
from bylaw.access.store.minimise import Minimised
from bylaw.access.store.store import Store
from bylaw.access.subjects import FACTS, Value
from bylaw.canonical import sha256
from bylaw.errors import RecordError, UsageError

__all__ = ["store"]

GOOD = (
    "id,kind,name,born,citizenship,employer,headquarters,owner,responsible,operator,channel\n"
    "org-1,organization,Acme,,,,us,p-1=60;p-2=25-40,,,\n"
    "p-1,person,Anna Ito,1985-02-01,jp;us@2021-05-01,org-1!employee,,,,,\n"
    "p-2,person,Ben,,unknown,org-1!contractor,,,,,\n"
    "svc,service,,,,,,,p-1,,\n"
    "c-1,channel,,,,,,,,org-1,reseller\n"
)
FAULTY = GOOD + "p-3,person,Eve,,Atlantis,,,,,,\n"


def counts(report: object) -> dict[str, int]:
    totals = msgspec.to_builtins(report.totals)  # type: ignore[attr-defined]
    return {name: count for name, count in totals.items() if count}


def test_a_roster_from_an_earlier_day_is_told_as_older_and_changes_nothing(store: Store) -> None:
    head = "id,kind,citizenship,grade,as_of\n"
    load(store, head + "p-1,person,cn,document,2026-11-01\np-2,person,us,declared,2026-11-01\n")
    report = load(store, head + "p-1,person,us,document,2020-01-01\np-2,person,cn,document,2020-01-01\n")
    assert counts(report) == {"rows": 2, "older": 1, "changed": 1, "disputed": 1}
    assert "older than what is known, so kept and of no effect today: 1" in report.text()
    register = store.register(DAY)
    assert register["p-1"].values("citizenship") == (Value(text="cn"),)
    assert register["p-2"].values("citizenship") is None, "better evidence is not lost, whatever its day"


def test_a_roster_becomes_an_import(store: Store) -> None:
    report = load(store, GOOD)
    assert counts(report) == {"rows": 5, "subjects": 5, "new": 13}
    assert report.done is not None and (report.done.id, report.done.facts) == (1, 13)
    assert (report.done.by, report.done.digest) == ("ana", sha256(GOOD.encode()))
    register = store.register(DAY)
    assert register["p-1"].values("citizenship") == (Value(text="jp"), Value(text="us", since=date(2021, 5, 1)))
    assert register["p-2"].values("citizenship") is None
    assert register["org-1"].values("owner") == (Value(text="p-1", share="60"), Value(text="p-2", share="25-40"))


def test_a_dry_run_says_the_same_and_does_nothing(store: Store) -> None:
    dry = load(store, GOOD, dry=True)
    assert store.imports() == () and store.register(DAY) == {}
    assert "a dry run, and nothing was changed" in dry.text()
    done = load(store, GOOD)
    assert (dry.totals, dry.remarks, dry.digest) == (done.totals, done.remarks, done.digest)


@pytest.mark.parametrize("dry", [False, True])
def test_a_file_with_a_fault_is_refused_whole(store: Store, dry: bool) -> None:
    report = load(store, FAULTY, dry=dry)
    assert report.refused and report.done is None
    assert (report.totals.rows, report.totals.refused) == (6, 1)
    assert "refused whole, and nothing was changed; rows with faults: 1" in report.text()
    assert store.imports() == ()


def test_skip_faulty_leaves_rows_out_and_says_so(store: Store) -> None:
    report = load(store, FAULTY, options=replace(OPTIONS, skip_faulty=True))
    assert not report.refused and report.done is not None
    assert "p-3" not in store.register(DAY)
    assert "recorded as import 1; rows with faults: 1, left out as asked (skip_faulty)" in report.text()
    assert "unknown country 'Atlantis'" in report.text()


def test_the_same_again_changes_nothing(store: Store) -> None:
    load(store, GOOD)
    before = store.history("p-1", by="ana", why="a test")
    report = load(store, GOOD)
    assert counts(report) == {"rows": 5, "unchanged": 13}
    assert store.history("p-1", by="ana", why="a test") == before
    assert [(done.subjects, done.facts) for done in store.imports()] == [(5, 13), (0, 0)]


def test_what_is_changed_confirmed_new_and_disputed(store: Store) -> None:
    head = "id,kind,residence,citizenship,location,grade,as_of\n"
    load(store, head + "p-1,person,us,cn,,document,2026-11-01\np-2,person,us,cn,,document,2026-11-01\n")
    text = head + "p-1,person,fr,cn,de,document,2026-11-02\np-2,person,us,us,,declared,2026-11-03\n"
    report = load(store, text)
    assert counts(report) == {"rows": 2, "new": 1, "changed": 2, "confirmed": 2, "disputed": 1}
    assert notes(list(report.remarks)) == [
        "line 3 p-2 citizenship: note: is now disputed, so unknown:"
        " cn (document, hr, 2026-11-01), against us (declared, hr, 2026-11-03)"
    ]
    assert store.register(DAY)["p-2"].values("citizenship") is None


def test_a_correction_that_is_taken_back_is_recorded_again(store: Store) -> None:
    texts = [f"id,kind,residence\np-1,person,{code}\n" for code in ("us", "fr", "us")]
    for text in texts:
        load(store, text)
    assert store.register(DAY)["p-1"].values("residence") == (Value(text="us"),)
    assert len(store.history("p-1", by="ana", why="a test")) == 3


def test_two_sources_in_one_row_may_dispute_each_other(store: Store) -> None:
    said = [("document", "2026-11-01", "cn"), ("declared", "2026-11-02", "us")]
    facts = [{"name": "citizenship", "values": [{"text": c}], "grade": g, "as_of": d} for g, d, c in said]
    line = msgspec.json.encode({"id": "p-1", "kind": "person", "facts": facts}) + b"\n"
    report = load(store, line, "roster.jsonl")
    assert counts(report) == {"rows": 1, "subjects": 1, "new": 2, "disputed": 1}


def test_another_kind_than_before_is_a_fault(store: Store) -> None:
    load(store, GOOD)
    report = load(store, "id,kind,location\np-1,service,us\n")
    assert faults(list(report.remarks)) == [
        "line 2 p-1 kind: fault: is known as person, and this says service; a subject keeps its kind"
    ]


def test_a_subject_that_says_nothing_is_known_all_the_same(store: Store) -> None:
    load(store, "id,kind,residence\np-1,person,\n")
    assert store.register(DAY)["p-1"].known == {}


def test_an_import_that_comes_in_between_is_noticed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    compare = bringing.compare

    def slow(*args: object) -> object:
        change = compare(*args)  # type: ignore[arg-type]
        with Store.open(store.directory) as other:
            other.record([], source="x", digest="y", by="ben")
        return change

    monkeypatch.setattr(bringing, "compare", slow)
    with pytest.raises(StoreBusy, match="compare again"):
        load(store, GOOD)
    assert list(store.register(DAY)) == []


def test_comparing_with_raw_facts_is_entered_in_the_log(store: Store) -> None:
    load(store, GOOD)
    assert {(read.by, read.why) for read in store.reads()} == {("ana", "comparing a roster with what is known")}


def test_a_report_for_a_program_has_every_remark_and_the_totals(store: Store) -> None:
    report = load(store, FAULTY)
    *said, last = [msgspec.json.decode(line) for line in report.rows()]
    assert (said[0]["line"], said[0]["subject"], said[0]["field"], said[0]["weight"]) == (
        7,
        "p-3",
        "citizenship",
        "fault",
    )
    assert last["totals"]["refused"] == 1 and last["remarks"] == []


def test_a_report_for_a_person_shows_faults_first_and_how_many_more_there_are(store: Store) -> None:
    text = "id,kind,name,born\n" + "".join(f"p-{n},person,A\u200bB,{'x' if n > 5 else ''}\n" for n in range(9))
    shown = load(store, text).text(4).splitlines()
    assert [": fault: " in line for line in shown[3:]] == [True, True, True, False, False]
    assert shown[-1] == "… and 8 more"


def test_the_format_is_known_by_name_or_ending() -> None:
    endings = {".csv": "csv", ".jsonl": "jsonl", ".NDJSON": "jsonl", ".json": "scim", ".dsse": "kyc"}
    assert {ending: format_of(Path("x" + ending), None) for ending in endings} == endings
    assert format_of(Path("x.txt"), "csv") == "csv"
    with pytest.raises(UsageError, match="no format 'xlsx'"):
        format_of(Path("x.txt"), "xlsx")


@pytest.mark.parametrize("name", FORMATS)
def test_every_loader_names_the_file_that_is_no_text(tmp_path: Path, store: Store, name: str) -> None:
    with pytest.raises(RecordError, match=r"roster\.x:1: is not UTF-8"):
        bringing.bring(put(tmp_path, b"\xc3(", "roster.x"), store, OPTIONS, by="ana", format=name)
    with pytest.raises(RecordError, match="cannot be read"):
        bringing.bring(tmp_path / "absent", store, OPTIONS, by="ana", format=name)


CELLS = st.sampled_from(
    ["", "us", "Germany", "unknown", "none", "us@2020-01-01", "x", "org-1", "org-1=60", "1985-02-01", "direct"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["person", "organization", "service"]), st.lists(CELLS, min_size=16, max_size=16)),
        max_size=5,
    )
)
def test_a_dry_run_foretells_what_happens(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, list[str]]]
) -> None:
    text = f"id,kind,{','.join(FACTS)}\n" + "".join(
        f"id-{number},{kind},{','.join(cells)}\n" for number, (kind, cells) in enumerate(drawn)
    )
    with Store.open(tmp_path_factory.mktemp("drawn") / "store") as store:
        options = replace(OPTIONS, skip_faulty=True)
        dry, done = load(store, text, options=options, dry=True), load(store, text, options=options)
        assert (dry.totals, dry.remarks) == (done.totals, done.remarks)
        assert done.done is not None and done.done.facts == done.totals.new
        refused = {remark.subject for remark in done.remarks if remark.weight == "fault"}
        assert set(store.register(DAY)) == {f"id-{number}" for number in range(len(drawn))} - refused
        assert load(store, text, options=options).totals.new == 0


def test_what_was_erased_and_comes_back_is_told(store: Store) -> None:
    text = "id,kind,citizenship,residence\np-1,person,ir,us\n"
    load(store, text)
    asked = Minimised(directive="june", eligibility={"p-1": "no"}, on=DAY, evidence="batch 7")
    store.minimise(asked, by="ana", why="keep less")
    report = load(store, text)
    assert counts(report) == {"rows": 1, "new": 1, "unchanged": 1}
    assert [text[:60] for text in notes(list(report.remarks))] == [
        "line 2 p-1 citizenship: note: was erased before, and this br"
    ]


def test_a_new_subject_that_is_known_in_other_letters_is_told(store: Store) -> None:
    load(store, "id,kind,residence\nAna@lab,person,us\n")
    report = load(store, "id,kind,residence\nana@lab,person,fr\nben@lab,person,fr\n")
    assert [str(each) for each in report.remarks] == [
        "line 2 ana@lab id: note: is a new subject; Ana@lab is known, the same in other letters"
    ]


def test_what_is_said_of_the_whole_file_is_no_row(store: Store) -> None:
    users = '{"totalResults":9,"Resources":[{"userName":"p-1","meta":{"lastModified":"2026-05-13T04:42:34Z"}}]}'
    report = load(store, users, "users.json")
    assert report.totals.rows == 1 and "a page: 1 of 9 users" in report.text()
