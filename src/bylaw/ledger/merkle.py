"""Merkle trees as in RFC 6962 and RFC 9162: roots, proofs and their checks, as pure functions.

Everything is read through one method, ``Nodes.node``, so that memory, tiles on disk and tiles behind a web server are
the same code. Inclusion of a leaf, consistency of two trees and both for subtrees
(draft-ietf-plants-merkle-tree-certs, section 4) are one thing: the proof that the leaves ``[start, end)`` with a known
hash are part of a tree with a known root. So there is one prover and one checker; the rest are their names.

Costs: a proof has at most ``2 * log2(size)`` hashes; checking it hashes twice per element at the most.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

from bylaw.errors import UsageError, VerificationError

EMPTY = hashlib.sha256().digest()
"""Root of a tree without leaves (RFC 6962, section 2.1)."""

_sha256 = hashlib.sha256


class Nodes(Protocol):
    """Where hashes of full subtrees come from."""

    def node(self, level: int, index: int) -> bytes:
        """MTH of the leaves ``[index * 2**level, (index + 1) * 2**level)``; level 0 are leaf hashes."""


class Leaves:
    """The reader over leaf hashes in memory; each level is computed once, when first asked for."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        self._levels = [list(hashes)]

    def __len__(self) -> int:
        return len(self._levels[0])

    def node(self, level: int, index: int) -> bytes:
        """See ``Nodes``."""
        while len(self._levels) <= level:
            below = self._levels[-1]
            self._levels.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])
        return self._levels[level][index]


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf: SHA-256 of 0x00 and the entry."""
    return _sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 of 0x01 and both children."""
    return _sha256(b"\1" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """Root of the tree of the first ``size`` leaves. Reads one node per bit that is set in ``size``."""
    return subtree_root(nodes, 0, size)


def subtree_root(nodes: Nodes, start: int, end: int) -> bytes:
    """MTH of the leaves ``[start, end)``, a valid subtree (see ``is_subtree``) or empty."""
    if start == end:
        return EMPTY
    _require_subtree(start, end, end)
    return _mth(nodes, start, end)


def is_subtree(start: int, end: int) -> bool:
    """Whether some tree has a node over ``[start, end)``: ``start`` is a multiple of the width's next power of two."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def prove_inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """PATH(index, D[0:size]) of RFC 6962, section 2.1.1: from the leaf's sibling up."""
    return prove(nodes, index, index + 1, size)


def prove_consistency(nodes: Nodes, size1: int, size2: int) -> list[bytes]:
    """PROOF(size1, D[0:size2]) of RFC 6962, section 2.1.2; ``size1`` is at least 1."""
    return prove(nodes, 0, size1, size2)


def prove_subtree_inclusion(nodes: Nodes, index: int, start: int, end: int) -> list[bytes]:
    """The inclusion proof of leaf ``index`` in the subtree ``[start, end)``."""
    _require_subtree(start, end, end)
    return _prove(nodes, index, index + 1, start, end)


def prove(nodes: Nodes, start: int, end: int, size: int) -> list[bytes]:
    """The proof that the subtree ``[start, end)`` is part of the tree of ``size`` leaves.

    Raises ``UsageError`` if it is no subtree of it.
    """
    _require_subtree(start, end, size)
    return _prove(nodes, start, end, 0, size)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash stands at ``index`` of the tree (RFC 9162, section 2.1.3.2)."""
    _require_leaf(leaf)
    _check("inclusion", index, index + 1, size, leaf, root, proof)


def check_consistency(size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``size1`` leaves is a prefix of the other (RFC 9162, section 2.1.4.2).

    ``size1`` 0 is refused: every tree begins with the empty one, so such a proof says nothing.
    """
    _check("consistency", 0, size1, size2, root1, root2, proof)


def check_subtree_inclusion(leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash stands at ``index`` of the subtree ``[start, end)`` with this root."""
    _require_leaf(leaf)
    if not is_subtree(start, end):
        raise VerificationError("subtree inclusion", f"[{start}, {end}) is no subtree")
    _check("subtree inclusion", index - start, index - start + 1, end - start, leaf, root, proof)


def check_subtree_consistency(
    start: int, end: int, size: int, subtree: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the subtree ``[start, end)`` is part of the tree (draft-ietf-plants-merkle-tree-certs, section 4.4).

    An empty subtree has the empty hash and an empty proof, and is part of every tree.
    """
    if 0 <= start == end <= size:
        if subtree != EMPTY or proof:
            raise VerificationError("subtree consistency", "an empty subtree has the empty hash and an empty proof")
        return
    _check("subtree consistency", start, end, size, subtree, root, proof)


def _require_subtree(start: int, end: int, size: int) -> None:
    if not is_subtree(start, end) or end > size:
        raise UsageError(f"[{start}, {end}) is no subtree of a tree of {size} leaves")


def _require_leaf(leaf: bytes) -> None:
    if len(leaf) != len(EMPTY):
        raise VerificationError("inclusion", f"a leaf hash has 32 bytes, not {len(leaf)}")


def _split(width: int) -> int:
    """The largest power of two smaller than ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def _mth(nodes: Nodes, start: int, end: int) -> bytes:
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return nodes.node(level, start >> level)
    middle = start + _split(width)
    return node_hash(_mth(nodes, start, middle), _mth(nodes, middle, end))


def _prove(nodes: Nodes, start: int, end: int, low: int, high: int) -> list[bytes]:
    """Walk down from ``[low, high)`` to ``[start, end)``, noting the half not taken."""
    if not low <= start < end <= high:
        raise UsageError(f"[{start}, {end}) does not lie within [{low}, {high})")
    proof, known = [], True
    while (start, end) != (low, high):
        middle = low + _split(high - low)
        if end <= middle:
            proof.append(_mth(nodes, middle, high))
            high = middle
        else:
            proof.append(_mth(nodes, low, middle))
            if start < middle:  # it begins with the whole left half: the checker does not know the rest's hash
                start, known = middle, False
            low = middle
    if not known:
        proof.append(_mth(nodes, low, high))
    return proof[::-1]


def _check(check: str, start: int, end: int, size: int, part: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Rebuild both hashes from the proof, bottom up. ``first``, ``last`` and ``top`` are the indexes, at the level
    reached, of the nodes that hold the subtree's first and last leaf and the tree's last one.
    """
    if not is_subtree(start, end) or end > size:
        raise VerificationError(check, f"[{start}, {end}) is no part of a tree of {size} leaves")
    if any(len(each) != len(EMPTY) for each in proof):
        raise VerificationError(check, "a hash of the proof does not have 32 bytes")
    first, last, top = start, end - 1, size - 1
    at_edge = last == top
    while first != last and (at_edge or last & 1):
        first, last, top = first >> 1, last >> 1, top >> 1
    rest = list(proof)
    if first != last and not rest:
        raise VerificationError(check, "the proof ends before it begins")
    seen = whole = part if first == last else rest.pop(0)
    for sibling in rest:
        if top == 0:
            raise VerificationError(check, "the proof goes on beyond the root")
        if last & 1 or last == top:
            if first < last:
                seen = node_hash(sibling, seen)
            whole = node_hash(sibling, whole)
            while not last & 1:
                first, last, top = first >> 1, last >> 1, top >> 1
        else:
            whole = node_hash(whole, sibling)
        first, last, top = first >> 1, last >> 1, top >> 1
    if top != 0:
        raise VerificationError(check, "the proof ends before the root")
    if seen != part:
        raise VerificationError(check, f"the proof leads to {seen.hex()}, not to {part.hex()}, the part's hash")
    if whole != root:
        raise VerificationError(check, f"the proof leads to {whole.hex()}, not to {root.hex()}, the tree's root")
