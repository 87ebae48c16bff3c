"""What may not be kept, and what must be: erasure and legal holds.

An erasure takes values and keeps that there were some: of what name, from which import, by whom taken and why. A hold
on a subject, or on everybody, beats it. All of it happens within the caller's transaction.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from bylaw.access.store import lines
from bylaw.access.store.database import text_of, time_of
from bylaw.access.store.errors import UnderHold
from bylaw.access.store.lines import Erased
from bylaw.access.store.reads import require_named
from bylaw.access.store.records import Erasure, Hold
from bylaw.access.store.register import found
from bylaw.access.subjects import Fact
from bylaw.errors import UsageError

_OPEN_HOLDS = "SELECT h.id, h.subject, h.by, h.why FROM holds h LEFT JOIN lifts ON hold = h.id WHERE hold IS NULL"


class Eraser:
    """An erasure under way, with its entry open."""

    def __init__(self, connection: sqlite3.Connection, at: datetime, by: str, why: str) -> None:
        require_named(by, why)
        self.connection = connection
        row = (text_of(at), by, why)
        self.id = int(connection.execute("INSERT INTO erasures (at, by, why) VALUES (?, ?, ?)", row).lastrowid or 0)
        self.at, self.by, self.why = at, by, why
        self.facts = 0

    def take(self, subject: int, wanted: Callable[[Fact], bool]) -> None:
        """The values of every fact of a subject's history that is ``wanted``."""
        rows = self.connection.execute("SELECT import, facts FROM history WHERE subject = ?", (subject,)).fetchall()
        for by, content in rows:
            before = lines.read(content)
            after = [Erased(self.id, line.name) if isinstance(line, Fact) and wanted(line) else line for line in before]
            gone = sum(one is not other for one, other in zip(before, after, strict=True))
            if gone:
                row = (lines.written(after), subject, by)
                self.connection.execute("UPDATE history SET facts = ? WHERE subject = ? AND import = ?", row)
                self.facts += gone

    def close(self, mentions: tuple[str, ...] = ()) -> Erasure:
        """From here on nothing can be changed again."""
        self.connection.execute("UPDATE erasures SET open = 0, facts = ? WHERE id = ?", (self.facts, self.id))
        return Erasure(id=self.id, at=self.at, by=self.by, why=self.why, facts=self.facts, mentions=mentions)


def erase(connection: sqlite3.Connection, id: str, at: datetime, by: str, why: str) -> Erasure:
    """Take all that is known of a subject, its id too."""
    number, _, _ = found(connection, id)
    require_free(connection, {number: id})
    eraser = Eraser(connection, at, by, why)
    eraser.take(number, lambda fact: True)
    connection.execute("UPDATE subjects SET id = NULL WHERE num = ?", (number,))
    return eraser.close(mentions(connection, id))


def place_hold(connection: sqlite3.Connection, subject: int | None, at: datetime, by: str, why: str) -> int:
    """Keep all of a subject, or of everybody, until the hold is lifted. Its id."""
    require_named(by, why)
    row = (subject, text_of(at), by, why)
    return int(
        connection.execute("INSERT INTO holds (subject, placed, by, why) VALUES (?, ?, ?, ?)", row).lastrowid or 0
    )


def lift_hold(connection: sqlite3.Connection, hold: int, at: datetime, by: str, why: str) -> None:
    """Let go. Raises ``UsageError`` for a hold that is not there or was lifted before."""
    require_named(by, why)
    if not any(hold == id for id, *_ in connection.execute(_OPEN_HOLDS)):
        raise UsageError(f"there is no hold {hold} that could be lifted")
    connection.execute("INSERT INTO lifts VALUES (?, ?, ?, ?)", (hold, text_of(at), by, why))


def holds(connection: sqlite3.Connection) -> Iterator[Hold]:
    """All of them, lifted ones too, in order."""
    query = (
        "SELECT h.id, s.id, placed, h.by, h.why, lifted FROM holds h LEFT JOIN subjects s ON s.num = h.subject"
        " LEFT JOIN lifts l ON l.hold = h.id ORDER BY h.id"
    )
    for id, subject, placed, by, why, lifted in connection.execute(query):
        until = time_of(lifted) if lifted else None
        yield Hold(id=id, subject=subject, placed=time_of(placed), by=by, why=why, lifted=until)


def held(connection: sqlite3.Connection, subjects: Iterable[int]) -> dict[int, str]:
    """Those of the subjects that are under a hold, with a sentence on it."""
    by_subject = {subject: f"hold {id}, by {by}: {why}" for id, subject, by, why in connection.execute(_OPEN_HOLDS)}
    everybody = by_subject.get(None)
    return {one: said for one in subjects if (said := everybody or by_subject.get(one))}


def require_free(connection: sqlite3.Connection, subjects: dict[int, str]) -> None:
    """Raise ``UnderHold`` naming those that are held. ``subjects``: number → id."""
    names = [f"{subjects[number]} ({said})" for number, said in held(connection, subjects).items()]
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise UnderHold(f"nothing was erased: under legal hold are {', '.join(names[:5])}{more}")


def mentions(connection: sqlite3.Connection, id: str) -> tuple[str, ...]:
    """Who else's facts name this subject: as employer, owner, operator … One pass over the whole history."""
    value = lines.written([{"text": id}]).strip()[1:-1]
    query = "SELECT DISTINCT id FROM history JOIN subjects ON num = subject WHERE instr(facts, ?) ORDER BY num"
    return tuple(other for (other,) in connection.execute(query, (value,)) if other is not None)


def listed(connection: sqlite3.Connection) -> Iterator[Erasure]:
    """All erasures, in order."""
    for id, at, by, why, facts in connection.execute("SELECT id, at, by, why, facts FROM erasures ORDER BY id"):
        yield Erasure(id=id, at=time_of(at), by=by, why=why, facts=facts)
