"""Rosters and a store for the tests beside this file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bylaw.access.roster.bring import bring, read
from bylaw.access.roster.options import Options
from bylaw.access.roster.report import Report
from bylaw.access.roster.rows import Remark, Row
from bylaw.access.store.store import Store
from bylaw.access.subjects import FactName, Value

DAY = date(2026, 11, 24)
OPTIONS = Options(today=DAY, source="hr", grade="attested", as_of=date(2026, 11, 1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def put(folder: Path, content: str | bytes, name: str = "roster.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(folder: Path, content: str | bytes, name: str = "roster.csv", options: Options = OPTIONS) -> list[Row]:
    """The rows of a file without a fault."""
    passed, remarks = read(put(folder, content, name), options)
    assert faults(remarks) == []
    return passed


def remarks(folder: Path, content: str | bytes, name: str = "roster.csv", options: Options = OPTIONS) -> list[Remark]:
    return read(put(folder, content, name), options)[1]


def faults(said: list[Remark]) -> list[str]:
    return [str(remark) for remark in said if remark.weight == "fault"]


def notes(said: list[Remark]) -> list[str]:
    return [str(remark) for remark in said if remark.weight == "note"]


def values(row: Row, name: FactName) -> tuple[Value, ...] | None:
    (fact,) = (fact for fact in row.facts if fact.name == name)
    return fact.values


def load(
    store: Store, content: str | bytes, name: str = "roster.csv", options: Options = OPTIONS, **more: bool
) -> Report:
    """Bring a text in."""
    return bring(put(store.directory.parent, content, name), store, options, by="ana", **more)
