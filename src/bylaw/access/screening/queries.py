"""Queries from what a person typed, from a CSV file, and from the facts of a subject."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import get_args

from bylaw.access import subjects
from bylaw.access.countries import country_of, split_countries
from bylaw.access.screening.dates import OLDEST, is_birth
from bylaw.access.screening.fold import fold
from bylaw.access.screening.names import remembered
from bylaw.access.screening.parties import Kind, Query
from bylaw.access.screening.sheet import records
from bylaw.errors import DocumentError, UsageError

KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
COLUMNS = ("id", "name", "dob", "country", "type")
"""Of a file of queries; only ``name`` must be there."""

LONGEST = 1_000
"""Characters of a name that is screened, at most, also of what it reads in Latin letters (a Han character is five or
so): comparing takes time by the square of the length, and no name of the lists has half as many."""

_COUNTRIES: dict[str, tuple[subjects.FactName, ...]] = {
    "person": ("citizenship", "permanent_residency", "residence"),
    "organization": ("incorporation", "headquarters"),
}


def query_of(name: str, *, born: str = "", countries: Iterable[str] = (), kind: str = "entity", id: str = "") -> Query:
    """A query from what a person typed. Raises ``UsageError`` for what cannot be read, rather than ignore it."""
    if fault := unscreenable(name):
        raise UsageError(fault)
    if born and not is_birth(born, date.today()):
        raise UsageError(
            f"a date of birth is a year, month or day from {OLDEST} until today, given as 1961, 1961-11 or 1961-11-23,"
            f" not {born!r}"
        )
    if kind not in KINDS:
        raise UsageError(f"unknown type: {kind}; known are {', '.join(KINDS)}")
    return Query(
        name=name, id=id, kind=KINDS[kind], born=born, countries=tuple(country_of(each).code for each in countries)
    )


def too_long(name: str) -> str:
    """Why a name is longer than what is compared; empty if it is not."""
    if len(name) > LONGEST:
        return f"the name has {len(name):,} characters; at most {LONGEST:,} are screened"
    length = len(name) if name.isascii() else len(fold(name))
    if length > LONGEST:
        return f"the name has {length:,} characters as it is read in Latin letters; at most {LONGEST:,} are screened"
    return ""


def unscreenable(name: str) -> str:
    """Why a name cannot be screened; empty if it can."""
    if not name.isprintable() and any("\ud800" <= each <= "\udfff" for each in name):
        return "the name is not UTF-8 text"
    if fault := too_long(name):
        return fault
    return "" if remembered(name, True).words else "a name is needed; this one holds no letter or digit"


def read_queries(content: bytes, where: str) -> list[Query]:
    """The rows of a CSV file with a header out of ``COLUMNS``; several countries stand between semicolons.

    All or none: raises ``DocumentError`` naming the first line that does not read; ``where`` is the file.
    """
    found: dict[Query, None] = {}
    for at, row in records(content, where, ("name",), COLUMNS):
        query = _row(row, at)
        if query in found:  # one subject may have several names, but not one row twice
            raise DocumentError(f"{query.subject} stands twice with the same particulars", at)
        found[query] = None
    return list(found)


def queries_of(subject: subjects.Subject) -> Iterator[Query]:
    """One query for each name that counts for a subject and can be screened; none where its names are unknown.

    Service accounts and channels have no name of their own: whoever is responsible or operates them is screened. A
    date of birth that cannot be counts as unknown.
    """
    kind = "organization" if subject.kind == "organization" else "person"
    born = (value.text for value in subject.values("born") or ())
    born_on = min((text for text in born if is_birth(text, date.today())), default="")
    texts = [value.text for name in _COUNTRIES[kind] for value in subject.values(name) or ()]
    codes, _ = split_countries(texts)
    for name in subject.values("name") or ():
        if not unscreenable(name.text):
            yield Query(name=name.text, id=subject.id, kind=KINDS[kind], born=born_on, countries=codes)


def unscreened(subject: subjects.Subject) -> tuple[str, ...]:
    """Why those names of a subject cannot be screened that ``queries_of`` leaves out."""
    return tuple(filter(None, (unscreenable(name.text) for name in subject.values("name") or ())))


def _row(row: dict[str, str], at: str) -> Query:
    given = {key: text.strip() for key, text in row.items()}
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
        raise DocumentError(str(error), at) from error
