"""What has become of every document that was enacted: to come, in force, ended, or put out by another."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from bylaw.access.office.journal import Act
from bylaw.access.office.place import Office
from bylaw.access.rules.document import Directive, Document
from bylaw.errors import UsageError

State = Literal["to come", "in force", "ended", "rescinded", "superseded"]
LIVE: tuple[State, ...] = ("to come", "in force")


class Status(msgspec.Struct, frozen=True):
    """An enacted document; ``by`` is the one that put it out."""

    act: Act
    document: Document
    state: State
    by: str = ""

    @property
    def words(self) -> str:
        """``rescinded by order-8@1``, ``to come``."""
        return f"{self.state} by {self.by}" if self.by else self.state


def statuses(office: Office, at: datetime) -> tuple[Status, ...]:
    """Of every document enacted by an instant, in order. Raises ``VerificationError`` for one that is not as signed."""
    acts, documents = office.journal.acts(at), office.rules(at)
    counting = [each.document for each in office.policy(at).rules]
    return tuple(_status(act, one, counting, at) for act, one in zip(acts, documents, strict=True))


def status(office: Office, name: str, at: datetime) -> Status:
    """Of one. Raises ``UsageError`` if it was never enacted."""
    for each in statuses(office, at):
        if each.document.name == name:
            return each
    raise UsageError(f"nothing was enacted here as {name}")


def before(office: Office, document: Document, at: datetime) -> Document | None:
    """The version enacted before this one; None: there is none."""
    earlier = [each for each in office.rules(at) if each.id == document.id and each.version < document.version]
    return max(earlier, key=lambda each: each.version, default=None)


def idle(office: Office, documents: Iterable[Document], at: datetime) -> Iterator[tuple[str, str, str]]:
    """(name, field, sentence) for what in documents that are not enacted would have no effect at an instant."""
    enacted = {act.digest for act in office.journal.acts()}
    for one in documents:
        if one.digest in enacted:
            continue
        if one.effective_until is not None and one.effective_from < one.effective_until <= at:
            yield (
                one.name,
                "effective_until",
                f"ended on {one.effective_until}, so it is not in force if it is enacted now",
            )
        for name in getattr(one, "rescinds", ()):
            mine = [each for each in statuses(office, at) if name in (each.document.id, each.document.name)]
            if mine and all(each.state not in LIVE for each in mine):
                yield one.name, "rescinds", f"{name} is {mine[-1].words} already"


def _status(act: Act, document: Document, counting: Sequence[Document], at: datetime) -> Status:
    if document.name in {each.name for each in counting}:
        return Status(act, document, "in force")
    if document.effective_from > at:
        return Status(act, document, "to come")
    if document.effective_until is not None and document.effective_until <= at:
        return Status(act, document, "ended")
    return _put_out(act, document, counting)


def _put_out(act: Act, document: Document, counting: Sequence[Document]) -> Status:
    names = {document.id, document.name}
    for other in counting:
        if isinstance(other, Directive) and names & set(other.rescinds):
            return Status(act, document, "rescinded", other.name)
        if names & set(other.supersedes):
            return Status(act, document, "superseded", other.name)
    return Status(act, document, "superseded")
