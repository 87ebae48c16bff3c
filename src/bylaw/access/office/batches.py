"""The batches of an archive as they lie there, for whoever holds them against the ledger, or holds a receipt."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bylaw.access.office.made import Written
from bylaw.ledger.merkle import leaf_hash

_BATCHES = "SELECT first, last, entry, place FROM batches ORDER BY first"
_DECISIONS = (
    "SELECT number, committed, id, body, erased, at, subject, model, outcome FROM commitments"
    " LEFT JOIN decisions USING (number) WHERE number BETWEEN ? AND ? ORDER BY number"
)


class Entered(NamedTuple):
    """A decision of a batch, as it is kept now. ``body`` is None where it was erased, and ``erased`` says why.

    ``listed`` is what lists go by: instant, subject, model, outcome. All are None where the row is gone, and the salt
    where it was destroyed.
    """

    number: int
    committed: str
    id: str | None
    body: bytes | None
    erased: str | None
    listed: tuple[str, ...]
    salt: bytes | None


class Batch(NamedTuple):
    """Decisions ``first`` to ``last``, and the entry under which they stand at ``place`` of the ledger, if they do."""

    first: int
    last: int
    entry: bytes
    place: int | None
    decisions: list[Entered]


def batches(base: sqlite3.Connection, salts: Mapping[str, bytes]) -> Iterator[Batch]:
    """Every batch, in order; ``salts`` by commitment."""
    for first, last, entry, place in base.execute(_BATCHES).fetchall():
        decisions = [
            Entered(number, committed, id, body, erased, tuple(listed), salts.get(committed))
            for number, committed, id, body, erased, *listed in base.execute(_DECISIONS, (first, last))
        ]
        yield Batch(first, last, entry, place, decisions)


def received(base: sqlite3.Connection, receipt: str) -> list[tuple[str, bytes]]:
    """Id and bytes of the decision that a caller holds this receipt of, if it is here: one pass over all that were
    committed to, and over those that wait for it.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", receipt):
        return []
    for number, committed in base.execute("SELECT number, committed FROM commitments ORDER BY number DESC"):
        if leaf_hash(committed.encode()).hex() == receipt:
            return base.execute(
                "SELECT id, body FROM decisions WHERE number = ? AND body IS NOT NULL", (number,)
            ).fetchall()
    waiting = base.execute(
        "SELECT id, body, drawn.salt FROM decisions JOIN drawn USING (number) WHERE body IS NOT NULL"
    )
    return [(id, body) for id, body, salt in waiting if Written(body, salt).receipt == receipt]
