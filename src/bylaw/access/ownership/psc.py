"""Companies House, persons with significant control: the snapshot's lines, ``{"company_number": …, "data": {…}}``.

The register knows bands, not numbers: *25 to 50* is more than 25 and at most 50 percent, *50 to 75* more than 50 and
less than 75, *75 to 100* 75 or more (companieshouse/api-enumerations, psc_descriptions.yml). It lists holders of more
than 25 % only: for what may lie in other hands take a rule with ``unlisted = "unknown"``.

- Shares, and rights to surplus assets of a partnership, count as ownership. Held through a trust or firm they may.
- A person without either holds at most 25 %, or it would have been stated; their power is kept as ``Control``.
- Whom the register hides, or the company has not found, is a party that is not identified.
- Joint holders are each given the whole of what they hold together, so stakes may add up to more than 100 %: build the
  graph with ``conflict="widen"``, which then takes none of that company's stakes as sure.
- A company that owns is found under its own number if it says it is registered in the United Kingdom.
- What a nature says that is not known here may be anything, and is kept as ``Control`` too.

``start`` is the day of notification: who owned before is not known. Whether two persons are one is not decided here.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec

from bylaw.access.ownership.reading import decoded, rows
from bylaw.access.ownership.records import Control, Interest, Party, Records
from bylaw.access.ownership.stake import Stake, between
from bylaw.errors import RecordError

BANDS: dict[str, Stake] = {
    "25-to-50": between(25, 50, above=True),
    "50-to-75": between(50, 75, above=True, below=True),
    "75-to-100": between(75, 100),
    "more-than-25": between(25, 100, above=True),
}
UNSTATED = between(0, 25)
ANY = between(0, 100)

NOBODY = {
    "no-individual-or-entity-with-signficant-control",
    "no-individual-or-entity-with-signficant-control-partnership",
    "no-beneficial-owner-identified",
    "all-beneficial-owners-identified",
    "nobody-has-become-or-ceased-to-be-a-beneficial-owner",
    "somebody-has-become-or-ceased-to-be-a-beneficial-owner",
}
"""Statements that hide nobody; the register spells the first two so. Every other one says that somebody is missing."""

_OWNERSHIP = re.compile(
    r"(?:ownership-of-shares|(?:part-)?right-to-share-surplus-assets)-(?P<band>25-to-50|50-to-75|75-to-100|more-than-25)"
    r"-percent(?P<through>-as-(?:control-over-)?(?:trust|firm))?"
    r"(?:-limited-liability-partnership|-registered-overseas-entity)?"
)
_CONTROL = re.compile(
    r"(?:voting-rights|right-to-appoint-and-remove|significant-influence-or-control|registered-owner)\b.*"
)
_BRITISH = re.compile(
    r"companies house|england|wales|scotland|northern ireland|united kingdom|great britain|\b(?:uk|gb)\b"
)
_NUMBER = re.compile(r"([A-Z]{0,2})(\d{1,8})")


class _Identification(msgspec.Struct, frozen=True):
    registration_number: str = ""
    country_registered: str = ""
    place_registered: str = ""


class _Links(msgspec.Struct, frozen=True):
    self: str = ""


class Data(msgspec.Struct, frozen=True):
    """What a line says of one person, company or statement."""

    kind: str
    links: _Links = _Links()
    name: str = ""
    statement: str = ""
    natures_of_control: tuple[str, ...] = ()
    identification: _Identification | None = None
    notified_on: date | None = None
    ceased_on: date | None = None
    ceased: bool = False


class Line(msgspec.Struct, frozen=True):
    """A line of the snapshot; the last one has totals and no company."""

    data: Data
    company_number: str = ""


def load(path: Path) -> Records:
    """All lines of a snapshot; interests keep their dates. Raises ``RecordError`` with file, line and field."""
    parties: dict[str, Party] = {}
    interests: list[Interest] = []
    control: list[Control] = []
    left_out = Counter[str]()
    for where, content in rows(path):
        line = decoded(content, Line, where)
        reason = _left_out(line)
        if reason:
            left_out[reason] += 1
            continue
        if not line.company_number:
            raise RecordError(f"a line of kind {line.data.kind!r} names no company", where)
        company, owner = line.company_number, _owner(line, where)
        parties.setdefault(company, Party(id=company, country="GB", where=where))
        parties.setdefault(owner.id, owner)
        interests += _interests(line, owner.id, where)
        control += _control(line, owner.id, where)
    return Records(
        parties=tuple(parties.values()), interests=tuple(interests), control=tuple(control), left_out=dict(left_out)
    )


def _left_out(line: Line) -> str:
    """Why a line says nothing about ownership, or nothing."""
    data = line.data
    if data.kind.startswith("totals"):
        return "the totals"
    if data.kind == "exemptions":
        return "an exemption from the register"
    if data.statement in NOBODY:
        return "a statement that hides nobody"
    return "ceased without a date" if data.ceased and data.ceased_on is None else ""


def _owner(line: Line, where: str) -> Party:
    data = line.data
    name = data.links.self or f"{line.company_number}/{where}"
    if data.statement or data.kind.startswith("super-secure"):
        return Party(id=name, name=data.statement or data.kind, identified=False, where=where)
    if data.kind.startswith("individual"):
        return Party(id=name, kind="person", name=data.name, where=where)
    number = company_number(data.identification) if data.identification else ""
    return Party(id=number or name, name=data.name, country="GB" if number else "", where=where)


def company_number(identification: _Identification) -> str:
    """The number in the register's own form, eight characters, of a company registered there; else empty."""
    place = f"{identification.country_registered} {identification.place_registered}".lower()
    found = _NUMBER.fullmatch(identification.registration_number.strip().upper())
    if not found or not _BRITISH.search(place):
        return ""
    prefix, digits = found.groups()
    return prefix + digits.zfill(8 - len(prefix))


def _interests(line: Line, owner: str, where: str) -> Iterator[Interest]:
    for part, stake in _stakes(line.data).items():
        data = line.data
        yield Interest(
            owner=owner,
            entity=line.company_number,
            stake=stake,
            part=part,
            start=data.notified_on,
            end=data.ceased_on,
            where=where,
        )


def _stakes(data: Data) -> dict[str, Stake]:
    """What is held outright, and what may be held through a trust or firm, with nothing as its least."""
    natures = data.natures_of_control
    if not natures or not all(_OWNERSHIP.fullmatch(each) or _CONTROL.fullmatch(each) for each in natures):
        return {"": ANY}
    found = [match for match in map(_OWNERSHIP.fullmatch, natures) if match]
    outright = [BANDS[match["band"]] for match in found if not match["through"]]
    through = [BANDS[match["band"]].upper for match in found if match["through"]]
    stakes = {"": _hull(outright) if outright else UNSTATED}
    if through:
        stakes["through"] = Stake(0, max(through))
    return stakes


def _hull(stakes: list[Stake]) -> Stake:
    """Bands that contradict each other: either may be right."""
    whole = stakes[0]
    for stake in stakes[1:]:
        whole = whole.hull(stake)
    return whole


def _control(line: Line, owner: str, where: str) -> Iterator[Control]:
    data = line.data
    for nature in data.natures_of_control:
        if not _OWNERSHIP.fullmatch(nature):
            dates = {"start": data.notified_on, "end": data.ceased_on}
            yield Control(owner=owner, entity=line.company_number, nature=nature, where=where, **dates)
