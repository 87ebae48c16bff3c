"""The people of the days in force, made once for a day and an import.

Of a million subjects that takes the better part of a minute, and nothing that is enacted meanwhile may wait for it. So
it is done on a thread, and until it is done heads go out with the people of the import before. Only who has nobody yet
waits. A publisher that is started again goes on with the parts that its last head names, unless something was erased
since they were made.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bylaw.access.office.place import Office
from bylaw.errors import VerificationError
from bylaw.gateway.snapshot import people
from bylaw.gateway.snapshot.head import Day, Head
from bylaw.gateway.snapshot.parts import Parts, digest_of
from bylaw.storage import TEMPORARY

Made = dict[tuple[str, int], Day]


class Ready(NamedTuple):
    """Everybody on some days, by what an import had told."""

    imports: int
    days: dict[str, Day]


class Everybody:
    """Makes them; ``aside``: on a thread where there are some already."""

    def __init__(self, office: Office, parts: Parts, last: Head | None, aside: bool) -> None:
        self.office, self.parts, self.aside = office, parts, aside
        self._made: Made = self._kept(last) if last else {}
        self._making: _Making | None = None

    def ready(self, days: Sequence[str], imports: int) -> Ready:
        """Everybody on these days by that import, or by the one before as long as they are being made."""
        self._taken()
        missing = [day for day in days if (day, imports) not in self._made]
        before = max((by for day, by in self._made if day == days[0]), default=None)
        if not missing:
            self._made = {key: each for key, each in self._made.items() if key[1] == imports and key[0] in days}
            return Ready(imports, {day: self._made[day, imports] for day in days})
        if not self.aside or before is None:
            self._begun(missing, imports).join()
            return self.ready(days, imports)
        if self._making is None:
            self._begun(missing, imports)
        return Ready(before, {day: self._made[day, before] for day in days if (day, before) in self._made})

    def _begun(self, days: Sequence[str], imports: int) -> "_Making":
        self._making = _Making(self.office, self.parts.folder, days, imports)
        self._making.start()
        return self._making

    def _taken(self) -> None:
        """What was made on the thread is kept. Raises what it raised."""
        making = self._making
        if making is None or making.is_alive():
            return
        self._making = None
        if making.failed is not None:
            raise making.failed
        for day, files in making.made.items():
            subjects, facts = (self.parts.keep(path, name) for path, name in files)
            self._made[day, making.imports] = Day(subjects=subjects, facts=facts)

    def _kept(self, last: Head) -> Made:
        """Of the last head, what lies there as it was and holds nothing that was erased since."""
        with self.office.store() as store:
            erased = max((each.at.timestamp() for each in store.erasures()), default=0.0)
        kept: Made = {}
        for name, day in last.days.items():
            try:
                paths = [self.parts.find(each) for each in (day.subjects, day.facts)]
            except VerificationError:
                continue  # it is made anew
            if min(path.stat().st_mtime for path in paths) > erased:
                kept[name, last.imports] = day
        return kept


class _Making(threading.Thread):
    """Makes some days: by day, the two files with their digests, under names that nobody reads yet."""

    def __init__(self, office: Office, folder: Path, days: Sequence[str], imports: int) -> None:
        super().__init__(name="people", daemon=True)
        self.made: dict[str, list[tuple[Path, str]]] = {}
        self.failed: Exception | None = None
        self.imports = imports
        self._office, self._folder, self._days = office, folder, days

    def run(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for day in self._days:
                self.made[day] = self._of(day)
        except Exception as error:  # noqa: BLE001  it is raised where it is taken
            self.failed = error

    def _of(self, day: str) -> list[tuple[Path, str]]:
        register = self._office.register(datetime.fromisoformat(day).replace(tzinfo=UTC), self.imports)
        paths = [self._folder / f".{kind}-{day}{TEMPORARY}" for kind in ("subjects", "facts")]
        people.write(register, *paths)
        return [(path, digest_of(path)) for path in paths]
