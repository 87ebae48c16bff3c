"""Queries from files and from the facts of a subject."""

from datetime import date, timedelta

import pytest

from bylaw.access.screening.dates import is_birth
from bylaw.access.screening.parties import Query
from bylaw.access.screening.queries import LONGEST, queries_of, query_of, read_queries, unscreenable, unscreened
from bylaw.access.subjects import Fact, FactName, Subject, Value, standing
from bylaw.errors import DocumentError, UsageError


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
    first, second = read_queries(text.encode(), "people.csv")
    assert first.countries == ("ru", "su") and first.subject == "s1" and second.subject == "Acme Ltd"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name\nA B\nA B\n", 3),
        ("name\nA B\n\nC\nA B\n", 5),
        ("name,type\nA B,robot\n", 2),
        ("nom\n", 1),
        ("", 1),
        ("name,name\nA B,C D\n", 1),
        ("name,dob\nA,1,2\n", 2),
        ("id,name\n1,A B\n2,", 3),
        ("id,name\n1,A B\n2", 3),
        ('name\nA B\n"C', 3),
        ("name\nA B\n" + "x" * (LONGEST + 1) + "\n", 3),
        ("name,dob\nA B,1966-02-30\n", 2),
        ("name\nA\0B\n", 2),
    ],
)
def test_a_wrong_line_is_named(text: str, line: int) -> None:
    with pytest.raises(DocumentError) as error:
        read_queries(text.encode(), "people.csv")
    assert str(error.value).startswith(f"people.csv:{line}: ")


def test_what_is_not_utf_8_is_named_with_its_line() -> None:
    with pytest.raises(DocumentError, match=r"people\.csv:3: is not UTF-8"):
        read_queries("name\nA B\nMüller\n".encode("latin-1"), "people.csv")


TODAY = date(2026, 11, 30)


@pytest.mark.parametrize("text", ["1850", "1966", "1966-02", "1966-02-28", "2024-02-29", "2026", "2026-11-30"])
def test_a_day_that_can_be(text: str) -> None:
    assert is_birth(text, TODAY)


@pytest.mark.parametrize(
    "text", ["1849", "1849-12-31", "1966-02-30", "1966-13", "1966-00", "2025-02-29", "3000", "12/3/61", "1961~",
             "1960/1965", "0", "", "nineteen"],
)  # fmt: skip
def test_a_day_on_which_nobody_can_have_been_born(text: str) -> None:
    assert not is_birth(text, TODAY)
    with pytest.raises(UsageError, match="from 1850 until today"):
        query_of("Ivan Petrov", born=text or "x")


def test_nobody_is_born_tomorrow() -> None:
    assert not is_birth("2026-12", TODAY) and not is_birth("2026-12-01", TODAY)
    not_yet_anywhere = str(date.today() + timedelta(days=2))
    with pytest.raises(UsageError, match="from 1850 until today"):
        query_of("Ivan Petrov", born=not_yet_anywhere)


def test_a_birth_in_the_register_that_cannot_be_clears_nobody() -> None:
    facts = [fact("name", "Ivan Petrov"), fact("born", "3000-01-01")]
    assert [each.born for each in queries_of(Subject("s1", "person", standing(facts, date(2026, 2, 1))))] == [""]


def test_a_name_has_a_longest_length_also_as_it_is_read() -> None:
    """One ligature may stand for eighteen letters, and a Han character for a syllable."""
    assert not unscreenable("x" * LONGEST)
    for name, said in (("x" * (LONGEST + 1), "1,001 characters"), ("\ufdfa" * 100, "1,800 characters as it is read")):
        assert said in unscreenable(name)
        with pytest.raises(UsageError, match="1,000 are screened"):
            query_of(name)


def test_a_name_that_cannot_be_screened_is_left_out_and_told() -> None:
    facts = [fact("name", "Ivan Petrov", "x" * 11_000, "\u200b")]
    subject = Subject("s1", "person", standing(facts, date(2026, 2, 1)))
    assert [query.name for query in queries_of(subject)] == ["Ivan Petrov"]
    long, blank = sorted(unscreened(subject))[::-1]
    assert "11,000 characters" in long and "no letter or digit" in blank
