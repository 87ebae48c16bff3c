"""The publisher: what the office says and who has a key, as one signed head over parts.

It alone reads the office's databases and holds the snapshot's key. It signs anew when an act, an import, a list or a
key has come, when the rules change by their own dates, before a day ends, and before workers would find the head too
old.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bylaw.access.office.place import Office, stamp
from bylaw.access.rules.document import Document
from bylaw.canonical import canonical
from bylaw.errors import VerificationError
from bylaw.gateway.caller.keys import KeyFile
from bylaw.gateway.settings import SnapshotSettings
from bylaw.gateway.snapshot.everybody import Everybody
from bylaw.gateway.snapshot.head import Day, Head, read_head, write_head
from bylaw.gateway.snapshot.parts import Parts
from bylaw.gateway.snapshot.table import write_table
from bylaw.signing import Signer
from bylaw.storage import write_bytes

EVENING = timedelta(hours=1)
"""So long before midnight (UTC) tomorrow's people are made."""


class Mark(NamedTuple):
    """What a head was made from; another mark, another head."""

    acts: tuple[int, int]
    imports: int
    outside: str
    keys: tuple[int, int]
    days: tuple[tuple[str, Day], ...]


class Publisher:
    """Signs heads for one office. ``aside``: people are made on a thread, and heads go out meanwhile."""

    def __init__(
        self,
        office: Office,
        keys: KeyFile,
        folder: Path,
        signer: Signer,
        settings: SnapshotSettings,
        aside: bool = False,
    ) -> None:
        self.office, self.keys, self.signer, self.settings = office, keys, signer, settings
        self.parts = Parts(folder)
        self._mark: Mark | None = None
        self._had: dict[str, tuple[object, str]] = {}
        self._last = self._found()
        self._everybody = Everybody(office, self.parts, self._last, aside)

    def turn(self, now: float) -> Head | None:
        """Sign anew if there is a reason to; returns the head then."""
        mark = self._look(self._instant(now))
        last = self._last
        if mark == self._mark and last is not None and 0 <= now - last.made < self.settings.renew_seconds:
            return None
        return self.publish(mark, now)

    def publish(self, mark: Mark, now: float) -> Head:
        """Sign what is. Raises ``VerificationError`` if something enacted is not what was signed: then nothing is."""
        at = self._instant(now)
        acts = len(self.office.journal.acts(at))
        rules = self.office.rules(at, acts)
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
            hits=self._once("hits", mark.outside, lambda: self._json(self.office.outside.read(mark.outside))),
            keys=self._once("keys", mark.keys, self._keys),
            days=dict(mark.days),
        )
        write_head(self.parts.folder, head, self.signer)
        self.parts.keep_only(head.parts | (self._last.parts if self._last else frozenset()))
        self._mark, self._last = mark, head
        return head

    def _instant(self, now: float) -> datetime:
        """Never before the last act: signed anew by a clock set back, a head would have forgotten it."""
        return self.office.clock(datetime.fromtimestamp(int(now), UTC))

    def _look(self, today: datetime) -> Mark:
        with self.office.store() as store:
            imports = store.last_import()
        journal = self.office.journal.path
        found = journal.stat() if journal.exists() else None
        days = dict.fromkeys(str(each.date()) for each in (today, today + EVENING))
        acts = (found.st_size, found.st_mtime_ns) if found else (0, 0)
        ready = self._everybody.ready(tuple(days), imports)
        return Mark(acts, ready.imports, self.office.outside.key(), self.keys.mark, tuple(ready.days.items()))

    def _once(self, what: str, key: object, make: Callable[[], str]) -> str:
        """A part that is the same as long as what it was made from is."""
        had = self._had.get(what)
        if had is None or had[0] != key:
            had = self._had[what] = key, make()
        return had[1]

    def _keys(self) -> str:
        return self.parts.put(lambda path: write_table(path, self.keys.valid().items()))

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
