"""What a register says, before it is put together: parties, interests, control. All of it keeps its place of origin."""

from datetime import date
from typing import Literal

import msgspec

from bylaw.access.ownership.stake import Stake

PartyKind = Literal["entity", "person", "state"]


class Party(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Somebody who owns or can be owned. Nobody owns a person or a state.

    ``identified`` is false where the records say that somebody is there but not who: it may be anyone, a seed too.
    ``country`` is where an entity is organised, as the register says; a headquarters may be elsewhere.
    """

    id: str
    kind: PartyKind = "entity"
    name: str = ""
    identified: bool = True
    country: str = ""
    where: str = ""

    @property
    def title(self) -> str:
        """What to call it in a text."""
        return f"{self.name} ({self.id})" if self.name and self.name != self.id else self.id


class Interest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """``owner`` holds ``stake`` of ``entity`` from ``start`` until the day before ``end``; None is open.

    ``part`` tells parts of one holding apart, which add up: two interests of one owner in one entity with the same part
    on the same day contradict or repeat each other.

    ``direct`` is false where it is held through others whom the records do not name: then ``stake`` says nothing of
    who holds what directly, and all that follows is that the owner may stand behind the entity.
    """

    owner: str
    entity: str
    stake: Stake
    direct: bool = True
    part: str = ""
    start: date | None = None
    end: date | None = None
    where: str = ""

    def holds(self, at: date) -> bool:
        """Whether it is in force on that day. The last day is the buyer's, or a sale would count twice."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Power without ownership: it never blocks (OFAC FAQ 398) but calls for caution, so it is kept and shown."""

    owner: str
    entity: str
    nature: str
    start: date | None = None
    end: date | None = None
    where: str = ""


class Records(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a loader read. ``left_out`` counts, by reason, what was read and says nothing about ownership."""

    parties: tuple[Party, ...]
    interests: tuple[Interest, ...]
    control: tuple[Control, ...] = ()
    left_out: dict[str, int] = {}
