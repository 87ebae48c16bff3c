"""The fields of the Beneficial Ownership Data Standard 0.4 that ownership depends on; others are passed over."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from bylaw.access.ownership.stake import WHOLE, Stake, between
from bylaw.errors import UsageError

VERSION = "0.4"


class _Camel(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Share(_Camel, frozen=True):
    """``share`` of an interest, in percent."""

    exact: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: Decimal | None = None
    exclusive_maximum: Decimal | None = None

    def stake(self) -> Stake:
        """The narrowest stake it allows. Raises ``UsageError`` for a share that cannot be."""
        whole = Stake(0, WHOLE)
        for low, high, open_ in (
            (self.minimum, self.maximum, False),
            (self.exclusive_minimum, self.exclusive_maximum, True),
            (self.exact, self.exact, False),
        ):
            one = between(
                0 if low is None else low,
                100 if high is None else high,
                above=open_ and low is not None,
                below=open_ and high is not None,
            )
            whole = Stake(max(whole.lower, one.lower), min(whole.upper, one.upper))
        return whole


class InterestDetails(_Camel, frozen=True):
    """An element of ``interests``."""

    type: str = "unknownInterest"
    direct_or_indirect: Literal["direct", "indirect", "unknown"] = "unknown"
    share: Share | None = None
    start_date: date | None = None
    end_date: date | None = None


class Unspecified(_Camel, frozen=True):
    """In place of a record's id: why there is none."""

    reason: str


class RelationshipDetails(_Camel, frozen=True):
    """``recordDetails`` of a relationship."""

    subject: str | Unspecified
    interested_party: str | Unspecified
    interests: tuple[InterestDetails, ...] = ()
    component_records: tuple[str, ...] = ()


class _Type(_Camel, frozen=True):
    type: str


class _Jurisdiction(_Camel, frozen=True):
    code: str = ""


class EntityDetails(_Camel, frozen=True):
    """``recordDetails`` of an entity."""

    entity_type: _Type
    name: str = ""
    jurisdiction: _Jurisdiction | None = None


class _Name(_Camel, frozen=True):
    full_name: str = ""


class PersonDetails(_Camel, frozen=True):
    """``recordDetails`` of a person."""

    person_type: str
    names: tuple[_Name, ...] = ()


class _Publication(_Camel, frozen=True):
    bods_version: str = VERSION


class Statement(_Camel, frozen=True):
    """One statement: what a publisher said of one record on one day."""

    statement_id: str
    record_id: str
    record_type: Literal["entity", "person", "relationship"]
    record_details: msgspec.Raw = msgspec.Raw(b"{}")
    record_status: Literal["new", "updated", "closed"] = "new"
    statement_date: str = ""
    publication_details: _Publication = _Publication()

    @property
    def made(self) -> datetime:
        """When it was declared, without a zone; a day begins at midnight, and one that is not said before all others.

        Raises ``UsageError`` for what is neither a date nor a date and time.
        """
        if not self.statement_date:
            return datetime.min
        try:
            return datetime.fromisoformat(self.statement_date).replace(tzinfo=None)
        except ValueError as error:
            raise UsageError(f"statementDate {self.statement_date!r} is no date") from error
