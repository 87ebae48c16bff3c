"""``standing``: which fact of a name counts on a day, against a definition written without it."""

from datetime import date, timedelta
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from bylaw.access.subjects import CHANNELS, FACTS, GRADES, Fact, FactName, Grade, Standing, Subject, Value, standing

DAY = date(2026, 11, 24)
NAMES: list[FactName] = ["citizenship", "residence"]


def day(number: int) -> date:
    return DAY + timedelta(days=number)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    as_of = draw(st.integers(-5, 5))
    values = draw(st.sampled_from([None, (), (Value(text="us"),), (Value(text="cn"),), (Value(text="cn", until=DAY),)]))
    return Fact(
        name=draw(st.sampled_from(NAMES)),
        values=values,
        source="hr",
        grade=draw(st.sampled_from(list(GRADES))),
        as_of=day(as_of),
        expires=draw(st.none() | st.integers(as_of + 1, 8).map(day)),
    )


def defined(history: list[Fact], on: date) -> dict[FactName, Standing]:
    """The latest of the best grade that counts; against it, whatever came after it and says something else."""
    counting = [fact for fact in history if fact.as_of <= on and not (fact.expires and fact.expires <= on)]
    ordered = sorted(enumerate(counting), key=lambda pair: (pair[1].name, pair[1].as_of, pair[0]))
    found: dict[FactName, Standing] = {}
    for name, group in groupby((fact for _, fact in ordered), key=lambda fact: fact.name):
        mine = list(group)
        best = max(GRADES[fact.grade] for fact in mine)
        place = max(at for at, fact in enumerate(mine) if GRADES[fact.grade] == best)
        against = tuple(fact for fact in mine[place + 1 :] if fact.values != mine[place].values)
        found[name] = Standing(mine[place], against)
    return found


@given(st.lists(facts(), max_size=12), st.integers(-6, 9).map(day))
def test_standing_is_what_its_definition_says(history: list[Fact], on: date) -> None:
    assert standing(history, on) == defined(history, on)


@given(st.lists(facts(), max_size=8, unique_by=lambda fact: (fact.name, fact.as_of)), st.randoms())
def test_the_order_of_learning_does_not_matter_where_days_differ(history: list[Fact], random: object) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standing(shuffled, DAY) == standing(history, DAY)


@given(st.lists(facts(), max_size=8), facts())
def test_a_lower_grade_never_settles_anything(history: list[Fact], late: Fact) -> None:
    """One more fact of the lowest grade leaves the name as it was, or makes it unknown; unless nothing was better."""
    weak = Fact(name=late.name, values=late.values, source="self", grade="declared", as_of=DAY)
    before, after = standing(history, DAY).get(late.name), standing([*history, weak], DAY)[late.name]
    if before and before.fact.grade != "declared":
        assert after.fact == before.fact
        assert after.values in (before.values, None)


@given(st.lists(facts(), max_size=8), facts())
def test_better_evidence_settles_a_dispute(history: list[Fact], late: Fact) -> None:
    verified = Fact(name=late.name, values=late.values, source="kyc", grade="verified", as_of=DAY)
    assert standing([*history, verified], DAY)[late.name] == Standing(verified)


@given(st.lists(facts(), max_size=8))
def test_nothing_that_has_expired_or_lies_ahead_counts(history: list[Fact]) -> None:
    for said in standing(history, DAY).values():
        assert all(fact.counts(DAY) for fact in (said.fact, *said.against))


def test_a_disputed_name_is_unknown() -> None:
    passport = Fact(name="citizenship", values=(Value(text="cn"),), source="desk", grade="document", as_of=day(-9))
    form = Fact(name="citizenship", values=(Value(text="us"),), source="form", grade="declared", as_of=day(-1))
    said = standing([passport, form], DAY)["citizenship"]
    assert (said.fact, said.against, said.values) == (passport, (form,), None)
    subject = Subject("p-1", "person", {"citizenship": said})
    assert subject.values("citizenship") is None
    assert subject.values("residence") is None


def test_known_to_be_none_is_not_unknown() -> None:
    none = Fact(name="citizenship", values=(), source="desk", grade="document", as_of=DAY)
    assert standing([none], DAY)["citizenship"].values == ()


def test_a_value_holds_from_its_first_day_until_the_day_before_its_last() -> None:
    value = Value(text="us", since=day(0), until=day(2))
    assert [value.holds(day(number)) for number in (-1, 0, 1, 2)] == [False, True, True, False]


def test_every_name_has_a_meaning_and_every_grade_a_rank() -> None:
    grades: list[Grade] = ["declared", "attested", "document", "verified"]
    assert sorted(GRADES, key=GRADES.__getitem__) == grades
    assert all(meaning.of for meaning in FACTS.values())
    assert CHANNELS == ("direct", "reseller", "cloud")
