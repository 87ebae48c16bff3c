"""The clock, against holidays as the Office of Personnel Management published them."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bylaw.access.filings.calendar import day_of, days_left, due, holidays, is_business_day

PUBLISHED = {  # opm.gov, federal holidays
    2022: "2021-12-31 01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26",
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_holidays_are_the_published_ones(year: int) -> None:
    said = [day if len(day) > 5 else f"{year}-{day}" for day in PUBLISHED[year].split()]
    assert sorted(map(str, holidays(year))) == sorted(said)


def test_no_juneteenth_before_it_was_a_holiday() -> None:
    assert is_business_day(date(2020, 6, 19))
    assert date(2021, 6, 18) in holidays(2021)


@pytest.mark.parametrize(
    ("event", "last"),
    [
        ("2026-06-12", "2026-06-29"),  # a Friday; Juneteenth lies between
        ("2026-11-24", "2026-12-09"),  # Thanksgiving
        ("2026-12-18", "2027-01-05"),  # Christmas and New Year
        ("2021-12-22", "2022-01-07"),  # Christmas and New Year of 2022 were kept in 2021
        ("2026-06-13", "2026-06-29"),  # an event on a Saturday
    ],
)
def test_ten_business_days(event: str, last: str) -> None:
    assert due(date.fromisoformat(event), 10) == date.fromisoformat(last)


def test_a_day_on_which_the_government_was_closed_does_not_count() -> None:
    assert due(date(2026, 12, 18), 10, {date(2026, 12, 24)}) == date(2027, 1, 6)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 40))
def test_the_last_day_is_so_many_business_days_away(event: date, days: int) -> None:
    last = due(event, days)
    between = [event + timedelta(days=each) for each in range(1, (last - event).days + 1)]
    assert sum(map(is_business_day, between)) == days == days_left(event, last)
    assert days == 0 or is_business_day(last)
    assert days_left(last, event) == -days


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-06-12T21:21:00+00:00", date(2026, 6, 12)),
        ("2026-06-16T03:59:59+00:00", date(2026, 6, 15)),  # 23:59 of Monday, in summer time
        ("2026-06-16T04:00:00+00:00", date(2026, 6, 16)),
        ("2026-01-06T04:59:59+00:00", date(2026, 1, 5)),
        ("2026-03-08T06:59:59+00:00", date(2026, 3, 8)),
        ("2026-03-09T04:00:00+00:00", date(2026, 3, 9)),  # summer time began the day before
        ("2026-11-02T04:30:00+00:00", date(2026, 11, 1)),  # and ended
        ("2026-06-16T05:00:00+02:00", date(2026, 6, 15)),
    ],
)
def test_the_day_is_that_of_washington(at: str, day: date) -> None:
    assert day_of(datetime.fromisoformat(at)) == day
