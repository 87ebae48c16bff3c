"""Beneficial Ownership Data Standard 0.4 (standard.openownership.org): statements as JSON, or one a line.

What counts as ownership is the table ``READ_AS``. Of each record the newest statement of the day asked for counts; a
closed relationship is over. A relationship that is spelled out by component records is read from those, not counted
again. A party that the publisher cannot or may not name becomes one that is not identified, and may be anyone.

Nothing is left out silently: ``Records.left_out`` counts it, ``Records.control`` keeps what is power without ownership.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import msgspec

from bylaw.access.ownership.bods_format import (
    VERSION,
    EntityDetails,
    InterestDetails,
    PersonDetails,
    RelationshipDetails,
    Statement,
)
from bylaw.access.ownership.reading import at as at_place
from bylaw.access.ownership.reading import decoded, rows
from bylaw.access.ownership.records import Control, Interest, Party, PartyKind, Records
from bylaw.access.ownership.stake import UNKNOWN, Stake
from bylaw.errors import RecordError

Reading = Literal["owns", "may own", "controls"]

READ_AS: dict[str, Reading] = {
    "shareholding": "owns",
    "rightsToSurplusAssetsOnDissolution": "owns",  # the shares of a partnership; left out beside a shareholding
    "rightsToProfitOrIncome": "may own",
    "rightToProfitOrIncomeFromAssets": "may own",
    "enjoymentAndUseOfAssets": "may own",
    "beneficiaryOfLegalArrangement": "may own",
    "settlor": "may own",
    "trustee": "may own",
    "nominee": "may own",
    "nominator": "may own",
    "unknownInterest": "may own",
    "unpublishedInterest": "may own",
    "votingRights": "controls",
    "appointmentOfBoard": "controls",
    "otherInfluenceOrControl": "controls",
    "seniorManagingOfficial": "controls",
    "protector": "controls",
    "rightsGrantedByContract": "controls",
    "conditionalRightsGrantedByContract": "controls",
    "controlViaCompanyRulesOrArticles": "controls",
    "controlByLegalFramework": "controls",
    "boardMember": "controls",
    "boardChair": "controls",
}
"""Every interest type of the standard. *May own*: it can amount to ownership, so it is nothing at the least."""

ENTITY_KINDS: dict[str, PartyKind] = {"state": "state"}
NAMELESS = {"anonymousEntity", "unknownEntity", "anonymousPerson", "unknownPerson"}
NOBODY = "noBeneficialOwners"


class Placed(msgspec.Struct, frozen=True):
    """A statement, when it was made and where it stands."""

    where: str
    statement: Statement
    made: datetime


def load(path: Path, *, at: date, unknown_as: Literal["direct", "indirect"] = "indirect") -> Records:
    """What the statements made until the day ``at`` say; interests keep their own dates.

    ``unknown_as``: how an interest is read of which nobody says whether it is direct. As ``indirect`` it never blocks,
    and never clears. Raises ``RecordError`` with the place of the row; then nothing has been read.
    """
    newest = _newest(_statements(path), at)
    parties: dict[str, Party] = {}
    interests: list[Interest] = []
    control: list[Control] = []
    left_out = Counter[str]()
    for placed in newest:
        if placed.statement.record_type != "relationship":
            parties[placed.statement.record_id] = _party(placed)
        elif placed.statement.record_status == "closed":
            left_out["a relationship that is closed"] += 1
        else:
            relationship = _Relationship(placed, unknown_as)
            parties |= relationship.nameless()
            interests += relationship.interests(left_out)
            control += relationship.control()
    return Records(
        parties=tuple(parties.values()), interests=tuple(interests), control=tuple(control), left_out=dict(left_out)
    )


def _statements(path: Path) -> Iterator[Placed]:
    seen: dict[str, str] = {}
    for where, content in rows(path):
        if b'"statementType"' in content and b'"recordType"' not in content:
            raise RecordError(f"this is a statement of an older version; version {VERSION} is read", where)
        statement = decoded(content, Statement, where)
        if not statement.publication_details.bods_version.startswith(VERSION):
            version = statement.publication_details.bods_version
            raise RecordError(f"this is a statement of version {version}; version {VERSION} is read", where)
        if statement.statement_id in seen:
            before = seen[statement.statement_id]
            raise RecordError(f"statement {statement.statement_id!r} was given before, at {before}", where)
        seen[statement.statement_id] = where
        with at_place(where):
            made = statement.made
        yield Placed(where, statement, made)


def _newest(statements: Iterable[Placed], at: date) -> list[Placed]:
    """The statement that counts for each record on that day: the last by date, then by place in the file."""
    newest: dict[str, Placed] = {}
    for placed in statements:
        before = newest.get(placed.statement.record_id)
        if placed.made.date() <= at and (before is None or _succeeds(placed, before)):
            newest[placed.statement.record_id] = placed
    return list(newest.values())


def _succeeds(placed: Placed, before: Placed) -> bool:
    one, other = placed.statement, before.statement
    if one.record_type != other.record_type:
        raise RecordError(f"record {one.record_id!r} is a {other.record_type} at {before.where}", placed.where)
    if one.record_status == other.record_status == "new":
        raise RecordError(f"record {one.record_id!r} is new twice, the other time at {before.where}", placed.where)
    return placed.made >= before.made


def _party(placed: Placed) -> Party:
    statement, where = placed.statement, placed.where
    if statement.record_type == "person":
        person = decoded(bytes(statement.record_details), PersonDetails, where)
        name = person.names[0].full_name if person.names else ""
        known = person.person_type not in NAMELESS
        return Party(id=statement.record_id, kind="person", name=name, identified=known, where=where)
    entity = decoded(bytes(statement.record_details), EntityDetails, where)
    return Party(
        id=statement.record_id,
        kind=ENTITY_KINDS.get(entity.entity_type.type, "entity"),
        name=entity.name,
        identified=entity.entity_type.type not in NAMELESS,
        country=entity.jurisdiction.code if entity.jurisdiction else "",
        where=where,
    )


class _Relationship:
    """One relationship, read."""

    def __init__(self, placed: Placed, unknown_as: Literal["direct", "indirect"]) -> None:
        self.where = placed.where
        self.unknown_as = unknown_as
        self.details = decoded(bytes(placed.statement.record_details), RelationshipDetails, placed.where)
        party = self.details.interested_party
        self.owner = party if isinstance(party, str) else f"unspecified:{placed.statement.record_id}"
        self.reason = "" if isinstance(party, str) else party.reason
        self.entity = self.details.subject if isinstance(self.details.subject, str) else ""
        self.rows = self.details.interests or (InterestDetails(),)
        for row in self.rows:
            if row.type not in READ_AS:
                raise RecordError(f"no interest type of version {VERSION} is called {row.type!r}", self.where)

    def nameless(self) -> dict[str, Party]:
        """The party that stands for one who is not named."""
        if not self.entity or not self.reason or self.reason == NOBODY:
            return {}
        return {self.owner: Party(id=self.owner, name=self.reason, identified=False, where=self.where)}

    def interests(self, left_out: Counter[str]) -> Iterator[Interest]:
        """Its interests of ownership."""
        if not self.entity:
            left_out["a relationship whose subject is not specified"] += 1
        elif self.reason == NOBODY:
            left_out["a statement that there is no beneficial owner"] += 1
        else:
            for row in self.rows:
                if READ_AS[row.type] != "controls":
                    yield from self._interest(row, left_out)

    def control(self) -> Iterator[Control]:
        """Its interests that are power without ownership."""
        for row in self.rows if self.entity else ():
            if READ_AS[row.type] == "controls":
                dates = {"start": row.start_date, "end": row.end_date}
                yield Control(owner=self.owner, entity=self.entity, nature=row.type, where=self.where, **dates)

    def _interest(self, row: InterestDetails, left_out: Counter[str]) -> Iterator[Interest]:
        if row.direct_or_indirect == "indirect" and self.details.component_records:
            left_out["an indirect interest that is spelled out by its components"] += 1
        elif row.type.startswith("rightsToSurplus") and any(each.type == "shareholding" for each in self.rows):
            left_out["rights to surplus assets beside a shareholding"] += 1
        else:
            directness = self.unknown_as if row.direct_or_indirect == "unknown" else row.direct_or_indirect
            yield Interest(
                owner=self.owner,
                entity=self.entity,
                stake=self._stake(row),
                direct=directness == "direct",
                part="" if READ_AS[row.type] == "owns" else row.type,
                start=row.start_date,
                end=row.end_date,
                where=self.where,
            )

    def _stake(self, row: InterestDetails) -> Stake:
        with at_place(self.where):
            stake = row.share.stake() if row.share else UNKNOWN
        return stake if READ_AS[row.type] == "owns" else Stake(0, stake.upper)
