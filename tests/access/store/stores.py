"""Facts and a store for the tests beside this file."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bylaw.access.store.records import Said
from bylaw.access.store.store import Store
from bylaw.access.subjects import Fact, FactName, Grade, Value

DAY = date(2026, 11, 24)
TOLD = {"by": "ana", "why": "a test"}


def fact(name: FactName, *texts: str, grade: Grade = "attested", as_of: date = DAY, **more: object) -> Fact:
    values = tuple(Value(text=text) for text in texts)
    return Fact(name=name, values=values, source="hr", grade=grade, as_of=as_of, **more)  # type: ignore[arg-type]


def person(id: str, *facts: Fact) -> Said:
    return Said(id, "person", facts)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def record(store: Store, *said: Said, at: datetime | None = None) -> int:
    return store.record(said, source="roster.csv", digest="0" * 64, by="ana", at=at).id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened
