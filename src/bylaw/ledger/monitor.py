"""A monitor: follows a log, reads everything that is new in it, and says at once if it did anything but grow.

Of every new checkpoint it checks the signatures its policy asks for, that the log only grew since the last one, and
that the entries, hashed anew, give each tile that is served and the root that is signed. What it saw is remembered
on disk. It is the one reader who would find an entry that should not be there; what entries mean is for its caller.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bylaw.errors import VerificationError
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import Checkpoint
from bylaw.ledger.growth import check_growth
from bylaw.ledger.policy import Policy, Verdict
from bylaw.ledger.proof import read_checkpoint
from bylaw.ledger.seen import Seen
from bylaw.ledger.stores import Store
from bylaw.ledger.tiles import HASH, WIDTH, Edge, TileReader

OnEntry = Callable[[int, bytes], None]


@dataclass(frozen=True)
class Sight:
    """What one look found: the log grew from ``old`` to the verdict's checkpoint, and all of it is in order."""

    old: Checkpoint
    verdict: Verdict


@dataclass(frozen=True)
class Monitor:
    """Follows the log in ``store``. ``policy`` is the monitor's own; ``state`` its memory, one per log."""

    store: Store
    policy: Policy
    state: Path

    def look(self, on_entry: OnEntry = lambda index, entry: None) -> Sight:
        """Read the log's checkpoint and all entries that are new; ``on_entry`` gets each with its index, once hashed.

        Costs two hashes and its bytes per new entry, in constant memory. Nothing is remembered unless all is in
        order. Raises ``ForkError`` (the contradicting checkpoint is kept as evidence), or ``VerificationError`` naming
        what does not fit.
        """
        seen = Seen(self.state)
        with seen.lock():
            content = read_checkpoint(self.store)
            verdict = self.policy.check(content)
            new = verdict.checkpoint
            old = seen.latest(new.origin)
            with seen.accusing(new.origin, content):
                check_growth(old, new, TileReader(self.store, new.size))
            self._read(old, new, on_entry)
            seen.remember(new.origin, content)
        return Sight(old, verdict)

    def _read(self, old: Checkpoint, new: Checkpoint, on_entry: OnEntry) -> None:
        """Hash the new entries and compare everything that is served with what they give."""
        reader = TileReader(self.store, new.size)
        edge = Edge.load(TileReader(self.store, old.size))
        if merkle.root(edge, old.size) != old.root:
            raise VerificationError("tiles", f"those that are served do not have the root seen before ({old})")
        for first, entries in _new_entries(reader, old.size):
            self._compare(reader, first, entries)
            for file in edge.extend(entries):
                if self.store.read(file.path, len(file.content)) != file.content:
                    raise VerificationError("tiles", f"{file.path} is not what the entries below it give")
            for index, entry in enumerate(entries, first):
                on_entry(index, entry)
        for level, hashes in enumerate(edge.partial):
            if hashes and reader.tile(level, new.size >> 8 * (level + 1)) != hashes:
                raise VerificationError("tiles", f"the last tile of level {level} is not what the entries give")
        if merkle.root(edge, new.size) != new.root:
            raise VerificationError("root", f"the entries give another root than the checkpoint says ({new})")

    def _compare(self, reader: TileReader, first: int, entries: list[bytes]) -> None:
        tile = reader.tile(0, first // WIDTH)
        for index, entry in enumerate(entries, first):
            at = index % WIDTH * HASH
            if merkle.leaf_hash(entry) != tile[at : at + HASH]:
                raise VerificationError("entries", f"entry {index} is not the one its tile has the hash of")


def _new_entries(reader: TileReader, start: int) -> Iterator[tuple[int, list[bytes]]]:
    """(index of the first, entries) of each bundle from ``start`` on."""
    while start < reader.size:
        yield start, reader.bundle(start // WIDTH)[start % WIDTH :]
        start = (start // WIDTH + 1) * WIDTH
