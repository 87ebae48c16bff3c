"""``Office``: where everything lies, and what held at any instant."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bylaw.access.decide.policy import Policy, compile
from bylaw.access.office.archive import Archive
from bylaw.access.office.journal import Act, Journal, Known
from bylaw.access.office.made import Basis
from bylaw.access.office.outside import Kept, SeedSettings
from bylaw.access.rules.approval import NOBODY_YET, Approvers, approved
from bylaw.access.rules.document import Document
from bylaw.access.screening.lists import Lists
from bylaw.access.store.store import TO_DECIDE, Store
from bylaw.access.subjects import Subject
from bylaw.errors import UsageError, VerificationError
from bylaw.ledger.entries import Reference, reference
from bylaw.settings import dumps, load
from bylaw.storage import alone, write_text

NAME = "office.name"


class OfficeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this office is about.

    ``models`` are the models it decides on; ``ownership`` the seeds of each ownership rule by name; ``list_days`` how
    many days old a list may be, by its name, ``"*"`` for the rest.
    """

    models: tuple[str, ...] = ()
    ownership: dict[str, SeedSettings] = {}
    list_days: dict[str, int] = msgspec.field(default_factory=lambda: {"*": 7})


class Office:
    """An office below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = load(OfficeSettings, root / "access.toml")
        self.rules_folder = root / "rules"
        self.journal = Journal(root / "journal.jsonl")
        self.lists = Lists(root / "lists")
        self.outside = Kept(root / "outside")
        self.archive = Archive(root / "decisions")

    @classmethod
    def open(cls, root: Path) -> "Office":
        """The office in a directory. Raises ``UsageError`` if there is none."""
        if not (root / "access.toml").is_file():
            raise UsageError(
                f"{root} is no office: make one with `bylaw access init --model NAME --office {root}`,"
                " or one to practise in with `bylaw access demo`"
            )
        return cls(root)

    @classmethod
    def create(cls, root: Path, settings: OfficeSettings | None = None) -> "Office":
        """An office with nothing in force. Raises ``UsageError`` if there is one already."""
        if (root / "access.toml").exists():
            raise UsageError(f"{root} is an office already")
        (root / "rules").mkdir(parents=True, exist_ok=True)
        write_text(root / "approvers.toml", NOBODY_YET)
        write_text(root / "access.toml", dumps(settings or OfficeSettings()))
        made = cls(root)
        made.name()
        return made

    def name(self) -> Reference:
        """What the ledger's entries call this office: a random name, which says nothing of it. Made when it is first
        asked for; whoever changes it afterwards disowns every entry that bears the old one, and that is seen.
        """
        if self.known_as is None:
            write_text(self.root / NAME, secrets.token_hex(32) + "\n")
        return reference((self.root / NAME).read_bytes())

    @property
    def known_as(self) -> Reference | None:
        """Its name, if it has one already."""
        path = self.root / NAME
        return reference(path.read_bytes()) if path.is_file() else None

    def store(self) -> Store:
        """The facts; close it when done."""
        return Store.open(self.root / "facts")

    def approvers(self) -> Approvers:
        """Whose signatures count."""
        return Approvers.read(self.root / "approvers.toml")

    def clock(self, at: datetime) -> datetime:
        """An instant, never before the last act, whatever the clock says: else a directive would be forgotten."""
        return max([at, *(act.at for act in self.journal.acts()[-1:])])

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Be the only process that changes what is in force here. Raises ``UsageError`` if another one does."""
        busy = UsageError(f"another process is changing {self.root}; try again when it is done")
        with alone(self.root / ".lock", busy):
            yield

    def rules(self, at: datetime, known_by: Known = None) -> tuple[Document, ...]:
        """The documents enacted by ``known_by`` (``at``, by default), each with two signatures that counted then."""
        acts = self.journal.acts(at if known_by is None else known_by)
        approvers = self.approvers() if acts else None
        return tuple(self._document(act, approvers) for act in acts if approvers)

    def _document(self, act: Act, approvers: Approvers) -> Document:
        document = approved(self.rules_folder / f"{act.document}.toml", approvers, act.at)
        if document.digest != act.digest:
            raise VerificationError(
                "enacted", f"{act.document} is not the document that was enacted at {stamp(act.at)}"
            )
        return document

    def policy(self, at: datetime, basis: Basis | None = None) -> Policy:
        """What holds at an instant, for the models of this office; or by what a basis knew."""
        if basis is None:
            return compile(self.rules(at), self.outside.current(), at, self.settings.models)
        return compile(self.rules(at, basis.acts), self.outside.read(basis.outside), at)

    def policies(self, at: datetime, extra: Iterable[Document]) -> tuple[Policy, Policy]:
        """What holds at an instant, and what would hold with some documents more."""
        rules, outside, models = self.rules(at), self.outside.current(), self.settings.models
        return compile(rules, outside, at, models), compile((*rules, *extra), outside, at, models)

    def register(self, at: datetime, facts: int | None = None) -> Mapping[str, Subject]:
        """Everybody as they stood, by what an import (the last one, by default) had told."""
        with self.store() as store:
            return store.register(at.astimezone(UTC).date(), facts)

    @contextmanager
    def subjects(self, at: datetime, facts: int | None = None, why: str = TO_DECIDE) -> Iterator[Mapping[str, Subject]]:
        """The same for a few decisions: each subject is read, and the log says so, when it is first asked for."""
        with self.store() as store, store.looking(at.astimezone(UTC).date(), facts, why=why) as found:
            yield found

    def present(self, at: datetime) -> tuple[Policy, Basis]:
        """What holds now, and the basis of decisions by it over ``subjects(at, basis.facts)``.

        The basis is read first, and the rest by it: what is imported or enacted meanwhile is in neither.
        """
        with self.store() as store:
            last = store.last_import()
        acts, key = len(self.journal.acts()), self.outside.key()
        policy = compile(self.rules(at, acts), self.outside.read(key), at, self.settings.models)
        return policy, Basis(at=stamp(at), facts=last, acts=acts, rules=policy.id, outside=key)

    def basis(self, at: datetime, policy: Policy) -> Basis:
        """What decisions of now are made from, where nobody imports or enacts meanwhile."""
        with self.store() as store:
            last = store.last_import()
        acts = len(self.journal.acts())
        return Basis(at=stamp(at), facts=last, acts=acts, rules=policy.id, outside=self.outside.key())


def stamp(at: datetime) -> str:
    """An instant as records and the ledger write it. Raises ``UsageError`` for one without a zone, or outside the
    years 1 to 9999 of UTC.
    """
    if at.tzinfo is None:
        raise UsageError(f"an instant needs a time zone: {at.isoformat()}")
    try:
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        raise UsageError(f"there is no such instant in UTC: {at.isoformat()}") from None


def instant(text: str) -> datetime:
    """The instant in a text such as ``2026-06-12T21:21:00Z`` or ``2026-06-12`` (its beginning, UTC)."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"an instant is given as 2026-06-12T21:21:00Z, or 2026-06-12, not {text!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
