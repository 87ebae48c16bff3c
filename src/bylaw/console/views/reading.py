"""That somebody looked at raw facts, entered where the store keeps it, under the name they signed in with."""

from collections.abc import Iterable, Mapping
from datetime import UTC

from bylaw.access.subjects import Subject
from bylaw.console.desk import Desk


def looked(desk: Desk, subjects: Iterable[str], by: str, why: str) -> None:
    """A line for each of them that is still known."""
    reading(desk, subjects, by, why)


def reading(desk: Desk, subjects: Iterable[str], by: str, why: str) -> Mapping[str, Subject]:
    """Each of them that is known, as it stands today; a line for each before it is handed out."""
    with (
        desk.office().store() as store,
        store.looking(desk.instant().astimezone(UTC).date(), by=by, why=why) as register,
    ):
        found = ((id, register.get(id)) for id in subjects)
        return {id: subject for id, subject in found if subject is not None}
