"""``Store``: what is known of everybody, in one directory.

::

    DIRECTORY/facts.sqlite     imports, subjects, facts, history, holds, erasures
    DIRECTORY/reads.sqlite     who looked at raw facts, when, at which, why
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType

from bylaw import storage
from bylaw.access.store import erasure, finding, imports, reads, register, retention, schema
from bylaw.access.store.database import Database
from bylaw.access.store.errors import StoreError
from bylaw.access.store.minimise import Minimised, minimise
from bylaw.access.store.records import Entry, Erasure, Hold, Import, Known, Read, Said
from bylaw.access.store.retention import Retention, Retired
from bylaw.access.subjects import FactName, Register, Subject, SubjectKind

TO_DECIDE = "to decide"
"""Why a register is usually read."""


class Store:
    """Opened by ``open``; one process may write while others read."""

    def __init__(self, directory: Path, facts: Database, reads: Database) -> None:
        self.directory = directory
        self._facts = facts
        self._reads = reads

    @classmethod
    def open(cls, directory: Path) -> "Store":
        """The store in a directory, made or brought to the newest version. Raises ``StoreError``, also where there was
        one and its facts are gone: an empty one in their place would say that nobody is known.
        """
        with storage.explained(directory):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts, log = directory / "facts.sqlite", directory / "reads.sqlite"
        if log.exists() and not (facts.exists() and facts.stat().st_size):
            raise StoreError(f"{facts} is gone, or empty, and {log.name} beside it is not: bring back a copy")
        return cls._opened(directory)

    @classmethod
    def _opened(cls, directory: Path) -> "Store":
        facts = Database(directory / "facts.sqlite", schema.FACTS_ID, schema.FACTS)
        try:
            return cls(directory, facts, Database(directory / "reads.sqlite", schema.READS_ID, schema.READS))
        except BaseException:
            facts.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of both files."""
        self._facts.close()
        self._reads.close()

    def record(
        self,
        said: Iterable[Said],
        *,
        source: str,
        digest: str,
        by: str,
        at: datetime | None = None,
        after: int | None = None,
    ) -> Import:
        """Add what is said, as one import: all of it or nothing. ``at``: by default now; see ``imports.write``."""
        reads.require_named(by, source)
        try:
            with self._facts.writing() as connection:
                done = imports.write(
                    connection, said, source=source, digest=digest, by=by, at=at or datetime.now(UTC), after=after
                )
        except StoreError:  # what a full disk did not take gives its room back
            with suppress(StoreError):
                self._facts.shrink(wait=False)
            raise
        self._facts.shrink(wait=False)
        return done

    def damage(self) -> Iterator[str]:
        """A sentence for each file of which SQLite says that it is not whole."""
        for base in (self._facts, self._reads):
            found = base.damage()
            if found:
                yield f"{base.path} is damaged: {found}"

    def imports(self) -> tuple[Import, ...]:
        """Every import, in order."""
        with self._facts.reading() as connection:
            return tuple(imports.listed(connection))

    def last_import(self) -> int:
        """The id of the latest import; 0 before the first."""
        with self._facts.reading() as connection:
            return imports.last_import(connection)

    def register(
        self, on: date, recorded_by: int | datetime | None = None, *, by: str = "bylaw", why: str = TO_DECIDE
    ) -> Register:
        """Every subject as it stood on a day, by what was recorded by an import or a time; one line in the log."""
        self._enter(by, why, None)
        with self._facts.reading() as connection:
            return register.register(connection, on, recorded_by)

    @contextmanager
    def looking(
        self, on: date, recorded_by: int | datetime | None = None, *, by: str = "bylaw", why: str = TO_DECIDE
    ) -> Iterator[Mapping[str, Subject]]:
        """A register for a few decisions, all of one moment: it reads, and enters in the log, only whom it is asked."""
        with self._facts.reading() as connection:
            last = register.import_of(connection, recorded_by)
            yield register.Looked(connection, on, last, partial(self._enter, by, why))

    def subject(self, id: str, on: date, *, by: str, why: str, recorded_by: int | datetime | None = None) -> Subject:
        """One subject as it stood. Raises ``UsageError`` if nothing was known of it."""
        with self._facts.reading() as connection:
            number, _, _ = register.found(connection, id)
            found = register.subject(connection, id, on, recorded_by)
            self._enter(by, why, number, tuple(found.known))
            return found

    def history(self, id: str, *, by: str, why: str) -> tuple[Entry, ...]:
        """All that was ever said of a subject. Raises ``UsageError`` if nothing was."""
        with self._facts.reading() as connection:
            number, _, _ = register.found(connection, id)
            found = register.history(connection, id)
            self._enter(by, why, number, tuple(dict.fromkeys(entry.name for entry in found if entry.fact)))
            return found

    def kinds(self, ids: Sequence[str]) -> dict[str, SubjectKind]:
        """What those of the ids are that are known. No fact is shown, so none is entered in the log."""
        with self._facts.reading() as connection:
            return {id: kind for id, (_, kind) in imports.numbers(connection, ids).items()}

    def ids(self) -> Iterator[str]:
        """Of every subject that is known. No fact is shown, so none is entered in the log."""
        with self._facts.reading() as connection:
            yield from (id for (id,) in connection.execute("SELECT id FROM subjects WHERE id IS NOT NULL"))

    def find(self, text: str, kind: str = "", after: str = "", most: int = 50) -> finding.Found:
        """Subjects whose ids begin with a text, or hold it. No fact is shown, so none is entered in the log."""
        with self._facts.reading() as connection:
            return finding.find(connection, text, kind, after, most)

    def looked(self, subject: str, most: int = 20) -> tuple[Read, ...]:
        """Who looked at one subject, the last so many, the latest first."""
        with self._facts.reading() as connection:
            number = register.found(connection, subject)[0]
            with self._reads.reading() as log:
                return tuple(reads.latest(log, number, subject, most))

    def histories(self, ids: Sequence[str], *, by: str, why: str) -> Iterator[dict[str, Known]]:
        """What is known of those of the ids of whom something is, ``imports.ASKED`` ids at a time.

        One line in the log for all of them. All chunks are to be taken before anything is written.
        """
        self._enter(by, why, None)
        with self._facts.reading() as connection:
            yield from register.histories(connection, ids)

    def reads(self, subject: str | None = None) -> tuple[Read, ...]:
        """Who looked, in order; at one subject, if it is named."""
        with self._facts.reading() as connection:
            number = None if subject is None else register.found(connection, subject)[0]
            with self._reads.reading() as log:
                ids = dict(connection.execute("SELECT num, id FROM subjects"))
                return tuple(reads.listed(log, ids, number))

    def hold(self, subject: str | None, *, by: str, why: str, at: datetime | None = None) -> int:
        """Erase nothing of a subject (None: of anybody) until ``lift``. The hold's id."""
        with self._facts.writing() as connection:
            number = None if subject is None else register.found(connection, subject)[0]
            return erasure.place_hold(connection, number, at or datetime.now(UTC), by, why)

    def lift(self, hold: int, *, by: str, why: str, at: datetime | None = None) -> None:
        """End a hold."""
        with self._facts.writing() as connection:
            erasure.lift_hold(connection, hold, at or datetime.now(UTC), by, why)

    def holds(self) -> tuple[Hold, ...]:
        """Every hold there was, in order."""
        with self._facts.reading() as connection:
            return tuple(erasure.holds(connection))

    def erase(self, subject: str, *, by: str, why: str, at: datetime | None = None) -> Erasure:
        """Take all that is known of a subject, its id too. Raises ``UnderHold``, or ``UsageError`` if it is not known.

        What others' facts say of it stays, and is told in ``mentions``. The log keeps that somebody looked.
        """
        with self._erasing() as connection:
            return erasure.erase(connection, subject, at or datetime.now(UTC), by, why)

    def minimise(self, asked: Minimised, *, by: str, why: str, at: datetime | None = None) -> tuple[Import, Erasure]:
        """Keep of subjects that they are eligible under a directive, or not, instead of their nationality.

        Raises ``UnderHold`` naming those that are held, or ``UsageError``; and then changes nothing.
        """
        with self._erasing() as connection:
            return minimise(connection, asked, at or datetime.now(UTC), by, why)

    def retire(
        self,
        on: date,
        *,
        by: str,
        why: str,
        how: Retention | None = None,
        at: datetime | None = None,
        kept: Mapping[str, str] | None = None,
    ) -> Retired:
        """Erase what need not be kept any longer on a day; ``how`` long, by default, says filings/terms.toml. ``kept``:
        subjects of whom everything is kept, with why.
        """
        with self._erasing() as connection:
            return retention.retire(
                connection, how or retention.default(), on, at or datetime.now(UTC), by, why, kept or {}
            )

    def erasures(self) -> tuple[Erasure, ...]:
        """Every erasure, in order."""
        with self._facts.reading() as connection:
            return tuple(erasure.listed(connection))

    @contextmanager
    def _erasing(self) -> Iterator[Connection]:
        """A transaction after which what was erased lies nowhere in the files, once nobody reads an older state."""
        with self._facts.writing() as connection:
            yield connection
        self._facts.shrink()

    def _enter(self, by: str, why: str, subject: int | None, names: Sequence[FactName] = ()) -> None:
        with self._reads.writing() as log:
            reads.enter(log, datetime.now(UTC), by, why, subject, names)
