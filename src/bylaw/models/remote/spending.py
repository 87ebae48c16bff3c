"""What was paid, for what: a ledger on disk that a killed process leaves right, and the budget held against it.

Sums stand by stage, subject (a principle's key) and model. A call is entered before its answer is kept, so that a kill
between the two is an answer paid twice and said so, never money that nobody knows of. The budget counts what the ledger
knows, what is under way at its worst, and calls that were cut off, which a server may bill.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bylaw.errors import BudgetSpent, RemoteError
from bylaw.models.remote.asked import Reply, Request
from bylaw.models.remote.cache import connect, write
from bylaw.models.remote.prices import Price

_SUMS = ("calls", "cached", "failed", "prompt_tokens", "cached_tokens", "generated_tokens", "usd")
_SCHEMA = f"""
create table if not exists spent (stage text, about text, model text, {", ".join(f"{name} real" for name in _SUMS)},
  primary key (stage, about, model)) without rowid;
create table if not exists said (name text primary key, value text not null) without rowid;
"""
_ADD = f"""
insert into spent values (?, ?, ?, {", ".join("?" * len(_SUMS))}) on conflict do update
set {", ".join(f"{name} = {name} + excluded.{name}" for name in _SUMS)}
"""


REMEDY = "it is the ledger of what was paid: remove it, and a budget counts from nothing"


class Spent(NamedTuple):
    """A line of the ledger: ``cached`` answers cost nothing, ``failed`` calls gave none and may be billed."""

    stage: str
    about: str
    model: str
    calls: int
    cached: int
    failed: int
    prompt_tokens: int
    cached_tokens: int
    generated_tokens: int
    usd: float


class Spending:
    """The ledger of one run, in the file ``path`` (None: in memory), with its budget."""

    def __init__(self, path: Path | None, price: Price | None, tokens: int = 0, usd: float = 0.0) -> None:
        self.stage = ""
        self.price = price
        self.path = path
        self._bounds = tokens, usd
        self._base = connect(path, _SCHEMA, REMEDY) if path else sqlite3.connect(":memory:", isolation_level=None)
        if not path:
            self._base.executescript(_SCHEMA)
        self._tokens, self._usd = self._sums()
        self._held_tokens, self._held_usd, self._under_way = 0, 0.0, 0

    def lines(self) -> list[Spent]:
        """All lines, by stage and subject."""
        return _lines(self._base, self.path)

    def said(self, name: str) -> str | None:
        """What was noted under a name (who answers, what the anchors were), in this run or before it was stopped."""
        rows = _rows(self._base, self.path, "select value from said where name = ?", (name,))
        return rows[0][0] if rows else None

    def say(self, name: str, value: str) -> None:
        """Note something for whoever goes on with the run."""
        self._write("insert or replace into said values (?, ?)", (name, value))

    def fits(self, requests: list[Request]) -> bool:
        """Whether these may be asked now; a lone call may while anything at all is left.

        Raises ``BudgetSpent`` where nothing is left, and so no waiting helps.
        """
        tokens, usd = self._worst(requests)
        most, dollars = self._bounds
        if (most and self._tokens >= most) or (dollars and self._usd >= dollars):
            raise BudgetSpent(self._sentence())
        if not self._under_way:
            return True
        return not (
            (most and self._tokens + self._held_tokens + tokens > most)
            or (dollars and self._usd + self._held_usd + usd > dollars)
        )

    @contextmanager
    def holding(self, requests: list[Request]) -> Iterator[None]:
        """While a call is under way, its worst is set aside."""
        tokens, usd = self._worst(requests)
        self._held_tokens, self._held_usd = self._held_tokens + tokens, self._held_usd + usd
        self._under_way += 1
        try:
            yield
        finally:
            self._held_tokens, self._held_usd = self._held_tokens - tokens, self._held_usd - usd
            self._under_way -= 1

    def pay(self, paid: list[tuple[Request, Reply]], model: str) -> None:
        """Enter answers of one call, all or none of them."""
        rows = []
        for request, reply in paid:
            usd = self.price.of(reply) if self.price else 0.0
            tokens = reply.prompt_tokens, reply.cached_tokens, reply.generated_tokens
            rows.append((self.stage, request.about, model, 1, 0, 0, *tokens, usd))
            self._tokens += reply.prompt_tokens + reply.generated_tokens
            self._usd += usd
        self._write(_ADD, *rows)

    def recall(self, request: Request, model: str, count: int = 1) -> None:
        """Enter answers that were there already, at no cost."""
        self._write(_ADD, (self.stage, request.about, model, 0, count, 0, 0, 0, 0, 0.0))

    def fail(self, requests: list[Request], model: str, billed: bool) -> None:
        """Enter a call without an answer. ``billed``: it may be charged, so its likely cost counts in the budget."""
        for request in requests:
            tokens = len(request.text.encode()) // 4 if billed else 0
            usd = self.price.worst(tokens, 0) if self.price else 0.0
            self._write(_ADD, (self.stage, request.about, model, 0, 0, 1, tokens, 0, 0, usd))
            self._tokens += tokens
            self._usd += usd

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def _worst(self, requests: list[Request]) -> tuple[int, float]:
        tokens = sum(request.worst for request in requests)
        usd = (
            sum(self.price.worst(request.worst - request.most, request.most) for request in requests)
            if self.price
            else 0
        )
        return tokens, usd

    def _sums(self) -> tuple[int, float]:
        [sums] = _rows(self._base, self.path, "select sum(prompt_tokens + generated_tokens), sum(usd) from spent")
        return int(sums[0] or 0), float(sums[1] or 0)

    def _sentence(self) -> str:
        most, dollars = self._bounds
        bounds = [f"models.judge.budget_tokens = {most}"] if most else []
        bounds += [f"models.judge.budget_usd = {dollars}"] if dollars else []
        cost = f" and {self._usd:.4f} $" if self.price else ""
        return (
            f"the budget is spent: {self._tokens} tokens{cost} of {', '.join(bounds)}. Every answer that was paid "
            "for is kept: raise the budget and give the same command again, and nothing is paid for twice"
        )

    def _write(self, statement: str, *rows: tuple[object, ...]) -> None:
        try:
            write(self._base, statement, rows)
        except sqlite3.Error as error:
            raise RemoteError(f"{self.path} cannot be written: {error}; nothing more is asked; {REMEDY}") from error


def read(path: Path) -> list[Spent]:
    """The lines of a run's ledger; none if it asked no server."""
    if not path.is_file():
        return []
    base = connect(path, _SCHEMA, REMEDY)
    try:
        return _lines(base, path)
    finally:
        base.close()


def _lines(base: sqlite3.Connection, path: Path | None) -> list[Spent]:
    rows = _rows(base, path, "select * from spent order by 1, 2, 3")
    return [Spent._make([*row[:3], *(int(value) for value in row[3:9]), row[9]]) for row in rows]


def _rows(base: sqlite3.Connection, path: Path | None, query: str, values: Sequence[object] = ()) -> list[Any]:
    try:
        return base.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise RemoteError(f"{path} cannot be read: {error}; {REMEDY}") from error
