"""The batches of an archive as they lie there, for whoever holds them against the ledger."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

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
