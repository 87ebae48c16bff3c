"""The writer: an append-only log in a directory of static files (C2SP tlog-tiles).

::

    LOG/checkpoint                   what the log says of itself, signed
    LOG/tile/…                       the tree and its entries; never changed once a checkpoint covers them
    LOG/.ledger/                     the writer's own: log.vkey, journal, lock. Nothing secret, nothing to serve

**What is acknowledged is kept.** ``append`` returns when its entries are in the journal, by one write and, with the
default policy ``sync=True``, one ``fsync``: they survive a killed process and a loss of power. With ``sync=False`` they
survive a killed process; what a loss of power takes is everything since the last checkpoint or roll of the journal, at
the most. ``checkpoint`` syncs with either policy: all it covers is on the disk before it is signed, and the
checkpoint before it is returned.

**Order of writing.** Journal, then tiles that are full (not synced: the journal still has their entries). When the
journal has grown by ``ROLL`` bytes, and before every checkpoint: sync the tiles, write the partial ones, then put an
empty journal in the old one's place. A killed writer is continued from the journal; entries of an append that did not
return may be there or not, wholly.

**One writer.** ``open`` takes a lock that the system lets go if the process dies. Readers need none.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from bylaw import storage
from bylaw.errors import BylawError, LedgerCorrupt, LedgerError, UsageError
from bylaw.ledger import disk, merkle
from bylaw.ledger.checkpoint import Checkpoint, open_checkpoint
from bylaw.ledger.journal import Batch, Journal
from bylaw.ledger.note import MAX_NOTE, Note, Signature, Vkey, parse_signature, sign
from bylaw.ledger.stores import DirectoryStore
from bylaw.ledger.tiles import Edge, File, TileReader, decode_bundle, encode_bundle, full_paths, partial_paths
from bylaw.signing import PublicKey, Signer

CHECKPOINT = "checkpoint"
OWN = ".ledger"
ROLL = 32 << 20
"""Bytes of journal after which its entries are moved into tiles for good."""
MAX_BATCH = 1 << 30
"""Bytes of one append."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Log:
    """A log that is open for writing. Use as a context; made by ``open``."""

    def __init__(self, root: Path, vkey: Vkey, sync: bool, lock: int) -> None:
        self.root = root
        self.vkey = vkey
        self.sync = sync
        self._lock = lock
        self._unsynced: list[Path] = []
        self._failed = ""
        self._journal = Journal(root / OWN / "journal", sync)
        try:
            self._edge = self._resume()
            self._latest = self._check_checkpoint()
        except BaseException:
            self._journal.close()
            raise

    @staticmethod
    def create(root: Path, name: str, public: PublicKey) -> Vkey:
        """Make an empty log whose origin is ``name``, to be signed by this key; returns its verifier key.

        Raises ``LedgerError`` if the directory holds anything.
        """
        vkey = Vkey.of(name, public)
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise LedgerError(f"{root} exists and is not empty; a ledger is made in a new directory")
        Journal.create(root / OWN / "journal", 0, merkle.EMPTY)
        storage.write_text(root / OWN / "log.vkey", f"{vkey}\n")  # last: with it the directory is a log
        disk.sync_all(root.parent, [root])
        return vkey

    @classmethod
    def open(cls, root: Path, *, sync: bool = True) -> "Log":
        """Open for writing, after repairing what a killed writer left.

        Raises ``LedgerLocked`` if another process writes it, ``LedgerCorrupt`` if it is damaged, ``LedgerError`` if it
        is no log.
        """
        vkey = log_vkey(root)
        lock = disk.lock(root, root / OWN / "lock")
        try:
            for folder in (root, root / OWN):
                for path in folder.glob(f".*{storage.TEMPORARY}"):  # what a killed writer left
                    storage.remove(path)
            return cls(root, vkey, sync, lock)
        except BaseException:
            os.close(lock)
            raise

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the log. Nothing needs to be saved."""
        self._journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def size(self) -> int:
        """Entries acknowledged, signed or not."""
        return self._edge.size

    @property
    def repaired(self) -> int:
        """Bytes of an append that never returned, cut off when the log was opened."""
        return self._journal.dropped

    def append(self, entries: Iterable[bytes]) -> range:
        """Enter entries in order; returns their indexes. All or none; see the module for when they are safe.

        Raises ``UsageError`` for an entry over 65,535 bytes, ``LedgerError`` if the disk refuses.
        """
        self._require_sound()
        batch = list(entries)
        first = self.size
        if not batch:
            return range(first, first)
        content = encode_bundle(batch)
        if len(content) > MAX_BATCH:
            raise UsageError(f"one append has at most {MAX_BATCH} bytes, not {len(content)}")
        with self._failing("it was appending"):
            self._journal.append(Batch(first, len(batch), content))
            self._write(self._edge.extend(batch, content))
            if self._journal.length >= ROLL:
                self._roll()
        return range(first, self.size)

    def checkpoint(self, signer: Signer) -> bytes:
        """Sign the log as it is now; returns the note, which is on the disk.

        A log that has not grown keeps the checkpoint it has, with its cosignatures. Raises ``SigningError``, and
        ``UsageError`` if the key is not the log's.
        """
        self._require_sound()
        if signer.public.raw != self.vkey.key:
            raise UsageError(f"this is not the key of the log {self.vkey.name}: it signs with {self.vkey}")
        if self._latest and self._latest[1].size == self.size:
            return bytes(self._latest[0])
        with self._failing("it was making a checkpoint"):
            self._roll()
        checkpoint = Checkpoint(self.vkey.name, self.size, merkle.root(self._edge, self.size))
        note = Note(checkpoint.text, (sign(checkpoint.text, self.vkey.name, signer),))
        return self._put(note, checkpoint)

    def cosign(self, lines: str) -> bytes:
        """Add witnesses' cosignatures, as they gave them, to the checkpoint; returns the note.

        They are not checked here: whoever relies on a witness has its key and checks it. Raises ``LedgerError`` if
        there is no checkpoint and ``MalformedError`` for what is no signature line.
        """
        self._require_sound()
        if self._latest is None:
            raise LedgerError(f"{self.root} has no checkpoint that could be cosigned")
        note, checkpoint = self._latest
        more: list[Signature] = [parse_signature(line) for line in lines.splitlines() if line]
        if any((each.name, each.id) == (self.vkey.name, self.vkey.id) for each in more):
            raise UsageError("this is a signature of the log itself, not of a witness")
        grown = note.with_signatures(more)
        Note.parse(bytes(grown))
        return self._put(grown, checkpoint)

    def _put(self, note: Note, checkpoint: Checkpoint) -> bytes:
        storage.write_bytes(self.root / CHECKPOINT, bytes(note))
        self._latest = note, checkpoint
        return bytes(note)

    def _resume(self) -> Edge:
        """The tree as acknowledged: the tiles the journal's head vouches for, and the journal's batches."""
        base, root = self._journal.base, self._journal.root
        try:
            edge = Edge.load(TileReader(DirectoryStore(self.root), base))
            found = merkle.root(edge, base)
        except BylawError as error:
            raise LedgerCorrupt(f"the tiles of {self.root} do not hold its first {base} entries: {error}") from error
        if found != root:
            raise LedgerCorrupt(
                f"the last tiles of {self.root} were changed: its first {base} entries have the root {found.hex()}, "
                f"the journal says {root.hex()}"
            )
        for batch in self._journal.replay():
            self._write(edge.extend(decode_bundle(batch.content, batch.count), batch.content))
        return edge

    def _check_checkpoint(self) -> tuple[Note, Checkpoint] | None:
        """The checkpoint on disk, if it is one of this log and the log still has all that it covers."""
        content = DirectoryStore(self.root).read(CHECKPOINT, MAX_NOTE)
        if content is None:
            return None
        try:
            note, checkpoint = open_checkpoint(content, self.vkey)
            self._check_covered(checkpoint)
        except BylawError as error:
            raise LedgerCorrupt(f"{self.root / CHECKPOINT} does not fit this log: {error}") from error
        return note, checkpoint

    def _check_covered(self, checkpoint: Checkpoint) -> None:
        """A checkpoint is signed after its tiles are safe, so it never covers more than the journal's base."""
        base, size = self._journal.base, checkpoint.size
        if size > base:
            raise LedgerCorrupt(f"it covers {size} entries, but only {base} are safely there")
        if size:
            proof = merkle.prove_consistency(TileReader(DirectoryStore(self.root), base), size, base)
            merkle.check_consistency(size, checkpoint.root, base, self._journal.root, proof)

    def _roll(self) -> None:
        """Make the tiles safe and begin a new journal."""
        old = self._journal
        if old.length == 0:
            return
        relied_on = set(partial_paths(old.base))  # until the new journal stands, a killed writer goes on from these
        self._write([file for file in self._edge.partials() if file.path not in relied_on])
        disk.sync_all(self.root, self._unsynced)
        self._unsynced.clear()
        Journal.create(old.path, self.size, merkle.root(self._edge, self.size))
        self._journal = Journal(old.path, self.sync)
        self._journal.dropped = old.dropped
        old.close()
        for path in full_paths(old.base, self.size):  # partial tiles may go once the full one is there
            storage.remove(self.root / f"{path}.p")

    def _write(self, files: Sequence[File]) -> None:
        """Write tiles in place: nobody reads one before a checkpoint that covers it, and that comes later."""
        for file in files:
            path = self.root / file.path
            try:
                descriptor = os.open(path, _NEW, 0o644)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, _NEW, 0o644)
            with os.fdopen(descriptor, "wb") as target:
                target.write(file.content)
            self._unsynced.append(path)

    @contextmanager
    def _failing(self, state: str) -> Iterator[None]:
        """After a failure in the body this writer does nothing more; opening the log again finds out what is there."""
        try:
            yield
        except LedgerError:
            raise  # the disk was full, and the journal is as it was: the next append may succeed
        except BaseException as error:
            self._failed = state
            if isinstance(error, OSError):
                raise LedgerError(f"cannot write {error.filename or self.root}: {error.strerror}") from error
            raise

    def _require_sound(self) -> None:
        if self._lock < 0:
            raise LedgerError(f"{self.root} is closed")
        if self._failed:
            raise LedgerError(f"{self.root} failed while {self._failed}; open it again, nothing acknowledged is lost")


def log_vkey(root: Path) -> Vkey:
    """The verifier key a local log says it has. A reader who checks a log brings this key along instead."""
    path = root / OWN / "log.vkey"
    try:
        return Vkey.parse(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise LedgerError(f"{root} is not a ledger: it has no {OWN}/log.vkey") from error
