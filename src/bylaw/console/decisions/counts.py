"""What the summary's sums say: by country and model over a time, minute by minute, by missing fact, by day owed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from bylaw.console.decisions.summary import Summary

Span = Literal["hour", "day", "week"]
SECONDS: dict[Span, int] = {"hour": 3600, "day": 86400, "week": 7 * 86400}


class Sum(NamedTuple):
    """So many decisions of a time: ``at`` is when it begins, seconds since 1970."""

    at: int
    country: str
    model: str
    outcome: str
    n: int


def over_time(summary: Summary, since: int, until: int, span: Span) -> Iterator[Sum]:
    """The sums of whole hours, or of whole days, that begin from ``since`` to before ``until``."""
    table, column, width = ("hours", "hour", 3600) if span == "hour" else ("days", "day", 86400)
    query = (
        f"SELECT {column} * {width}, country.text, model.text, outcome.text, n FROM {table} AS sums"
        " JOIN words AS country ON country.id = sums.country JOIN words AS model ON model.id = sums.model"
        " JOIN words AS outcome ON outcome.id = sums.outcome"
        f" WHERE {column} >= ? AND {column} < ? ORDER BY {column}"
    )
    with summary.open() as base:
        yield from (Sum(*row) for row in base.execute(query, (-(-since // width), -(-until // width))))


def per_minute(summary: Summary, now: int, minutes: int = 60) -> dict[str, list[int]]:
    """By outcome, how many in each of the last so many minutes, the present one last."""
    last = now // 60
    found: dict[str, list[int]] = {outcome: [0] * minutes for outcome in ("allow", "hold", "refuse")}
    query = "SELECT minute, text, n FROM minutes JOIN words ON id = outcome WHERE minute > ? AND minute <= ?"
    with summary.open() as base:
        for minute, outcome, n in base.execute(query, (last - minutes, last)):
            found[outcome][minute - last - 1] = n
    return found


def missing_facts(summary: Summary, since: int) -> list[tuple[str, int]]:
    """Since the hour of an instant: by fact, how many decisions were held that it would settle; most first."""
    query = "SELECT text, sum(n) FROM wanting JOIN words ON id = fact WHERE hour >= ? GROUP BY fact ORDER BY 2 DESC, 1"
    with summary.open() as base:
        return [(fact, n) for fact, n in base.execute(query, (since // 3600,))]


def owed(summary: Summary) -> list[tuple[date, int]]:
    """By day of the refusal (Washington's), how many reports are owed; the oldest first."""
    with summary.open() as base:
        rows = base.execute("SELECT day, count(*) FROM owed GROUP BY day ORDER BY day").fetchall()
    return [(date.fromisoformat(day), n) for day, n in rows]


def owed_of(summary: Summary, day: date, skip: int, most: int) -> list[int]:
    """The numbers of the decisions of a day on which reports are owed, in order."""
    query = "SELECT number FROM owed WHERE day = ? ORDER BY number LIMIT ? OFFSET ?"
    with summary.open() as base:
        return [number for (number,) in base.execute(query, (str(day), most, skip))]


def begins(at: int, span: Span) -> int:
    """When the hour, the day or the week (Monday) of an instant begins, UTC."""
    if span != "week":
        return at - at % SECONDS[span]
    return at - at % 86400 - datetime.fromtimestamp(at, UTC).weekday() * 86400
