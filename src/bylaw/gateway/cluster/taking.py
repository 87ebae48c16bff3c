"""Decisions and beats of the replicas, taken out of the database into the one archive, and into coverage.

A piece counts if a replica that is known here has signed it, and if it goes on where the last one ended. It is filed
before that is noted, noted before it is signed for, signed for before it leaves the database; the archive keeps a
decision once. Killed at any moment, this goes on without losing or doubling anything.
"""

import os
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import msgspec

from bylaw.access.office.archive import Archive
from bylaw.access.office.made import Written
from bylaw.canonical import sha256
from bylaw.errors import BylawError, MalformedError, VerificationError
from bylaw.gateway.cluster.database import Database, Rows
from bylaw.gateway.cluster.pieces import BEATS, Filed, Piece, seal, unseal, worker_of
from bylaw.gateway.record.coverage import Beat
from bylaw.gateway.record.writing import read_line
from bylaw.gateway.state import State
from bylaw.signing import PublicKey, Signer
from bylaw.storage import write_bytes

KEPT = 256
"""Files of a replica that a page names: those that were touched last."""


class _Call(msgspec.Struct):
    call: str = ""


class Takings:
    """What all replicas have sent."""

    def __init__(self, each: Iterable["Taking"]) -> None:
        self._each = {one.machine: one for one in each}

    def turn(self, base: Database) -> None:
        """File what there is. Raises ``Gone``; and the first error of a file, after all others are taken."""
        rows = base.execute("SELECT machine, file, start, ending FROM bylaw.piece ORDER BY machine, file, start")
        faults: list[BylawError] = []
        for machine, own in groupby(rows, key=lambda row: row[0]):
            if machine in self._each:
                faults += self._each[machine].turn(base, [row[1:] for row in own])
        if faults:
            raise faults[0]


class Taking:
    """What the replica called ``machine`` has sent, and how far it is filed."""

    def __init__(self, state: State, archive: Archive, machine: str, key: PublicKey, signer: Signer) -> None:
        self._coverage, self._archive = state.coverage, archive
        self.machine, self._key, self._signer = machine, key, signer
        self._path = state.taken / f"{machine}.json"
        self._have = self._known()

    def turn(self, base: Database, rows: Rows) -> list[BylawError]:
        """File these pieces (file, start, ending); returns what was wrong with files that were not taken."""
        faults: list[BylawError] = []
        for file, pieces in groupby(rows, key=lambda row: row[0]):
            try:
                for _, start, ending in pieces:
                    self._take(base, str(file), start, ending)
            except BylawError as error:
                faults.append(error)
        done = {str(file) for file, _, ending in rows if ending <= self._have.get(file, 0)}
        if done:
            self._sign(base, done)
        return faults

    def _take(self, base: Database, file: str, start: int, ending: int) -> None:
        have = self._have.get(file, 0)
        if not start <= have < ending:
            return  # it is filed, or one before it is still to come
        found = base.execute(
            "SELECT envelope, content FROM bylaw.piece WHERE machine = %s AND file = %s AND start = %s",
            (self.machine, file, start),
        )
        if not found:
            return
        content = bytes(found[0][1])
        page = unseal(bytes(found[0][0]), Piece, self._key)
        told = (page.machine, page.file, page.start, page.ending - page.start, page.digest)
        if told != (self.machine, file, start, len(content), sha256(content)):
            raise VerificationError("cluster", f"a piece of {file[:80]!r} is not the one that was signed")
        self._file(worker_of(self.machine, file), file, have, content[have - start :])
        self._have.pop(file, None)
        self._have[file] = page.ending
        self._note()

    def _file(self, worker: str, file: str, at: int, content: bytes) -> None:
        if not content.endswith(b"\n"):
            raise MalformedError("cluster", f"a piece of {file} ends within a line")
        lines = content.splitlines(keepends=True)
        if file.endswith(BEATS):
            self._put_beats(worker, self._coverage / file, at, lines)
        else:
            self._archive.file([_decision(line, worker, file) for line in lines])

    def _put_beats(self, worker: str, path: Path, at: int, lines: list[bytes]) -> None:
        for line in lines:
            try:
                said = msgspec.json.decode(line, type=Beat).worker
            except msgspec.DecodeError as error:
                raise MalformedError("cluster", f"a line of {path.name} is no beat: {error}") from error
            if said != worker:
                raise VerificationError("cluster", f"{path.name} holds a beat of {said[:80]!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, b"".join(lines), at)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _sign(self, base: Database, files: Iterable[str]) -> None:
        """Sign for what is filed, and take it out of the database."""
        page = Filed(machine=self.machine, files=dict(list(self._have.items())[-KEPT:]))
        base.execute(
            "INSERT INTO bylaw.filed VALUES (%s, %s) ON CONFLICT (machine) DO UPDATE SET envelope = excluded.envelope",
            (self.machine, seal(page, self._signer)),
        )
        for file in files:
            base.execute(
                "DELETE FROM bylaw.piece WHERE machine = %s AND file = %s AND ending <= %s",
                (self.machine, file, self._have[file]),
            )

    def _note(self) -> None:
        write_bytes(self._path, msgspec.json.encode(self._have))

    def _known(self) -> dict[str, int]:
        return msgspec.json.decode(self._path.read_bytes(), type=dict[str, int]) if self._path.exists() else {}


def _decision(line: bytes, worker: str, file: str) -> Written:
    """A line of a segment. Raises ``VerificationError`` for one that is none, or another worker's."""
    try:
        written = read_line(line)
        call = msgspec.json.decode(written.body, type=_Call).call
    except (ValueError, msgspec.DecodeError) as error:
        raise MalformedError("cluster", f"a line of {file} is no decision: {error}") from error
    if not call.startswith(f"{worker}-"):
        raise VerificationError("cluster", f"{file} holds a decision of {call[:80]!r}")
    return written
