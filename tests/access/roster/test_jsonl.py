"""JSONL: whole facts a line, known keys only."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosters import faults, remarks, rows, values

from bylaw.access.subjects import Fact, Value
from bylaw.errors import BylawError


def line(**said: object) -> str:
    return msgspec.json.encode({"id": "p-1", "kind": "person", **said}).decode() + "\n"


def told(folder: Path, text: str) -> list[str]:
    return faults(remarks(folder, text, "roster.jsonl"))


def test_a_line_becomes_facts(tmp_path: Path) -> None:
    facts = [
        {"name": "citizenship", "values": [{"text": "Japan", "since": "1990-04-01"}], "grade": "document"},
        {"name": "residence", "values": None, "source": "form", "as_of": "2026-10-01", "expires": "2027-01-01"},
        {"name": "protected", "values": []},
    ]
    (row,) = rows(tmp_path, "\n" + line(facts=facts), "roster.jsonl")
    assert row.line == 2
    citizenship, residence, protected = row.facts
    assert citizenship == Fact(
        name="citizenship",
        values=(Value(text="jp", since=date(1990, 4, 1)),),
        source="hr",
        grade="document",
        as_of=date(2026, 11, 1),
    )
    assert (residence.values, residence.source, residence.expires) == (None, "form", date(2027, 1, 1))
    assert protected.values == ()


def test_two_sources_may_speak_of_one_name(tmp_path: Path) -> None:
    said = [{"name": "residence", "values": [{"text": code}], "source": code} for code in ("us", "fr")]
    (row,) = rows(tmp_path, line(facts=said), "roster.jsonl")
    assert [fact.source for fact in row.facts] == ["us", "fr"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (line(fact=[]), "line 1: fault: there is no key 'fact'; did you mean 'facts'?"),
        (line(facts=[{"name": "citizenshp", "values": None}]), "p-1 citizenshp: fault: there is no fact 'citizenshp'"),
        (
            line(facts=[{"name": "born", "valeus": None}]),
            "line 1 facts[0]: fault: there is no key 'valeus'; did you mean 'values'?",
        ),
        (line(facts=[{"name": "born", "values": None, "grad": "x"}]), "there is no key 'grad'; did you mean 'grade'?"),
        (line(facts=[{"name": "born", "values": None, "grade": "sworn"}]), "there is no grade 'sworn'"),
        (line(facts=[{"name": "born", "values": "1985"}]), "line 1 facts[0].values: fault: Expected `array | null`"),
        (line(kind="robot"), "line 1 p-1 kind: fault: there is no kind 'robot'"),
        ('{"kind":"person"}\n', "missing required field `id`"),
        ("[]\n", "Expected `object`"),
        ('{"id":"p-1","kind":"per\n', "line 1: fault: "),
        ("[" * 5000 + "\n", "line 1: fault: "),
    ],
)
def test_what_is_wrong_with_a_line_is_told(tmp_path: Path, text: str, said: str) -> None:
    (found,) = told(tmp_path, text)
    assert said in found


def test_a_half_written_last_line_is_a_fault_though_it_decodes(tmp_path: Path) -> None:
    (found,) = told(tmp_path, line() + line(id="p-2").rstrip("\n"))
    assert found.startswith("line 2: fault: the last line has no line end")


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    text = "\ufeff" + line(facts=[{"name": "residence", "values": [{"text": "us"}]}]).replace("\n", "\r\n")
    (row,) = rows(tmp_path, text, "roster.jsonl")
    assert values(row, "residence") == (Value(text="us"),)


@given(st.binary(max_size=80) | st.text(st.sampled_from('{}[]":,idknfacts \n'), max_size=60).map(str.encode))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        remarks(tmp_path_factory.mktemp("drawn"), content, "roster.jsonl")
    except BylawError as error:
        assert str(error)


def test_a_key_that_comes_twice_is_a_fault(tmp_path: Path) -> None:
    line = '{"id":"p-1","id":"p-2","kind":"person"}\n'
    (found,) = faults(remarks(tmp_path, line, "roster.jsonl"))
    assert found.startswith("line 1: fault: the key 'id' comes twice in one object")
