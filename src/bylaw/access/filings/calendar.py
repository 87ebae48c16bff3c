"""Business days of the United States government: the clock of reports that are due in so many of them.

Holidays are those of 5 USC 6103(a). One that falls on a Saturday is kept on the Friday before, on a Sunday on the
Monday after (5 USC 6103(b); Executive Order 11582). Days on which the government was closed by an order of its own are
told apart, as ``closed``: nobody can compute them.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import cache

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
EASTERN = timedelta(hours=-5)

FIXED = {
    "New Year's Day": (1, 1),
    "Juneteenth National Independence Day": (6, 19),
    "Independence Day": (7, 4),
    "Veterans Day": (11, 11),
    "Christmas Day": (12, 25),
}
FLOATING = {  # month, day of the week, which one (-1: the last)
    "Birthday of Martin Luther King, Jr.": (1, MONDAY, 3),
    "Washington's Birthday": (2, MONDAY, 3),
    "Memorial Day": (5, MONDAY, -1),
    "Labor Day": (9, MONDAY, 1),
    "Columbus Day": (10, MONDAY, 2),
    "Thanksgiving Day": (11, THURSDAY, 4),
}
SINCE = {"Juneteenth National Independence Day": 2021}
"""The first year of a holiday that is newer than the rest (Public Law 117-17)."""


@cache
def holidays(year: int) -> dict[date, str]:
    """The days on which a year's holidays are kept; one of them may lie in the year before."""
    kept = {_kept(date(year, month, day)): name for name, (month, day) in FIXED.items() if SINCE.get(name, 0) <= year}
    return kept | {_nth(year, *rule): name for name, rule in FLOATING.items()}


def is_business_day(day: date, closed: Collection[date] = ()) -> bool:
    """Whether federal offices are open: no weekend, holiday or day of ``closed``."""
    kept = {**holidays(day.year), **holidays(day.year + 1)}
    return day.weekday() < SATURDAY and day not in kept and day not in closed


def due(event: date, days: int, closed: Collection[date] = ()) -> date:
    """The last day of a term of ``days`` business days; the day of the event itself does not count."""
    day = event
    for _ in range(days):
        day += timedelta(days=1)
        while not is_business_day(day, closed):
            day += timedelta(days=1)
    return day


def days_left(today: date, until: date, closed: Collection[date] = ()) -> int:
    """Business days after ``today`` up to and with ``until``; negative: so many too late."""
    first, last = sorted((today, until))
    span = range(1, (last - first).days + 1)
    count = sum(is_business_day(first + timedelta(days=each), closed) for each in span)
    return count if today <= until else -count


def day_of(at: datetime) -> date:
    """The day in Washington, where an authority counts from: a refusal of Monday evening is Monday's there, and not yet
    Tuesday's as in UTC. Summer time as in 15 USC 260a, since 2007."""
    at = at.astimezone(UTC).replace(tzinfo=None)
    begins, ends = _nth(at.year, 3, SUNDAY, 2), _nth(at.year, 11, SUNDAY, 1)
    summer = datetime(at.year, 3, begins.day, 7) <= at < datetime(at.year, 11, ends.day, 6)
    return (at + EASTERN + timedelta(hours=summer)).date()


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _kept(day: date) -> date:
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    if which < 0:
        last = date(year, month + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
