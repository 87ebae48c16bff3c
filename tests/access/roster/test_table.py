"""CSV: cells, line ends, quotes, headers, files that stop in the middle."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rosters import OPTIONS, faults, remarks, rows, values

from bylaw.access.roster import cells
from bylaw.access.subjects import FACTS, Value
from bylaw.errors import BylawError, RecordError, UsageError

SINCE = date(2019, 6, 30)
UNTIL = date(2024, 1, 1)


@pytest.mark.parametrize(
    ("name", "cell", "expected"),
    [
        ("citizenship", "unknown", None),
        ("citizenship", " none ", ()),
        ("citizenship", "cn", (Value(text="cn"),)),
        (
            "citizenship",
            "cn@1985-02-01; us@2019-06-30",
            (Value(text="cn", since=date(1985, 2, 1)), Value(text="us", since=SINCE)),
        ),
        ("citizenship", "us@2019-06-30/2024-01-01", (Value(text="us", since=SINCE, until=UNTIL),)),
        ("citizenship", "us@/2024-01-01", (Value(text="us", until=UNTIL),)),
        ("employer", "org-17@2019-06-30!employee", (Value(text="org-17", since=SINCE, detail="employee"),)),
        ("employer", "org-17 ! contractor", (Value(text="org-17", detail="contractor"),)),
        ("owner", "org-3=25-50;p-1=12.5 %", (Value(text="org-3", share="25-50"), Value(text="p-1", share="12.5"))),
        ("owner", "org-3@2019-06-30/2024-01-01=50", (Value(text="org-3", since=SINCE, until=UNTIL, share="50"),)),
        ("employer", "anna@example.com!employee", (Value(text="anna@example.com", detail="employee"),)),
        ("responsible", r"a\;b\!c\=d\\e", (Value(text=r"a;b!c=d\e"),)),
        ("name", "A/B", (Value(text="A/B"),)),
        ("name", "Anna@2019-06-30!x", (Value(text="Anna@2019-06-30!x"),)),
        ("responsible", "a/b@2019-06-30", (Value(text="a/b", since=SINCE),)),
        ("responsible", r"x\@2019-06-30", (Value(text="x@2019-06-30"),)),
        ("name", r"Yahoo! @1999; E=mc\; Ltd", (Value(text="Yahoo! @1999"), Value(text="E=mc; Ltd"))),
    ],
)
def test_a_cell_reads(name: str, cell: str, expected: tuple[Value, ...] | None) -> None:
    assert cells.values(name, cell) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell",
    [
        "cn@",
        "org-1@!employee",
        "cn@2019-6-30",
        "cn@2019-06-31",
        "anna@2019.example",
        "cn@2019-06-30/x",
        "cn@/",
        "!employee",
        "=5",
        ";",
    ],
)
def test_a_cell_that_does_not_read_is_refused(cell: str) -> None:
    with pytest.raises(UsageError):
        cells.values("citizenship", cell)


@given(st.sampled_from(sorted(FACTS)), st.text(max_size=30))
def test_no_cell_breaks_the_reader(name: str, cell: str) -> None:
    try:
        found = cells.values(name, cell)  # type: ignore[arg-type]
    except UsageError:
        return
    assert found is None or all(value.text for value in found)


def test_a_row_becomes_facts_with_the_rows_own_source(tmp_path: Path) -> None:
    text = (
        "id,kind,citizenship,residence,employer,source,grade,as_of,expires,evidence\n"
        "p-1,person,Japan@1990-04-01,,unknown,desk,document,2026-10-02,2031-05-01,sha256:9\n"
        "p-2,person,none,us,,,,,,\n"
    )
    first, second = rows(tmp_path, text)
    assert values(first, "citizenship") == (Value(text="jp", since=date(1990, 4, 1)),)
    assert values(first, "employer") is None
    assert [fact.name for fact in first.facts] == ["citizenship", "employer"], "an empty cell says nothing"
    fact = first.facts[0]
    assert (fact.source, fact.grade, fact.as_of) == ("desk", "document", date(2026, 10, 2))
    assert (fact.expires, fact.evidence) == (date(2031, 5, 1), "sha256:9")
    assert values(second, "citizenship") == ()
    assert (second.line, second.facts[1].source, second.facts[1].grade) == (3, "hr", "attested")


PLAIN = "id,kind,name,residence\np-1,person,Anna,us\np-2,person,Ben,fr\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("Anna", '"Anna"').encode(),
        PLAIN.replace("Anna", " Anna ").encode(),
        PLAIN.replace("\np-2", "\n\n\np-2").encode(),
    ],
    ids=["byte order mark", "CRLF", "quotes", "white space", "empty lines"],
)
def test_the_same_roster_in_other_dress(tmp_path: Path, content: bytes) -> None:
    dressed = [(row.id, row.kind, row.facts) for row in rows(tmp_path, content)]
    assert dressed == [(row.id, row.kind, row.facts) for row in rows(tmp_path, PLAIN)]


def test_a_quoted_line_break_is_kept_told_and_counted(tmp_path: Path) -> None:
    text = 'id,kind,name\np-1,person,"Anna\nIto"\np-2,person,Ben\n'
    first, second = rows(tmp_path, text)
    assert (first.line, second.line) == (2, 4)
    assert values(first, "name") == (Value(text="Anna\nIto"),)
    assert [str(remark) for remark in remarks(tmp_path, text)] == [
        "line 2 p-1 name: note: it has a line break or control characters in it"
    ]


@pytest.mark.parametrize("end", range(1, 12))
def test_a_half_written_last_line_is_a_fault_wherever_it_stops(tmp_path: Path, end: int) -> None:
    text = "id,kind,name\np-1,person,Anna\n" + 'p-2,person,"B"'[:end]
    (told,) = faults(remarks(tmp_path, text))
    assert told.startswith("line 3: fault: the last line has no line end")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id,kind,citizenshp", "no column 'citizenshp'; did you mean 'citizenship'"),
        ("id,kind,Grade", "did you mean 'grade'"),
        ("kind,name", "'id' is missing"),
        ("id,name", "'kind' is missing"),
        ("id,kind,name,name", "comes twice"),
        ("id;kind;name", "separated by commas"),
        ("", "no line of column names"),
        ('id,"kind', "no line of column names"),
    ],
)
def test_a_header_that_cannot_be_used_stops_everything(tmp_path: Path, header: str, told: str) -> None:
    with pytest.raises(RecordError, match=told):
        remarks(tmp_path, header + ("\n" if header else ""))


def test_the_kind_may_be_the_files(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "id,name\nc-1,Acme\n", options=replace(OPTIONS, kind="organization"))
    assert row.kind == "organization"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("p-1,person", "line 2 p-1: fault: has 2 fields instead of 4"),
        ("p-1,persn,us,document", "line 2 p-1: fault: there is no kind 'persn'; did you mean 'person'?"),
        ("p-1,person,us,documents", "line 2 p-1: fault: there is no grade 'documents'; did you mean 'document'?"),
        ("p-1,person,Chinna,document", "line 2 p-1 residence: fault: unknown country 'Chinna'"),
        ('p-1,person,"us"x,document', "line 2: fault: does not read as CSV"),
    ],
)
def test_what_is_wrong_with_a_row_is_told(tmp_path: Path, line: str, told: str) -> None:
    (said,) = faults(remarks(tmp_path, f"id,kind,residence,grade\n{line}\n"))
    assert said.startswith(told)


def test_a_row_without_a_source_is_a_fault(tmp_path: Path) -> None:
    bare = replace(OPTIONS, source="", grade=None, as_of=None)
    (said,) = faults(remarks(tmp_path, "id,kind,residence\np-1,person,us\n", options=bare))
    assert said == "line 2 p-1: fault: neither the row nor the options say 'source'"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (PLAIN.encode("utf-16"), "UTF-16"),
        (PLAIN.encode().replace(b"Ben", b"B\xe9n"), "roster.csv:3: is not UTF-8"),
        (PLAIN.encode().replace(b"Ben", b"B\0n"), "roster.csv:3: holds a zero byte"),
        (b"PK\x03\x04", "xlsx"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(RecordError, match=told):
        remarks(tmp_path, content)


@given(st.binary(max_size=60) | st.text(st.sampled_from('id,kindresco"\r\n;@!=-12\\'), max_size=60).map(str.encode))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    for head in (b"", b"id,kind,residence,owner\n"):
        try:
            remarks(folder, head + content)
        except BylawError as error:
            assert str(error)
