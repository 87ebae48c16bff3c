"""Tiles (C2SP tlog-tiles v0.1.0): a Merkle tree and its entries as static files.

A *tile* is 256 consecutive hashes of one level, levels being 8 apart; a *bundle* is the 256 entries below a tile of
level 0, each behind its length as a big-endian uint16. Both are files named by level and number; the last ones of a
tree are partial and say how wide they are.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bylaw.errors import MalformedError, UsageError
from bylaw.ledger.stores import Store

WIDTH = 256
HASH = 32
MAX_ENTRY = (1 << 16) - 1
"""Bytes of an entry: its length is a uint16. A log holds digests, not documents."""
MAX_BUNDLE = WIDTH * (MAX_ENTRY + 2)

ENTRIES = "entries"
"""In place of a tile's level: the bundle of entries below it."""

_CACHED = 64


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """``tile/<level>/<index>[.p/<width>]``, the index in groups of three digits (``x001/x234/067``)."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    number = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{number}" + ("" if width == WIDTH else f".p/{width}")


def tile_width(size: int, level: int, index: int) -> int:
    """How many hashes a tile has in a tree of this size; 0 if it does not exist there."""
    return max(0, min(WIDTH, (size >> 8 * level) - index * WIDTH))


def partial_paths(size: int) -> Iterator[str]:
    """Paths of every partial tile of a tree, and of its partial bundle."""
    for level in range((size.bit_length() + 7) // 8):
        index, width = divmod(size >> 8 * level, WIDTH)
        if width:
            yield tile_path(level, index, width)
            if level == 0:
                yield tile_path(ENTRIES, index, width)


def full_paths(old: int, new: int) -> Iterator[str]:
    """Paths of every tile and bundle that was completed while the tree grew from ``old`` to ``new`` leaves."""
    for level in range((new.bit_length() + 7) // 8):
        for index in range(old >> 8 * (level + 1), new >> 8 * (level + 1)):
            yield tile_path(level, index)
            if level == 0:
                yield tile_path(ENTRIES, index)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries, each behind its length. Raises ``UsageError`` for one that is too long."""
    try:
        return b"".join([part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)])
    except OverflowError:
        size = max(map(len, entries))
        raise UsageError(f"an entry has at most {MAX_ENTRY} bytes, not {size}: enter a digest of it instead") from None


def decode_bundle(content: bytes, count: int) -> list[bytes]:
    """Exactly ``count`` entries. Raises ``MalformedError`` if there are more, fewer, or a part of one."""
    entries: list[bytes] = []
    at = 0
    for _ in range(count):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content) or at + 2 > len(content):
            raise MalformedError("bundle", f"it ends after {len(entries)} of {count} entries")
        entries.append(content[at + 2 : end])
        at = end
    if at != len(content):
        raise MalformedError("bundle", f"{len(content) - at} bytes follow the last of its {count} entries")
    return entries


def fold(hashes: bytes) -> bytes:
    """Root over a power of two of hashes, given in one piece."""
    while len(hashes) > HASH:
        pairs = range(0, len(hashes), 2 * HASH)
        hashes = b"".join([sha256(b"\1" + hashes[at : at + 2 * HASH]).digest() for at in pairs])
    return hashes


class _Tiled:
    """``merkle.Nodes`` over anything that gives tiles."""

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of one tile, in one piece."""
        raise NotImplementedError

    def node(self, level: int, index: int) -> bytes:
        """See ``merkle.Nodes``. Hashes at most 255 times."""
        tile, below = divmod(level, 8)
        number, at = divmod(index << below, WIDTH)
        hashes = self.tile(tile, number)[at * HASH : (at + (1 << below)) * HASH]
        if len(hashes) != HASH << below:
            raise UsageError(f"the tree has no full node {index} on level {level}")
        return fold(hashes)


class TileReader(_Tiled):
    """The tree of ``size`` leaves in a store, and its entries.

    What it gives is as true as the store; who needs more checks the proofs it makes against a signed root.
    """

    def __init__(self, store: Store, size: int) -> None:
        self.store = store
        self.size = size
        self._cache: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def tile(self, level: int, index: int) -> bytes:
        """See ``_Tiled``. Raises ``MalformedError`` if the file is missing or not as long as it should be."""
        key = level, index
        if key not in self._cache:
            self._cache[key] = self._read_tile(level, index)
            if len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    def bundle(self, index: int) -> list[bytes]:
        """The entries of one bundle, as many as the tree has of them."""
        width = tile_width(self.size, 0, index)
        path, content, full = self._read(ENTRIES, index, width, MAX_BUNDLE)
        try:
            return decode_bundle(content, WIDTH if full else width)[:width]
        except MalformedError as error:
            raise MalformedError("bundle", f"{path}: {error}") from error

    def entry(self, index: int) -> bytes:
        """The entry at ``index``. Raises ``UsageError`` beyond the end."""
        if not 0 <= index < self.size:
            raise UsageError(f"the log has entries 0 to {self.size - 1}; there is no entry {index}")
        return self.bundle(index // WIDTH)[index % WIDTH]

    def _read_tile(self, level: int, index: int) -> bytes:
        width = tile_width(self.size, level, index)
        path, content, full = self._read(level, index, width, WIDTH * HASH)
        if len(content) != (WIDTH if full else width) * HASH:
            raise MalformedError("tile", f"{path} has {len(content)} bytes, which is not {width} hashes")
        return content[: width * HASH]

    def _read(self, level: int | str, index: int, width: int, limit: int) -> tuple[str, bytes, bool]:
        """Path, content and whether it is the full file: a log may drop partial ones once the full one is there."""
        if width == 0:
            raise UsageError(f"a tree of {self.size} leaves has no tile {index} on level {level}")
        for candidate in dict.fromkeys((width, WIDTH)):
            path = tile_path(level, index, candidate)
            if (content := self.store.read(path, limit)) is not None:
                return path, content, candidate == WIDTH
        raise MalformedError("tile", f"{tile_path(level, index, width)} is missing from the log")


@dataclass(frozen=True)
class File:
    """A tile or bundle that is full."""

    path: str
    content: bytes


class Edge(_Tiled):
    """The right edge of a growing tree: its partial tiles and its partial bundle. The rest need not be in memory."""

    def __init__(self, size: int = 0, partial: Sequence[bytes] = (), bundle: bytes = b"") -> None:
        self.size = size
        self.partial = [bytearray(each) for each in partial]
        self.bundle = bytearray(bundle)

    @classmethod
    def load(cls, reader: TileReader) -> "Edge":
        """The edge of the tree that the reader reads."""
        size, partial = reader.size, []
        for level in range((size.bit_length() + 7) // 8):
            index, width = divmod(size >> 8 * level, WIDTH)
            partial.append(reader.tile(level, index) if width else b"")
        number, width = divmod(size, WIDTH)
        return cls(size, partial, encode_bundle(reader.bundle(number)) if width else b"")

    def extend(self, entries: Sequence[bytes], encoded: bytes | None = None) -> list[File]:
        """Add entries; the tiles and bundles they complete. Hashes twice per entry.

        ``encoded`` is ``encode_bundle(entries)``, for one who has it already.
        """
        rest = memoryview(encode_bundle(entries) if encoded is None else encoded)
        done: list[File] = []
        at = 0
        while at < len(entries):
            room = WIDTH - self.size % WIDTH
            part = entries[at : at + room]
            length = 2 * len(part) + sum(map(len, part))
            self.bundle += rest[:length]
            rest = rest[length:]
            at += room
            done += self._fill(part)
        return done

    def tile(self, level: int, index: int) -> bytes:
        """See ``_Tiled``; only the last tile of each level is known."""
        if level >= len(self.partial) or index != self.size >> 8 * (level + 1):
            raise UsageError(f"tile {index} of level {level} is not at the tree's edge")
        return bytes(self.partial[level])

    def partials(self) -> Iterator[File]:
        """The partial files of the tree as it is now."""
        for level, hashes in enumerate(self.partial):
            index = self.size >> 8 * (level + 1)
            if hashes:
                yield File(tile_path(level, index, len(hashes) // HASH), bytes(hashes))
        if self.bundle:
            yield File(tile_path(ENTRIES, *divmod(self.size, WIDTH)), bytes(self.bundle))

    def _fill(self, entries: Sequence[bytes]) -> list[File]:
        """Add entries that all fit into the last tile; the last bundle has them already."""
        self._push(0, b"".join([sha256(b"\0" + entry).digest() for entry in entries]))
        self.size += len(entries)
        if self.size % WIDTH:
            return []
        done = [File(tile_path(ENTRIES, self.size // WIDTH - 1), bytes(self.bundle))]
        self.bundle.clear()
        level = 0
        while len(full := bytes(self.partial[level])) == WIDTH * HASH:
            done.append(File(tile_path(level, (self.size >> 8 * (level + 1)) - 1), full))
            self.partial[level].clear()
            level += 1
            self._push(level, fold(full))
        return done

    def _push(self, level: int, hashes: bytes) -> None:
        if level == len(self.partial):
            self.partial.append(bytearray())
        self.partial[level] += hashes


def leaf_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile, one by one."""
    return [tile[at : at + HASH] for at in range(0, len(tile), HASH)]
