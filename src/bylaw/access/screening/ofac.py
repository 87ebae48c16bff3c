"""OFAC's lists in the legacy CSV layout: SDN or consolidated, with alternate names and addresses.

Columns after OFAC's "dat_spec.txt". ``-0-`` is an empty field; the files end with the byte 1A; an entity's type is
empty for organizations. Names behind ``a.k.a.`` in the remarks are the list's weak aliases. A date or country in the
remarks that does not read is left out: that can raise an alarm, never hide one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from bylaw.access.countries import split_countries
from bylaw.access.screening.dates import english_date
from bylaw.access.screening.parties import Kind, Name, Party, Quality
from bylaw.access.screening.table import ended, rows
from bylaw.errors import DocumentError

T = TypeVar("T")

KINDS: dict[str, Kind] = {
    "": "organization", "individual": "person", "vessel": "vessel", "aircraft": "aircraft"
}  # fmt: skip
ALTERNATES: dict[str, Quality] = {"aka": "strong", "fka": "former", "nka": "strong"}

_BORN = re.compile(r"\bDOB ([^;]+?)(?=[;.]|$)")
_FROM = re.compile(r"\b(?:nationality|citizen) ([^;]+?)(?=[;.]|$)")
_WEAK = re.compile(r"\b[afn]\.k\.a\. '(.+?)'(?=[;.,]|$)")


def parse(list_name: str) -> Callable[[Mapping[str, bytes]], list[Party]]:
    """A parser of the files ``main``, ``alternates`` and ``addresses`` (the last two may be absent, where formats.py
    was told so)."""

    def parse_files(files: Mapping[str, bytes]) -> list[Party]:
        mains = {row[0]: row for row in _main(files["main"])}
        names = _by_party(files.get("alternates"), 5, _alternate, mains, "alternates")
        places = _by_party(files.get("addresses"), 6, _address, mains, "addresses")
        return [_party(list_name, row, names.get(key, []), places.get(key, [])) for key, row in mains.items()]

    return parse_files


def _main(content: bytes) -> Iterator[list[str]]:
    seen: set[str] = set()
    for where, row in _rows(content, "main", 12):
        if row[0] in seen:
            raise DocumentError(f"the number {row[0]} stands twice", where)
        if row[2] not in KINDS:
            raise DocumentError(f"unknown type of party: {row[2]}", where)
        if not row[1]:
            raise DocumentError("a party without a name", where)
        seen.add(row[0])
        yield row


def _rows(content: bytes, role: str, columns: int) -> Iterator[tuple[str, list[str]]]:
    for number, fields in rows(ended(content, role), role, columns):
        row = ["" if field.strip() == "-0-" else field.strip() for field in fields]
        where = f"{role}:{number}"
        if not row[0].isascii() or not row[0].isdigit():
            raise DocumentError(f"a party's number is expected, not {row[0]!r}", where)
        yield where, row


def _by_party(
    content: bytes | None, columns: int, read: Callable[[list[str], str], T], known: Mapping[str, object], role: str
) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for where, row in _rows(content, role, columns) if content is not None else ():
        if row[0] not in known:
            raise DocumentError(f"belongs to party {row[0]}, which the main file lacks", where)
        found.setdefault(row[0], []).append(read(row, where))
    return found


def _alternate(row: list[str], where: str) -> Name:
    if row[2] not in ALTERNATES:
        raise DocumentError(f"unknown type of alternate name: {row[2]}", where)
    if not row[3]:
        raise DocumentError("an alternate without a name", where)
    return Name(row[3], ALTERNATES[row[2]])


def _address(row: list[str], where: str) -> tuple[str, str]:
    return ", ".join(part for part in row[2:5] if part), row[4]


def _party(list_name: str, row: list[str], alternates: list[Name], places: list[tuple[str, str]]) -> Party:
    remarks = row[11]
    weak = [Name(text, "weak") for text in _WEAK.findall(remarks)]
    codes, unread = split_countries([*_FROM.findall(remarks), *(country for _, country in places if country)])
    return Party(
        list=list_name,
        id=row[0],
        kind=KINDS[row[2]],
        names=tuple(dict.fromkeys([Name(row[1], "primary"), *alternates, *weak])),
        born=tuple(filter(None, map(english_date, _BORN.findall(remarks)))),
        countries=codes,
        unread=unread,
        addresses=tuple(text for text, _ in places if text),
        programs=tuple(part.strip() for part in row[3].split("] [") if part.strip()),
        remarks=remarks,
    )
