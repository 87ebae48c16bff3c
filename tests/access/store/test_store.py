"""Facts in and out again: both axes of time, a history that only grows, and who looked."""

import sqlite3
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import DAY, TOLD, fact, noon, person, record, store

from bylaw.access.store.errors import StoreBusy
from bylaw.access.store.records import Said
from bylaw.access.store.store import Store
from bylaw.access.subjects import Fact, Subject, Value, standing
from bylaw.errors import UsageError

__all__ = ["store"]


def test_a_register_is_every_subject_as_it_stands(store: Store) -> None:
    record(store, person("p-1", fact("citizenship", "jp", "us"), fact("residence", "us")), Said("c-1", "channel"))
    register = store.register(DAY)
    assert list(register) == ["p-1", "c-1"]
    assert [value.text for value in register["p-1"].values("citizenship") or ()] == ["jp", "us"]
    assert register["c-1"] == Subject("c-1", "channel", {})
    assert store.subject("p-1", DAY, **TOLD) == register["p-1"]


def test_a_register_of_an_earlier_import_is_as_it_was_then(store: Store) -> None:
    first = record(store, person("p-1", fact("residence", "us")), at=noon(DAY))
    second = record(store, person("p-1", fact("residence", "cn")), person("p-2"), at=noon(DAY + timedelta(days=1)))
    on = DAY + timedelta(days=9)
    for past in (first, noon(DAY), noon(DAY) + timedelta(hours=23)):
        register = store.register(on, recorded_by=past)
        assert list(register) == ["p-1"]
        assert register["p-1"].values("residence") == (Value(text="us"),)
    assert store.register(on, second) == store.register(on)
    assert store.register(on)["p-1"].values("residence") == (Value(text="cn"),)
    assert store.register(on, 0) == {}


def test_a_day_before_a_fact_was_seen_or_after_it_expired_it_does_not_count(store: Store) -> None:
    expires = DAY + timedelta(days=2)
    record(store, person("p-1", fact("residence", "us", expires=expires)))
    counted = [bool(store.register(DAY + timedelta(days=number))["p-1"].known) for number in (-1, 0, 1, 2)]
    assert counted == [False, True, True, False]


def test_a_dispute_is_seen_in_the_register(store: Store) -> None:
    record(store, person("p-1", fact("citizenship", "cn", grade="document", as_of=DAY - timedelta(days=1))))
    record(store, person("p-1", fact("citizenship", "us", grade="declared")))
    subject = store.register(DAY)["p-1"]
    assert subject.values("citizenship") is None
    assert subject.known["citizenship"].against[0].values == (Value(text="us"),)


def test_history_keeps_everything_with_its_import(store: Store) -> None:
    first, second = fact("residence", "us"), fact("residence", "cn")
    record(store, person("p-1", first))
    record(store, person("p-1", second))
    assert [(entry.recorded_by, entry.fact) for entry in store.history("p-1", **TOLD)] == [(1, first), (2, second)]
    assert [(done.subjects, done.facts) for done in store.imports()] == [(1, 1), (0, 1)]


def test_the_time_of_an_import_is_never_before_the_one_before_it(store: Store) -> None:
    record(store, person("p-1"), at=noon(DAY))
    record(store, person("p-2"), at=noon(DAY - timedelta(days=1)))
    assert [done.recorded for done in store.imports()] == [noon(DAY), noon(DAY)]


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="time zone"):
        store.register(DAY, datetime(2026, 11, 24, 12))


def test_an_import_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no import 7"):
        store.register(DAY, 7)


@pytest.mark.parametrize("table", ["imports", "subjects", "history"])
def test_nothing_is_ever_changed_or_deleted(store: Store, table: str) -> None:
    record(store, person("p-1", fact("residence", "us")))
    before = store.register(DAY)
    with sqlite3.connect(store.directory / "facts.sqlite") as other:
        (column,) = other.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
            with pytest.raises(sqlite3.IntegrityError, match=r"never|erasure"):
                other.execute(statement)
    assert store.register(DAY) == before


def test_a_subject_keeps_its_kind(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    with pytest.raises(UsageError, match="known as person"):
        record(store, person("p-0"), Said("p-1", "service"))
    assert list(store.register(DAY)) == ["p-1"], "and nothing of that import was kept"


def test_a_subject_comes_once_in_an_import(store: Store) -> None:
    with pytest.raises(UsageError, match="comes back"):
        record(store, person("p-1", fact("residence", "us")), person("p-1", fact("residence", "cn")))
    assert store.imports() == ()


def test_an_import_compared_with_an_older_state_is_refused(store: Store) -> None:
    record(store, person("p-1"))
    with pytest.raises(StoreBusy, match="compare again"):
        store.record([person("p-2")], source="x", digest="y", by="ana", after=0)


def test_an_import_that_raises_leaves_nothing(store: Store) -> None:
    def broken() -> object:
        yield person("p-1", fact("residence", "us"))
        raise RuntimeError("the source went away")

    with pytest.raises(RuntimeError):
        store.record(broken(), source="x", digest="y", by="ana")  # type: ignore[arg-type]
    assert store.register(DAY) == {}
    assert record(store, person("p-1")) == 1


def test_whoever_looks_is_entered_before_anything_is_handed_out(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us"), fact("born", "1985-02-01")))
    store.register(DAY)
    store.subject("p-1", DAY, by="ben", why="appeal 7")
    store.history("p-1", by="eve", why="audit")
    said = [(read.by, read.why, read.subject, read.names) for read in store.reads()]
    assert said == [
        ("bylaw", "to decide", None, ()),
        ("ben", "appeal 7", "p-1", ("residence", "born")),
        ("eve", "audit", "p-1", ("residence", "born")),
    ]
    assert [read.by for read in store.reads("p-1")] == ["ben", "eve"]


def test_nobody_looks_without_a_name_and_a_reason(store: Store) -> None:
    record(store, person("p-1", fact("residence", "us")))
    for by, why in (("", "appeal"), ("ben", " ")):
        with pytest.raises(UsageError, match="who does this"):
            store.history("p-1", by=by, why=why)
    with pytest.raises(UsageError, match="nothing is known"):
        store.history("p-2", **TOLD)


DAYS = st.integers(-3, 3).map(lambda number: DAY + timedelta(days=number))


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, list[Fact]]]:
    """A few imports, each of some facts of some of three subjects."""
    one = st.builds(
        fact,
        st.sampled_from(["residence", "location"]),
        st.sampled_from(["us", "cn"]),
        grade=st.sampled_from(["declared", "attested", "document"]),
        as_of=DAYS,
    )
    return draw(st.lists(st.dictionaries(st.sampled_from("abc"), st.lists(one, max_size=3)), max_size=4))


@settings(max_examples=40, deadline=None)
@given(histories(), DAYS, st.integers(0, 4))
def test_every_register_is_the_standing_of_what_was_said(
    tmp_path_factory: pytest.TempPathFactory, imports: list[dict[str, list[Fact]]], on: date, by: int
) -> None:
    with Store.open(tmp_path_factory.mktemp("drawn")) as store:
        for said in imports:
            record(store, *(person(id, *facts) for id, facts in said.items()))
        by = min(by, len(imports))
        ids = dict.fromkeys(id for said in imports[:by] for id in said)
        told = {id: [fact for said in imports[:by] for fact in said.get(id, ())] for id in ids}
        expected = {id: Subject(id, "person", standing(facts, on)) for id, facts in told.items()}
        assert store.register(on, by) == expected
        for id, subject in expected.items():
            assert store.subject(id, on, recorded_by=by, **TOLD) == subject
