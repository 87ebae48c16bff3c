"""Under which organisation somebody is counted, by the people of the snapshot: no database is asked for it."""

from collections.abc import Mapping

from bylaw.access.office.impact import UNKNOWN, organization_of
from bylaw.access.subjects import Subject
from bylaw.errors import BylawError
from bylaw.gateway.snapshot.head import Head, read_head
from bylaw.gateway.snapshot.parts import Parts
from bylaw.gateway.snapshot.people import People
from bylaw.gateway.state import State


class Organizations:
    """Looks in the people of the day that the publisher signed last; without any, nobody has an organisation."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._head: Head | None = None
        self._people: Mapping[str, Subject] = {}

    def renew(self) -> None:
        """See whether there is another snapshot."""
        try:
            head = read_head(self._state.snapshot, self._state.public_key())
            if self._head is None or head.days != self._head.days:
                day = head.days[max(head.days)]
                parts = Parts(self._state.snapshot)
                self._people = People(parts.find(day.subjects), parts.find(day.facts))
            self._head = head
        except (BylawError, OSError):
            return  # the one before, or none: a decision is then counted under no organisation

    def of(self, subject: str) -> str:
        """The organisation's id; an end user's that it vouches for is what stands before the colon; empty: unknown."""
        found = self._people.get(subject)
        if found is None:
            before = subject.partition(":")[0]
            return before if before != subject and before in self._people else ""
        organization = organization_of(found, self._people)
        return "" if organization == UNKNOWN else organization
