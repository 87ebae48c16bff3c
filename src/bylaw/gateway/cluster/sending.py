"""A replica's decisions and beats on their way to the publisher.

A file goes in pieces of whole lines. Where to go on is asked anew each time: what the publisher has signed for, and
what of it lies in the database without a gap. A database that was lost, or fell back, is sent again what it no longer
has. A segment is removed when nobody writes it and the publisher has signed that all of it is filed.
"""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import msgspec

from bylaw.gateway.cluster.database import Database
from bylaw.gateway.cluster.pieces import BEATS, SENT, Filed, piece_of, seal, unseal
from bylaw.gateway.record.layout import SUFFIX, end_of, is_written, sweep, whole_lines
from bylaw.gateway.state import State
from bylaw.signing import PublicKey, Signer
from bylaw.storage import write_bytes

LARGEST = 1 << 20
"""Bytes of a piece; a line is far shorter."""
AHEAD = 64
"""Pieces of one file that may wait in the database."""
_PUT = f"""
WITH put AS (
    INSERT INTO bylaw.piece VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (machine, file, start)
    DO UPDATE SET ending = excluded.ending, envelope = excluded.envelope, content = excluded.content RETURNING 1)
SELECT pg_notify('{SENT}', '') FROM put
"""


class Sending:
    """What a replica called ``machine`` has to send."""

    def __init__(self, state: State, machine: str, signer: Signer, publisher: PublicKey) -> None:
        self._state, self._machine, self._signer, self._publisher = state, machine, signer, publisher
        self._filed = self._known()

    def turn(self, base: Database) -> None:
        """Send what is new, and let go of what is filed. Raises ``Gone`` and ``VerificationError``."""
        self._learn(base)
        there = self._there(base)
        for path in self._files():
            self._send(base, path, there.get(path.name, []))
        self._let_go()

    def _files(self) -> list[Path]:
        segments = self._state.segments.glob(f"{self._machine}-w*{SUFFIX}")
        return sorted((*segments, *self._state.coverage.glob(f"{self._machine}-w*{BEATS}")))

    def _learn(self, base: Database) -> None:
        """What the publisher has signed for."""
        found = base.execute("SELECT envelope FROM bylaw.filed WHERE machine = %s", (self._machine,))
        if not found:
            return
        page = unseal(bytes(found[0][0]), Filed, self._publisher)
        more = {file: size for file, size in page.files.items() if size > self._filed.get(file, 0)}
        if more and page.machine == self._machine:
            self._filed |= more
            self._note()

    def _there(self, base: Database) -> dict[str, list[tuple[int, int]]]:
        """The pieces that lie in the database, by file."""
        rows = base.execute(
            "SELECT file, start, ending FROM bylaw.piece WHERE machine = %s ORDER BY file, start", (self._machine,)
        )
        return {file: [(start, end) for _, start, end in own] for file, own in groupby(rows, key=lambda row: row[0])}

    def _send(self, base: Database, path: Path, there: list[tuple[int, int]]) -> None:
        at = _reached(self._filed.get(path.name, 0), there)
        if end_of(path) <= at:
            return
        with path.open("rb") as file:
            file.seek(at)
            for _ in range(AHEAD - len(there)):
                content = whole_lines(file.read(LARGEST))
                if not content:
                    return
                page = piece_of(self._machine, path.name, at, content)
                sealed = seal(page, self._signer)
                base.execute(_PUT, (page.machine, page.file, page.start, page.ending, sealed, content))
                at = page.ending
                file.seek(at)

    def _let_go(self) -> None:
        for path in self._state.segments.glob(f"{self._machine}-w*{SUFFIX}"):
            if not is_written(path) and _whole_size(path) <= self._filed.get(path.name, 0):
                path.unlink()
        sweep(self._state.segments)

    def _note(self) -> None:
        here = {path.name for path in self._files()}
        self._filed = {file: size for file, size in self._filed.items() if file in here}
        write_bytes(self._state.sent, msgspec.json.encode(self._filed))

    def _known(self) -> dict[str, int]:
        path = self._state.sent
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int]) if path.exists() else {}


def _reached(filed: int, there: Iterable[tuple[int, int]]) -> int:
    """How far a file has come without a gap."""
    for start, end in there:
        if start <= filed < end:
            filed = end
    return filed


def _whole_size(path: Path) -> int:
    """Without a torn last line, which nobody was answered after."""
    return len(whole_lines(path.read_bytes()))
