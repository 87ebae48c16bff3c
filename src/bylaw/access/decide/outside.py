"""What a decision takes from elsewhere: screening hits and ownership statuses, each with version and age."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import msgspec

from bylaw.access.ownership.solution import Status

Hit = Literal["confirmed", "open", "cleared", "unscreened"]
"""Of a subject on a list: somebody confirmed it, nobody has looked yet, it is somebody else, or it was not screened."""


class _Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``max_age`` is in days: from the day after ``as_of + max_age`` it is stale. None: it does not age."""

    version: str
    as_of: date
    max_age: int | None = None

    @property
    def until(self) -> datetime | None:
        """The first instant at which it is stale."""
        if self.max_age is None:
            return None
        return datetime.combine(self.as_of + timedelta(days=self.max_age + 1), time(), UTC)

    def fault(self, at: datetime) -> str:
        """Why it cannot be relied on; empty if it can."""
        until = self.until
        if self.as_of > at.astimezone(UTC).date():
            return f"is of {self.as_of}, after the decision"
        if until is not None and at >= until:
            return f"is stale: of {self.as_of}, and {self.max_age} days old at the most is allowed"
        return ""


class Screened(_Source, frozen=True, kw_only=True):
    """A list against which every subject of the register was screened; one without a hit is not on it."""

    hits: Mapping[str, Hit] = {}


class Ownership(_Source, frozen=True, kw_only=True):
    """What an ownership rule says of organisations; of one that is not among them nothing is known."""

    statuses: Mapping[str, Status] = {}


class Outside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lists by name, ownership by the name of its rule."""

    lists: Mapping[str, Screened] = {}
    ownership: Mapping[str, Ownership] = {}
