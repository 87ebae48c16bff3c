"""The US Consolidated Screening List as CSV (Departments of Commerce, State and the Treasury).

The layout of 2019 and the one since 2021, which puts ``_id`` first. It has no end mark. Rows of the Entity List and
some others carry no number: their id is made from the row.
"""

import re
from collections import Counter
from collections.abc import Mapping

from bylaw.access.countries import split_countries
from bylaw.access.screening.dates import english_date, years
from bylaw.access.screening.parties import Kind, Name, Party
from bylaw.access.screening.table import rows, text_of
from bylaw.canonical import digest
from bylaw.errors import DocumentError

COLUMNS = [
    "source", "entity_number", "type", "programs", "name", "title", "addresses", "federal_register_notice",
    "start_date", "end_date", "standard_order", "license_requirement", "license_policy", "call_sign", "vessel_type",
    "gross_tonnage", "gross_registered_tonnage", "vessel_flag", "vessel_owner", "remarks", "source_list_url",
    "alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth", "source_information_url", "ids",
]  # fmt: skip
KINDS: dict[str, Kind] = {
    "": "entity", "individual": "person", "entity": "organization", "vessel": "vessel", "aircraft": "aircraft"
}  # fmt: skip
SOURCES = frozenset(("CAP", "CMIC", "DPL", "DTC", "EL", "FSE", "ISN", "MBS", "MEU", "PLC", "SDN", "SSI", "UVL"))
"""The lists it joins, by the abbreviation each row gives; one that is not here is refused, not passed over."""

LIST = "us-csl"

_SOURCE = re.compile(r"\(([A-Z]+)\)(?: - .+)?$")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})?")


def parse(files: Mapping[str, bytes]) -> list[Party]:
    """The parties of the file ``main``."""
    content = files["main"]
    header = text_of(content, "main").split("\n", 1)[0].rstrip("\r").split(",")
    if header not in (COLUMNS, ["_id", *COLUMNS]):
        raise DocumentError(f"the header is not that of the Consolidated Screening List: {','.join(header)}", "main:1")
    lines = rows(content, "main", len(header))
    next(lines)
    seen: Counter[str] = Counter()
    return [_party(dict(zip(header, row, strict=True)), f"main:{number}", seen) for number, row in lines]


def _party(row: dict[str, str], where: str, seen: Counter[str]) -> Party:
    source = _checked(row, where)
    key = row.get("_id") or f"{source}-{row['entity_number'] or digest(row)[:16]}"
    seen[key] += 1
    if seen[key] > 1 and row["entity_number"]:
        raise DocumentError(f"the number {row['entity_number']} stands twice", where)
    given = [part for column in ("citizenships", "nationalities") for part in row[column].split(";")]
    places = [part.strip() for part in row["addresses"].split(";") if part.strip()]
    codes, unread = split_countries(map(str.strip, [*given, *(place.rpartition(", ")[2] for place in places)]))
    names = [Name(row["name"].strip(), "primary"), *map(Name, _several(row["alt_names"]))]
    return Party(
        list=LIST,
        id=key if seen[key] == 1 else f"{key}-{seen[key]}",
        kind=KINDS[row["type"].lower()],
        names=tuple(dict.fromkeys(names)),
        born=tuple(filter(None, map(_born, _several(row["dates_of_birth"])))),
        countries=codes,
        unread=unread,
        addresses=tuple(places),
        programs=tuple(dict.fromkeys([source, *_several(row["programs"])])),
        listed=row["start_date"],
        ends=row["end_date"],
        remarks=row["remarks"],
    )


def _checked(row: dict[str, str], where: str) -> str:
    """The abbreviation of the row's list. Raises ``DocumentError`` for what no row of the list has."""
    found = _SOURCE.search(row["source"])
    if not found or found[1] not in SOURCES:
        raise DocumentError(f"unknown source list: {row['source']!r}", where)
    if not row["name"].strip():
        raise DocumentError("a party without a name", where)
    if row["type"].lower() not in KINDS:
        raise DocumentError(f"unknown type of party: {row['type']!r}", where)
    for column in ("start_date", "end_date"):
        if not _DATE.fullmatch(row[column]):
            raise DocumentError(f"{column} is not a date: {row[column]!r}", where)
    return found[1]


def _several(text: str) -> list[str]:
    """Parts between semicolons; the last may begin with "and "."""
    return [part.strip().removeprefix("and ") for part in text.split(";") if part.strip()]


def _born(text: str) -> str:
    return text if years(text) else english_date(text)
