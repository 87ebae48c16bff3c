"""The publisher: what the office says and who has a key, as one signed head over parts.

It alone reads the office's databases and holds the snapshot's key. It signs anew when an act, an import, a list or a
key has come, when the rules change by their own dates, before a day ends, and before workers would find the head too
old.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bylaw.access.office.place import Office, stamp
from bylaw.access.rules.document import Document
from bylaw.canonical import canonical
from bylaw.errors import VerificationError
from bylaw.gateway.caller.keys import KeyFile
from bylaw.gateway.settings import SnapshotSettings
from bylaw.gateway.snapshot import people
from bylaw.gateway.snapshot.head import Day, Head, read_head, write_head
from bylaw.gateway.snapshot.parts import Parts
from bylaw.gateway.snapshot.table import write_table
from bylaw.signing import Signer
from bylaw.storage import TEMPORARY, write_bytes

EVENING = timedelta(hours=1)
"""So long before midnight (UTC) tomorrow's people are made."""


class Mark(NamedTuple):
    """What a head was made from; another mark, another head."""

    acts: tuple[int, int]
    imports: int
    outside: str
    keys: tuple[int, int]
    days: tuple[str, ...]


class Publisher:
    """Signs heads for one office."""

    def __init__(self, office: Office, keys: KeyFile, folder: Path, signer: Signer, settings: SnapshotSettings) -> None:
        self.office, self.keys, self.signer, self.settings = office, keys, signer, settings
        self.parts = Parts(folder)
        self._mark: Mark | None = None
        self._days: dict[tuple[str, int], Day] = {}
        self._last = self._found()

    def turn(self, now: float) -> Head | None:
        """Sign anew if there is a reason to; returns the head then."""
        mark = self._look(now)
        last = self._last
        if mark == self._mark and last is not None and 0 <= now - last.made < self.settings.renew_seconds:
            return None
        return self.publish(mark, now)

    def publish(self, mark: Mark, now: float) -> Head:
        """Sign what is. Raises ``VerificationError`` if something enacted is not what was signed: then nothing is."""
        at = datetime.fromtimestamp(int(now), UTC)
        acts = len(self.office.journal.acts(at))
        rules, outside = self.office.rules(at, acts), self.office.outside.read(mark.outside)
        head = Head(
            version=1 + (self._last.version if self._last else 0),
            made=now,
            max_age=self.settings.max_age_seconds,
            at=stamp(at),
            imports=mark.imports,
            acts=acts,
            outside=mark.outside,
            models=self.office.settings.models,
            rules=self._json([self._text(each) for each in rules]),
            hits=self._json(outside),
            keys=self.parts.put(lambda path: write_table(path, self.keys.valid().items())),
            days={day: self._day(day, mark.imports) for day in mark.days},
        )
        write_head(self.parts.folder, head, self.signer)
        self.parts.keep_only(head.parts | (self._last.parts if self._last else frozenset()))
        self._mark, self._last = mark, head
        return head

    def _look(self, now: float) -> Mark:
        with self.office.store() as store:
            imports = store.last_import()
        journal = self.office.journal.path
        found = journal.stat() if journal.exists() else None
        today = datetime.fromtimestamp(now, UTC)
        days = dict.fromkeys(str(each.date()) for each in (today, today + EVENING))
        acts = (found.st_size, found.st_mtime_ns) if found else (0, 0)
        return Mark(acts, imports, self.office.outside.key(), self.keys.mark, tuple(days))

    def _day(self, day: str, imports: int) -> Day:
        """Everybody on a day; made once for a day and an import."""
        made = self._days.get((day, imports))
        if made is None:
            register = self.office.register(datetime.fromisoformat(day).replace(tzinfo=UTC), imports)
            facts = self.parts.folder / f".facts{TEMPORARY}"
            subjects = self.parts.put(lambda path: people.write(register, path, facts))
            made = Day(subjects=subjects, facts=self.parts.take(facts))
            self._days = {key: each for key, each in self._days.items() if key[1] == imports} | {(day, imports): made}
        return made

    def _text(self, document: Document) -> str:
        return (self.office.rules_folder / f"{document.name}.toml").read_text(encoding="utf-8")

    def _json(self, value: object) -> str:
        return self.parts.put(lambda path: write_bytes(path, canonical(value)))

    def _found(self) -> Head | None:
        """The head of an earlier publisher: versions go on from it."""
        try:
            return read_head(self.parts.folder, self.signer.public)
        except VerificationError:
            return None
