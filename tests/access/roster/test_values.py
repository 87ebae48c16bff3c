"""What a fact may say: countries, dates, details, shares; what an id and a name may look like."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosters import DAY, faults, notes, remarks, rows, values

from bylaw.access.roster import values as values_room
from bylaw.access.roster.characters import id_fault, oddities
from bylaw.access.roster.checker import Checker
from bylaw.access.roster.rows import printable
from bylaw.access.subjects import FACTS, Fact, FactName, SubjectKind, Value

SEEN = date(2026, 11, 1)


def checked(name: FactName, *said: Value, kind: SubjectKind = "person", **more: object) -> tuple[list[str], list[str]]:
    fact = Fact(name=name, values=said, **{"source": "hr", "grade": "attested", "as_of": SEEN, **more})  # type: ignore[arg-type]
    found = Checker(DAY).check(fact, kind)
    return (list(found.faults), list(found.notes)) if found else ([], [])


@pytest.mark.parametrize(
    ("name", "kind", "value", "told"),
    [
        ("citizenship", "organization", Value(text="us"), "cannot be said of kind organization, only of person"),
        ("headquarters", "person", Value(text="us"), "only of organization"),
        (
            "citizenship",
            "person",
            Value(text="stateless"),
            "unknown country 'stateless'; 'unknown' and 'none' stand alone",
        ),
        ("citizenship", "person", Value(text=""), "a value is empty"),
        (
            "citizenship",
            "person",
            Value(text="us", since=DAY, until=SEEN),
            "ends on 2026-11-01, and starts on 2026-11-24",
        ),
        ("citizenship", "person", Value(text="us", since=SEEN, until=SEEN), "it would never hold"),
        ("citizenship", "person", Value(text="ir", since=date(2091, 5, 5)), "ir begins on 2091-05-05, and today is"),
        ("citizenship", "person", Value(text="Korea"), "'Korea' may be North Korea (kp) or South Korea (kr)"),
        ("citizenship", "person", Value(text="CS"), "may be Czechoslovakia until 1993 (cshh), or"),
        ("citizenship", "person", Value(text="us", since=date(85, 1, 1)), "a date before 1900-01-01"),
        ("citizenship", "person", Value(text="us", detail="dual"), "'dual' cannot be said of us; nothing can"),
        ("citizenship", "person", Value(text="us", share="50"), "only an owner has a share"),
        ("employer", "person", Value(text="org-1", detail="employe"), "did you mean 'employee'"),
        ("employer", "person", Value(text="org 1"), "'org 1' is no id: an id has no white space"),
        ("born", "person", Value(text="1985-02-31"), "there is no day 1985-02-31"),
        ("born", "person", Value(text="02/01/1985"), "give it as 1985-02-01"),
        ("born", "person", Value(text="2027-01-01"), "which cannot be"),
        ("born", "person", Value(text="1850"), "which cannot be"),
        ("owner", "organization", Value(text="p-1", share="101"), "the share '101' of p-1 cannot be"),
        ("owner", "organization", Value(text="p-1", share="50-25"), "cannot be"),
        ("owner", "organization", Value(text="p-1", share="half"), "give percent as 50 or 25-50"),
        ("channel", "channel", Value(text="resaler"), "did you mean 'reseller'"),
        ("eligible", "person", Value(text="june", detail="maybe"), "'maybe' cannot be said of june"),
    ],
)
def test_what_cannot_be_is_a_fault(name: FactName, kind: SubjectKind, value: Value, told: str) -> None:
    found, _ = checked(name, value, kind=kind)
    assert any(told in text for text in found), found


@pytest.mark.parametrize("text", ["1985", "1985-02", "1985-02-28"])
def test_a_birthday_may_be_a_day_a_month_or_a_year(text: str) -> None:
    assert checked("born", Value(text=text)) == ([], [])


@pytest.mark.parametrize("odd", ["h\u202er", "h\u200br", "h\nr", "h\x1b[31mr", "h\u2028r"])
def test_what_a_reader_would_not_see_is_a_fault_in_a_source_and_a_country(odd: str) -> None:
    """Both stand in every explanation of a decision."""
    us = Value(text="us")
    assert "the source cannot be read: it" in checked("residence", us, source=odd)[0][0]
    assert "the evidence cannot be read: it" in checked("residence", us, evidence=odd)[0][0]
    assert "cannot be read: it" in checked("residence", Value(text=odd.replace("h", "i").replace("r", "n")))[0][0]


def test_a_share_before_the_days_is_told_where_it_belongs() -> None:
    (told,) = checked("owner", Value(text="p-1", share="60@2020-01-01"), kind="organization")[0]
    assert "a share stands last, after the days" in told


def test_one_at_most_means_one() -> None:
    assert "one residence at most" in checked("residence", Value(text="us"), Value(text="fr"))[0][0]
    assert "comes twice" in checked("citizenship", Value(text="us"), Value(text="USA"))[0][0]


def test_owners_hold_100_percent_at_most_on_the_day_they_were_seen() -> None:
    shares = [Value(text="p-1", share="60"), Value(text="p-2", share="40"), Value(text="p-3")]
    assert checked("owner", *shares, kind="organization") == ([], [])
    over = [*shares, Value(text="p-4", share="0.0000001-10")]
    assert checked("owner", *over, kind="organization")[0] == [
        "the owners hold more than 100 % together (60 + 40 + 0.0000001-10)"
    ]
    past = [*shares, Value(text="p-4", share="90", until=SEEN)]
    assert checked("owner", *past, kind="organization") == ([], [])


def test_days_of_the_fact_itself() -> None:
    us = Value(text="us")
    assert checked("residence", us, as_of=DAY + timedelta(days=1))[0] == [
        "it is from 2026-11-25, and today is 2026-11-24"
    ]
    assert "before it was seen" in checked("residence", us, expires=SEEN)[0][0]
    assert checked("residence", us, expires=DAY)[1] == ["it has expired on 2026-11-24"]
    assert checked("residence", us, source=" ")[0] == ["it says no source"]
    assert checked("residence", Value(text="us", since=DAY))[1] == ["it begins after the day the fact is from"]


def test_a_former_country_stays_what_it_is_and_is_told(tmp_path: Path) -> None:
    text = "id,kind,citizenship\np-1,person,Soviet Union;Germany\n"
    (row,) = rows(tmp_path, text)
    assert values(row, "citizenship") == (Value(text="su"), Value(text="de"))
    (told,) = notes(remarks(tmp_path, text))
    assert "Soviet Union is no more; kept as 'su'" in told and " ru," in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no id"),
        ("a b", "white space"),
        ("a\u00a0b", "white space"),
        ("a\tb", "white space"),
        ("a\x07b", "control characters"),
        ("x" * 201, "200 characters at most"),
        ("ab\u200bc", "a character that is not seen (U+200B zero width space)"),
        ("ab\u2060c", "not seen"),
        ("ab\u202ecd", "turns the direction of writing (U+202E right-to-left override)"),
        ("ab\u2066cd", "turns the direction"),
        ("p\u0430ul", "mixes Cyrillic and Latin in one word"),
        ("\u0440\u0430\u0443", "looks Latin and is Cyrillic"),
        ("cafe\u0301", "not NFC"),
        ("\uff41bc", "full-width Latin"),
        ("\uff41", "it would be read as 'a'"),
        ("\U0001d429-new", "it would be read as 'p-new'"),
        ("p\u2010new", "taken for another (U+2010)"),
        ("p\u2013new", "taken for another (U+2013)"),
        ("\ufb01x", "it would be read as 'fix'"),
        ("\u01311", "taken for another"),
        ("a\ufffdb", "taken for another (U+FFFD)"),
        ("--help", "does not begin with '-'"),
    ],
)
def test_an_id_that_looks_like_another_is_refused(text: str, told: str) -> None:
    assert told in id_fault(text)


@pytest.mark.parametrize("text", ["p-1", "anna@example.com", "ORG/17:x", "владимир", "café", "東京-1", "מ-7"])
def test_an_id_of_one_script_is_fine(text: str) -> None:
    assert id_fault(text) == ""


@pytest.mark.parametrize(
    "text", ["Anna Ito", "José Ñandú", "Владимир Путин", "محمد علي", "山田ハナコ", "김철수 Kim", "Αθηνά"]
)
def test_an_ordinary_name_is_not_told(text: str) -> None:
    assert oddities(text) == ()


@pytest.mark.parametrize("name", ["Ann\u200ba", "\u202eannA", "Аnna", "Anna\u0007", "сосо"])
def test_an_odd_name_is_kept_and_told(tmp_path: Path, name: str) -> None:
    text = f'id,kind,name\np-1,person,"{name}"\n'
    (row,) = rows(tmp_path, text)
    assert values(row, "name") == (Value(text=name),)
    (told,) = notes(remarks(tmp_path, text))
    assert told.isprintable(), "what is told does nothing to a terminal"


@given(st.text())
def test_what_is_printed_hides_nothing(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text) == text or not text.isprintable()


def test_an_odd_id_in_a_reference_is_a_fault_too(tmp_path: Path) -> None:
    (told,) = faults(remarks(tmp_path, "id,kind,employer\np-1,person,org\u200b-1\n"))
    assert "is no id" in told and "\\u200b" in told


SAID = st.builds(
    Value,
    text=st.sampled_from(
        ["us", "US", "su", "xx", "1985-02-01", "1985-02-31", "2030-01-01", "Anna", "A\u200b", " ", ""]
    ),
    since=st.sampled_from([None, SEEN, DAY, date(1800, 1, 1)]),
    until=st.sampled_from([None, SEEN]),
    detail=st.sampled_from(["", "employee"]),
    share=st.sampled_from(["", "50"]),
)


def looked_at(name: FactName, value: Value) -> object:
    """None if a quick look found nothing to say, and so nobody looked closer."""
    checker = Checker(DAY)
    checker._look = lambda fact, source: fact  # type: ignore[assignment,method-assign,return-value]
    kind = next(iter(FACTS[name].of))
    return checker.check(Fact(name=name, values=(value,), source="hr", grade="attested", as_of=DAY), kind)


@given(st.sampled_from(["citizenship", "born", "name", "employer", "channel"]), SAID)
def test_what_a_quick_look_calls_ordinary_is_fine(name: FactName, value: Value) -> None:
    if looked_at(name, value) is None:
        assert values_room.read(name, (value,), DAY).fine


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("citizenship", Value(text="us", since=SEEN)),
        ("born", Value(text="1985-02-01")),
        ("name", Value(text="Anna")),
        ("employer", Value(text="org-1", detail="employee")),
    ],
)
def test_what_is_usual_is_ordinary(name: FactName, value: Value) -> None:
    assert looked_at(name, value) is None
