"""Decisions kept: each with what it was made from, so that it can be made again, and committed to in the ledger.

A SQLite file (WAL). A decision is entered in the ledger in batches: the root of a Merkle tree (RFC 6962) over salted
commitments, in the order in which they were kept. One decision is so shown by its salt and a path, while the rest stays
closed, and it is forgotten by destroying its salt and its row while the ledger still verifies.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from bylaw.access.decision import Request
from bylaw.access.office.batches import Batch, batches, received
from bylaw.access.office.made import Made, Written, made_of, summary
from bylaw.access.store.database import explained
from bylaw.canonical import canonical, sha256
from bylaw.errors import UsageError
from bylaw.ledger.entries import DecisionBatch, Reference, encode, now
from bylaw.ledger.merkle import Leaves, leaf_hash, prove_inclusion, root
from bylaw.ledger.salts import Salts
from bylaw.lineage.lab import Lab
from bylaw.storage import alone, write_ahead

_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, subject TEXT NOT NULL,
    model TEXT NOT NULL, outcome TEXT NOT NULL, body BLOB, erased TEXT NOT NULL DEFAULT '', salt BLOB);
CREATE INDEX IF NOT EXISTS decisions_at ON decisions (at);
CREATE INDEX IF NOT EXISTS decisions_subject ON decisions (subject);
CREATE TABLE IF NOT EXISTS batches (
    first INTEGER PRIMARY KEY, last INTEGER NOT NULL, root TEXT NOT NULL, entry BLOB NOT NULL, place INTEGER);
CREATE TABLE IF NOT EXISTS commitments (number INTEGER PRIMARY KEY, committed TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drawn (number INTEGER PRIMARY KEY, salt BLOB NOT NULL);
PRAGMA user_version = 1;
"""
_CACHE = 64 << 10
"""KiB of pages in memory: what some thousands of decisions change is written once, when they are all here."""
_AHEAD = 8_000
"""Pages in the log before the file, after which they go into it: those that each batch changes, seldom."""
BATCH = 8_192
"""Decisions of a batch, at the most: however many have piled up, this many are in memory."""
_Pending = tuple[int, str, bytes, bytes | None]
"""A decision that is in no batch yet: number, instant, bytes, and its salt if it was written ahead."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What shows one decision to somebody: its commitment and salt, its place in a batch, and the batch's entry.

    ``entry`` stands at index ``place`` of the ledger. All bytes are hex.
    """

    made: Made
    committed: str
    salt: str
    index: int
    count: int
    path: tuple[str, ...]
    entry: str
    place: int


class Archive:
    """The decisions below ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "decisions.sqlite"
        self._salts = Salts(folder / "salts")
        self._held: sqlite3.Connection | None = None
        with self._open() as base:
            write_ahead(base)
            base.executescript(_SCHEMA)
            if "salt" not in {column for _, column, *_ in base.execute("PRAGMA table_info(decisions)")}:
                base.execute("ALTER TABLE decisions ADD COLUMN salt BLOB")

    def keep(self, made: Iterable[Made]) -> list[str]:
        """Keep decisions; returns their ids. They are on the disk when this returns."""
        rows = [(one.id, one.basis.at, one.decision, canonical(one)) for one in made]
        with self._open() as base, base:
            base.executemany(
                "INSERT OR IGNORE INTO decisions (id, at, subject, model, outcome, body) VALUES (?, ?, ?, ?, ?, ?)",
                [(id, at, said.subject, said.request.model, said.outcome, body) for id, at, said, body in rows],
            )
        return [id for id, *_ in rows]

    def file(self, written: Sequence[Written]) -> None:
        """Keep decisions that were written ahead, each under the salt of its receipt; those that are here already stay.

        Raises ``RecordError`` for bytes that are no decision.
        """
        rows = [(f"decision-{sha256(one.body)}", summary(one.body), one) for one in written]
        with self._open() as base, base:
            count = base.executemany(
                "INSERT OR IGNORE INTO decisions (id, at, subject, model, outcome, body) VALUES (?, ?, ?, ?, ?, ?)",
                [(id, *summary, one.body) for id, summary, one in rows],
            ).rowcount
            _draw(base, count, [(id, one.salt) for id, _, one in rows])

    def find(self, id: str) -> Made:
        """The decision of an id, the start of one, or a receipt. Raises ``UsageError`` if there is none, or several."""
        if not id:
            raise UsageError("give the id of a decision, or how it begins; bylaw decisions list has them")
        word = id if id.startswith("decision-") else f"decision-{id}"
        with self._open() as base:
            found = base.execute(
                "SELECT id, body FROM decisions WHERE id >= ? AND id < ? LIMIT 2", (word, word + "g")
            ).fetchall() or received(base, id)
        if len(found) != 1:
            raise UsageError(f"several decisions have an id that begins {word}" if found else self._none(word))
        return made_of(found[0][0], found[0][1])

    def between(self, start: str, end: str, outcome: str = "") -> Iterator[Made]:
        """Decisions of instants from ``start`` to before ``end``, oldest first; erased ones are left out."""
        return (made for _, made in self.numbered(start, end, outcome))

    def numbered(self, start: str, end: str, outcome: str = "") -> Iterator[tuple[int, Made]]:
        """The same, each with its number here."""
        with self._open() as base:
            rows = base.execute(
                "SELECT number, id, body FROM decisions WHERE at >= ? AND at < ? AND (? = '' OR outcome = ?)"
                " AND body IS NOT NULL ORDER BY number",
                (start, end, outcome, outcome),
            )
            yield from ((number, made_of(id, body)) for number, id, body in rows)

    def latest(self) -> tuple[str, bytes] | None:
        """Id and bytes of the decision that was kept last, as they lie here; None: there is none, or it was erased."""
        with self._open() as base:
            row = base.execute("SELECT id, body FROM decisions ORDER BY number DESC LIMIT 1").fetchone()
        return row if row and row[1] is not None else None

    def traffic(self, since: str) -> list[tuple[str, Request, int]]:
        """Requests decided about since an instant, each with how often: (subject, request, times)."""
        times = Counter((made.decision.subject, made.decision.request) for made in self.between(since, "9999"))
        return [(subject, request, count) for (subject, request), count in times.items()]

    def commit(self, lab: Lab, rules: Reference, office: Reference | None = None) -> int:
        """Enter what was kept since the last batch in the ledger, in the name of an office, as one batch or several;
        returns how many decisions that were.

        A batch is written down before it is entered, so one that was killed in between is entered by the next call,
        under the same root.
        """
        with self._alone(), self._open() as base:
            self._enter(base, lab)
            count = 0
            while rows := base.execute(
                "SELECT number, at, body, coalesce(drawn.salt, decisions.salt)"
                " FROM decisions LEFT JOIN drawn USING (number)"
                " WHERE number > (SELECT coalesce(max(last), 0) FROM batches) AND body IS NOT NULL"
                " ORDER BY number LIMIT ?",
                (BATCH,),
            ).fetchall():
                self._write_down(base, rows, rules, office)
                self._enter(base, lab)
                count += len(rows)
        return count

    def opened(self, id: str) -> Opened:
        """What proves one decision to an auditor. Raises ``UsageError`` while its batch is not entered."""
        made = self.find(id)
        with self._open() as base:
            number = base.execute("SELECT number FROM decisions WHERE id = ?", (made.id,)).fetchone()[0]
            batch = base.execute(
                "SELECT first, last, entry, place FROM batches WHERE first <= ? AND ? <= last AND place IS NOT NULL",
                (number, number),
            ).fetchone()
            if batch is None:
                raise UsageError(f"{made.id} is in no batch of the ledger yet; enter it with: bylaw decisions commit")
            rows = base.execute(
                "SELECT number, committed FROM commitments WHERE number BETWEEN ? AND ? ORDER BY number", batch[:2]
            ).fetchall()
        at = [each for each, _ in rows].index(number)
        leaves = leaves_of([committed for _, committed in rows])
        return Opened(
            made=made,
            committed=rows[at][1],
            salt=self._salts.salt(rows[at][1]).hex(),
            index=at,
            count=len(rows),
            path=tuple(node.hex() for node in prove_inclusion(leaves, at, len(rows))),
            entry=batch[2].hex(),
            place=batch[3],
        )

    def is_entered(self, id: str) -> bool:
        """Whether a decision is in a batch that the ledger has."""
        query = (
            "SELECT 1 FROM decisions JOIN commitments USING (number) JOIN batches ON number BETWEEN first AND last"
            " WHERE id = ? AND place IS NOT NULL"
        )
        with self._open() as base:
            return base.execute(query, (id,)).fetchone() is not None

    def batches(self) -> Iterator[Batch]:
        """Every batch with its decisions, as they are kept now."""
        with self._open() as base:
            yield from batches(base, self._salts.all())

    def erase(self, ids: Sequence[str], why: str) -> None:
        """Forget decisions and their salts, and keep that there were some, and why they went.

        Their ids go too: whoever guesses what was decided could tell by an id that he is right.
        """
        for id in ids:
            made = self.find(id)
            with self._open() as base, base:
                row = base.execute(
                    "SELECT committed FROM decisions JOIN commitments USING (number) WHERE id = ?", (made.id,)
                ).fetchone()
                if row:
                    self._salts.destroy(row[0])
                base.execute("DELETE FROM drawn WHERE number = (SELECT number FROM decisions WHERE id = ?)", (made.id,))
                base.execute(
                    "UPDATE decisions SET body = NULL, salt = NULL, subject = '', id = 'erased-' || number, erased = ?"
                    " WHERE id = ?",
                    (why, made.id),
                )
        with self._open() as base:
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log before the file holds what was erased

    def _write_down(
        self, base: sqlite3.Connection, rows: Sequence[_Pending], rules: Reference, office: Reference | None
    ) -> None:
        committed = self._salts.commit([body for _, _, body, _ in rows], [salt for *_, salt in rows])
        leaves = leaves_of(committed)
        times = [at for _, at, _, _ in rows]
        top = root(leaves, len(leaves)).hex()
        said = DecisionBatch(
            at=now(), decisions=top, count=len(rows), first=min(times), last=max(times), rules=rules, office=office
        )
        entry = encode(said)
        with base:
            numbers = [number for number, *_ in rows]
            base.execute("DELETE FROM drawn WHERE number <= ?", (numbers[-1],))
            base.execute(
                "UPDATE decisions SET salt = NULL WHERE number BETWEEN ? AND ? AND salt IS NOT NULL",
                (numbers[0], numbers[-1]),
            )
            base.executemany("INSERT INTO commitments VALUES (?, ?)", zip(numbers, committed, strict=True))
            base.execute("INSERT INTO batches VALUES (?, ?, ?, ?, NULL)", (numbers[0], numbers[-1], top, entry))

    def _enter(self, base: sqlite3.Connection, lab: Lab) -> None:
        for first, entry in base.execute(
            "SELECT first, entry FROM batches WHERE place IS NULL ORDER BY first"
        ).fetchall():
            place = lab.enter([entry])[0]
            with base:
                base.execute("UPDATE batches SET place = ? WHERE first = ?", (place, first))

    def _none(self, word: str) -> str:
        with self._open() as base:
            (erased,) = base.execute("SELECT count(*) FROM decisions WHERE erased != ''").fetchone()
        more = f"; {erased} were erased, and their ids with them" if erased else ""
        return f"no decision has an id that begins {word}{more}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only process that enters decisions: two would enter a batch twice."""
        busy = UsageError(f"another process enters the decisions in {self.path}; try again when it is done")
        with alone(self.path.with_name(".lock"), busy):
            yield

    @contextmanager
    def held(self) -> Iterator[None]:
        """Meanwhile one connection serves every call, of this thread: for whoever files again and again. Its pages stay
        in memory, and the log before the file is taken into it when it is long, and not after every call.
        """
        with self._open() as base:
            self._held = base
            try:
                yield
            finally:
                self._held = None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._held is not None:
            with explained(self.path):
                yield self._held
            return
        with explained(self.path), closing(sqlite3.connect(self.path, timeout=30)) as base:
            base.execute("PRAGMA synchronous = FULL")
            base.execute("PRAGMA secure_delete = ON")
            base.execute(f"PRAGMA cache_size = -{_CACHE}")
            base.execute(f"PRAGMA wal_autocheckpoint = {_AHEAD}")
            yield base


def _draw(base: sqlite3.Connection, count: int, salts: Sequence[tuple[str, bytes]]) -> None:
    """Keep the salts of decisions that were just inserted, by id, until they are committed to: beside them, since in
    their rows each would be written twice. ``count`` of them are new.
    """
    if count == len(salts):
        (last,) = base.execute("SELECT max(number) FROM decisions").fetchone()
        numbers = range(last - count + 1, last + 1)
        base.executemany(
            "INSERT INTO drawn VALUES (?, ?)", [(at, salt) for at, (_, salt) in zip(numbers, salts, strict=True)]
        )
        return
    base.executemany(
        "INSERT OR IGNORE INTO drawn SELECT number, ? FROM decisions"
        " WHERE id = ? AND salt IS NULL AND number > (SELECT coalesce(max(last), 0) FROM batches)",
        [(salt, id) for id, salt in salts],
    )


def leaves_of(committed: Iterable[str]) -> Leaves:
    """The leaves of a batch's tree, by the commitments of its decisions."""
    return Leaves(leaf_hash(each.encode()) for each in committed)
