"""Queries from what a person typed, from a CSV file, and from the facts of a subject."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import get_args

from bylaw.access import subjects
from bylaw.access.countries import country_of, split_countries
from bylaw.access.screening.dates import years
from bylaw.access.screening.names import parse
from bylaw.access.screening.parties import Kind, Query
from bylaw.errors import DocumentError, UsageError

KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
COLUMNS = ("id", "name", "dob", "country", "type")
"""Of a file of queries; only ``name`` must be there."""

_COUNTRIES: dict[str, tuple[subjects.FactName, ...]] = {
    "person": ("citizenship", "permanent_residency", "residence"),
    "organization": ("incorporation", "headquarters"),
}


def query_of(name: str, *, born: str = "", countries: Iterable[str] = (), kind: str = "entity", id: str = "") -> Query:
    """A query from what a person typed. Raises ``UsageError`` for what cannot be read, rather than ignore it."""
    if not parse(name, True).words:
        raise UsageError("a name is needed; this one holds no letter or digit")
    if not name.isprintable() and any("\ud800" <= each <= "\udfff" for each in name):
        raise UsageError("the name is not UTF-8 text")
    if born and not years(born):
        raise UsageError(f"a date of birth is given as 1961, 1961-11 or 1961-11-23, not {born!r}")
    if kind not in KINDS:
        raise UsageError(f"unknown type: {kind}; known are {', '.join(KINDS)}")
    return Query(
        name=name, id=id, kind=KINDS[kind], born=born, countries=tuple(country_of(each).code for each in countries)
    )


def read_queries(content: bytes) -> list[Query]:
    """The rows of a CSV file with a header out of ``COLUMNS``; several countries stand between semicolons.

    All or none: raises ``DocumentError`` naming the first line that does not read.
    """
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = lines.fieldnames or ()
        if "name" not in header or set(header) - set(COLUMNS):
            raise DocumentError(f"the header holds name and may hold others of {', '.join(COLUMNS)}", "1")
        found = [_row(row, lines.line_num) for row in lines]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DocumentError(f"the file does not parse ({error})") from error
    _unique(found)
    return found


def queries_of(subject: subjects.Subject) -> Iterator[Query]:
    """One query for each name that counts for a subject; none where its names are unknown. Service accounts and
    channels have no name of their own: whoever is responsible or operates them is screened."""
    kind = "organization" if subject.kind == "organization" else "person"
    born_on = min((value.text for value in subject.values("born") or ()), default="")
    texts = [value.text for name in _COUNTRIES[kind] for value in subject.values(name) or ()]
    codes, _ = split_countries(texts)
    for name in subject.values("name") or ():
        yield Query(name=name.text, id=subject.id, kind=KINDS[kind], born=born_on, countries=codes)


def _row(row: dict[str, str | None], line: int) -> Query:
    if None in row or None in row.values():
        raise DocumentError("the line has more or fewer fields than the header", str(line))
    given = {key: (text or "").strip() for key, text in row.items()}
    countries = [part.strip() for part in given.get("country", "").split(";") if part.strip()]
    try:
        return query_of(
            given["name"],
            born=given.get("dob", ""),
            countries=countries,
            kind=given.get("type") or "entity",
            id=given.get("id", ""),
        )
    except UsageError as error:
        raise DocumentError(str(error), str(line)) from error


def _unique(queries: list[Query]) -> None:
    """One subject may have several names, but not one row twice."""
    seen: set[Query] = set()
    for line, query in enumerate(queries, 2):
        if query in seen:
            raise DocumentError(f"{query.subject} stands twice with the same particulars", str(line))
        seen.add(query)
