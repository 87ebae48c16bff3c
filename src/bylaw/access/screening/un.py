"""The United Nations Security Council Consolidated List, XML after sanctions.xsd.

Every tag must be a known one in its place, so that a renamed or damaged element is never passed over. Entity
declarations are refused before the parser sees them.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from bylaw.access.countries import split_countries
from bylaw.access.screening.parties import Kind, Name, Party, Quality
from bylaw.access.screening.table import text_of
from bylaw.errors import DocumentError

LIST = "un"
SECTIONS: dict[str, tuple[str, Kind]] = {
    "INDIVIDUALS": ("INDIVIDUAL", "person"),
    "ENTITIES": ("ENTITY", "organization"),
}
NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
FIELDS = frozenset(
    (
        *NAMES, "DATAID", "VERSIONNUM", "UN_LIST_TYPE", "REFERENCE_NUMBER", "LISTED_ON", "DELISTED_ON", "GENDER",
        "COMMENTS1", "NATIONALITY", "NATIONALITY2", "LIST_TYPE", "LAST_DAY_UPDATED", "DESIGNATION", "TITLE",
        "NAME_ORIGINAL_SCRIPT", "SUBMITTED_BY", "SUBMITTED_ON", "SORT_KEY", "SORT_KEY_LAST_MOD", "_ALIAS", "_ADDRESS",
        "_DATE_OF_BIRTH", "_PLACE_OF_BIRTH", "_DOCUMENT",
    )
)  # fmt: skip
PARTS = frozenset(
    (
        "VALUE", "QUALITY", "ALIAS_NAME", "DATE_OF_BIRTH", "CITY_OF_BIRTH", "COUNTRY_OF_BIRTH", "NOTE", "COUNTRY",
        "CITY", "STATE_PROVINCE", "STREET", "ZIP_CODE", "TYPE_OF_DATE", "YEAR", "FROM_YEAR", "TO_YEAR", "DATE",
        "TYPE_OF_DOCUMENT", "TYPE_OF_DOCUMENT2", "NUMBER", "ISSUING_COUNTRY", "DATE_OF_ISSUE", "CITY_OF_ISSUE",
        "COUNTRY_OF_ISSUE",
    )
)  # fmt: skip
QUALITIES: dict[str, Quality] = {
    "": "strong", "Good": "strong", "Low": "weak", "a.k.a.": "strong", "f.k.a.": "former"
}  # fmt: skip


_BRACKETS = re.compile(r"([^()]*)\((?:original script: ?)?([^()]*)\)[ .]*")


def parse(files: Mapping[str, bytes]) -> list[Party]:
    """The parties of the file ``main``."""
    root = _root(files["main"])
    parties = [party for section in root for party in _section(section)]
    _unique([party.id for party in parties])
    return parties


def _root(content: bytes) -> Element:
    text = text_of(content, "main")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DocumentError("declares entities, which the list never does", "main")
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise DocumentError(f"is cut off or damaged: {error}", f"main:{error.position[0]}") from error
    if root.tag != "CONSOLIDATED_LIST" or not root.get("dateGenerated"):
        raise DocumentError(f"is not the UN list: <{root.tag}>", "main")
    if [section.tag for section in root] != list(SECTIONS):
        raise DocumentError(f"the sections {', '.join(SECTIONS)} are expected, once each", "main")
    return root


def _section(section: Element) -> Iterator[Party]:
    tag, kind = SECTIONS[section.tag]
    for element in section:
        if element.tag != tag:
            raise DocumentError(f"<{element.tag}> instead of <{tag}>", "main")
        yield _party(element, tag, kind)


def _party(element: Element, tag: str, kind: Kind) -> Party:
    number = _text(element, "DATAID")
    where = f"main: {tag} {number or '?'}"
    _check(element, tag, where)
    names = tuple(_names(element, tag, where))
    reference, listed = _text(element, "REFERENCE_NUMBER"), _text(element, "LISTED_ON")
    if not (number.isdigit() and names and reference and listed):
        raise DocumentError("lacks DATAID, REFERENCE_NUMBER, LISTED_ON or a name", where)
    places = [*element.iterfind(f"{tag}_ADDRESS")]
    codes, unread = split_countries(_countries(element, places))
    return Party(
        list=LIST,
        id=number,
        kind=kind,
        names=names,
        born=tuple(filter(None, map(_born, element.iterfind(f"{tag}_DATE_OF_BIRTH")))),
        countries=codes,
        unread=unread,
        addresses=tuple(filter(None, (", ".join(filter(None, map(_plain, place))) for place in places))),
        programs=tuple(filter(None, (_text(element, "UN_LIST_TYPE"), reference))),
        listed=listed,
        remarks=_text(element, "COMMENTS1"),
    )


def _check(element: Element, tag: str, where: str) -> None:
    for child in element:
        if child.tag.removeprefix(tag) not in FIELDS:
            raise DocumentError(f"unknown element <{child.tag}>", where)
        for part in child:
            if part.tag not in PARTS or len(part):
                raise DocumentError(f"unknown element <{part.tag}> in <{child.tag}>", where)


def _names(element: Element, tag: str, where: str) -> Iterator[Name]:
    whole = " ".join(filter(None, (_text(element, part) for part in NAMES)))
    if not whole:
        raise DocumentError("a party without a name", where)
    names = [Name(whole, "primary")]
    if original := _text(element, "NAME_ORIGINAL_SCRIPT"):
        names += map(Name, _apart(original))
    for alias in element.iterfind(f"{tag}_ALIAS"):
        quality = _text(alias, "QUALITY")
        if quality not in QUALITIES:
            raise DocumentError(f"unknown quality of an alias: {quality!r}", where)
        names += [Name(text, QUALITIES[quality]) for text in _apart(_text(alias, "ALIAS_NAME"))]
    yield from dict.fromkeys(names)


def _apart(text: str) -> list[str]:
    """A name, and the one in another script that follows in brackets; nothing for no name."""
    found = _BRACKETS.fullmatch(text)
    parts = [found[1], *found[2].split(";")] if found and found[1].isascii() != found[2].isascii() else [text]
    return [part.strip() for part in parts if part.strip()]


def _countries(element: Element, places: list[Element]) -> list[str]:
    given = [_plain(value) for value in element.iterfind("NATIONALITY/VALUE")]
    return [text for text in [*given, *(_text(place, "COUNTRY") for place in places)] if text]


def _born(element: Element) -> str:
    """EDTF of a date of birth; empty where the list has none."""
    start, end = _text(element, "FROM_YEAR"), _text(element, "TO_YEAR")
    if start and end:
        return f"{start}/{end}"
    date = _text(element, "DATE") or _text(element, "YEAR")
    return date + "~" * (bool(date) and _text(element, "TYPE_OF_DATE") == "APPROXIMATELY")


def _text(element: Element, path: str) -> str:
    return " ".join((element.findtext(path) or "").split())


def _plain(element: Element) -> str:
    return " ".join((element.text or "").split())


def _unique(ids: list[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise DocumentError(f"the number {each} stands twice", "main")
        seen.add(each)
