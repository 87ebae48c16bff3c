"""A decision as it is written ahead of its answer: the archive's own bytes, put together from parts made before.

A decision about a subject and a request is the same until something changes; what differs from call to call is the
second and the call's number. So the canonical form (RFC 8785) is made once, and a call puts two texts into it.
"""

import asyncio
import secrets
from time import gmtime, strftime
from typing import NamedTuple

from bylaw.access.office.made import Written
from bylaw.canonical import canonical
from bylaw.gateway.record.segment import Segments
from bylaw.gateway.snapshot.edition import Edition, Ruled
from bylaw.ledger.salts import SALT

_AT = "0000-00-00T00:00:00Z"
_DRAWN = 128
"""Salts that are drawn from the system at once: asking it for each took as long as all else about a salt."""


class Entry(NamedTuple):
    """A decision that was written: its receipt, and what is done when it is safe (None: it is already)."""

    receipt: str
    synced: asyncio.Future[None] | None


class Writer:
    """Writes one worker's decisions ahead."""

    def __init__(self, segments: Segments) -> None:
        self._segments, self._name = segments, segments.name.encode()
        self._calls = 0
        self._framed: Edition | None = None
        self._frame = (b"", b"")
        self._second, self._stamp = -1, b""
        self._salts: list[bytes] = []

    def write(self, edition: Edition, ruled: Ruled, now: float) -> Entry:
        """Write a decision made at ``now``. Raises ``NotRecorded``."""
        self._calls += 1
        call = b"%s-%d" % (self._name, self._calls)
        written = Written(self._body(edition, ruled.body, now, call), self._salt())
        return Entry(written.receipt, self._segments.write(line_of(written)))

    def _body(self, edition: Edition, decision: bytes, now: float, call: bytes) -> bytes:
        if edition is not self._framed:
            self._frame, self._framed = _frame_of(edition), edition
        before, after = self._frame
        return b'{"basis":%s%s%s,"call":"%s","decision":%s}' % (before, self._at(now), after, call, decision)

    def _salt(self) -> bytes:
        """A salt that was never used."""
        if not self._salts:
            many = secrets.token_bytes(SALT * _DRAWN)
            self._salts = [many[at : at + SALT] for at in range(0, len(many), SALT)]
        return self._salts.pop()

    def _at(self, now: float) -> bytes:
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second)).encode()
        return self._stamp


def _frame_of(edition: Edition) -> tuple[bytes, bytes]:
    """The basis up to its instant, and from there on."""
    before, _, after = canonical(edition.basis(_AT)).partition(_AT.encode())
    return before, after


def line_of(written: Written) -> bytes:
    """A line of a segment."""
    return b"%s %s\n" % (written.salt.hex().encode(), written.body)


def read_line(line: bytes) -> Written:
    """A line, read. Raises ``ValueError`` for what is none."""
    return Written(line[2 * SALT + 1 :].rstrip(b"\n"), bytes.fromhex(line[: 2 * SALT].decode()))
