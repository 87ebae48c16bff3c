"""Queries from files and from the facts of a subject."""

from datetime import date

import pytest

from bylaw.access.screening.parties import Query
from bylaw.access.screening.queries import queries_of, read_queries
from bylaw.access.subjects import Fact, FactName, Subject, Value, standing
from bylaw.errors import DocumentError


def fact(name: FactName, *texts: str) -> Fact:
    values = tuple(Value(text=text) for text in texts)
    return Fact(name=name, values=values, source="t", grade="declared", as_of=date(2026, 1, 1))


def test_each_name_of_a_subject_is_asked_for_with_what_else_counts() -> None:
    facts = [fact("name", "Ivan Petrov", "Iwan Petrow"), fact("born", "1961-03-02"), fact("citizenship", "ru", "su")]
    subject = Subject("s1", "person", standing(facts, date(2026, 2, 1)))
    assert [query.name for query in queries_of(subject)] == ["Ivan Petrov", "Iwan Petrow"]
    assert next(queries_of(subject)) == Query(
        name="Ivan Petrov", id="s1", kind="person", born="1961-03-02", countries=("ru", "su")
    )
    assert not list(queries_of(Subject("s2", "person")))


def test_a_file_of_queries() -> None:
    text = "id,name,dob,country,type\ns1,Ivan Petrov,1961,Russia;USSR,person\n,Acme Ltd,,,organization\n"
    first, second = read_queries(text.encode())
    assert first.countries == ("ru", "su") and first.subject == "s1" and second.subject == "Acme Ltd"


@pytest.mark.parametrize(
    ("text", "line"),
    [("name\nA B\nA B\n", "3"), ("name,type\nA B,robot\n", "2"), ("nom\n", "1"), ("name,dob\nA,1,2\n", "2")],
)
def test_a_wrong_line_is_named(text: str, line: str) -> None:
    with pytest.raises(DocumentError) as error:
        read_queries(text.encode())
    assert str(error.value).startswith(line)
