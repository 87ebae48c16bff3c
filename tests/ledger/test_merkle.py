"""Roots and proofs against the vectors of transparency-dev/merkle, and against a naive tree."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import data, entries, flipped, naive_root, unhurried

from bylaw.errors import UsageError, VerificationError
from bylaw.ledger import merkle

SMALL = entries(0, 70)
LEAVES = merkle.Leaves(map(merkle.leaf_hash, SMALL))


def hashed(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def check(kind: str, one: dict[str, Any]) -> None:
    proof = [hashed(each) for each in one["proof"] or []]
    if kind == "inclusion":
        leaf, root = hashed(one["leafHash"]), hashed(one["root"])
        merkle.check_inclusion(leaf, one["leafIdx"], one["treeSize"], proof, root)
    elif kind == "consistency":
        merkle.check_consistency(one["size1"], hashed(one["root1"]), one["size2"], hashed(one["root2"]), proof)
    elif kind == "subtreeinclusion":
        leaf, root = hashed(one["leafHash"]), hashed(one["root"])
        merkle.check_subtree_inclusion(leaf, one["leafIdx"], one["start"], one["end"], proof, root)
    else:
        roots = hashed(one["root1"]), hashed(one["root2"])
        merkle.check_subtree_consistency(one["start"], one["end"], one["size"], *roots, proof)


@pytest.mark.parametrize(
    ("kind", "count"),
    [("inclusion", 98), ("consistency", 98), ("subtreeinclusion", 204), ("subtreeconsistency", 118)],
)
def test_every_vector(kind: str, count: int) -> None:
    """518 cases made by others, 482 of which must be refused; ``size1`` 0 among them."""
    paths = sorted(data("merkle", kind).rglob("*.json"))
    assert len(paths) == count
    for path in paths:
        one = json.loads(path.read_text())
        try:
            check(kind, one)
            refused = False
        except VerificationError:
            refused = True
        assert refused == one["wantErr"], path


@pytest.mark.parametrize("size", [*range(70)])
def test_roots(size: int) -> None:
    assert merkle.root(LEAVES, size) == naive_root(SMALL[:size])


@unhurried
@given(st.data())
def test_every_leaf_is_proven_and_no_other(draw: st.DataObject) -> None:
    size = draw.draw(st.integers(1, 70))
    index = draw.draw(st.integers(0, size - 1))
    other = draw.draw(st.integers(0, 69))
    root, leaf = naive_root(SMALL[:size]), merkle.leaf_hash(SMALL[index])
    proof = merkle.prove_inclusion(LEAVES, index, size)
    merkle.check_inclusion(leaf, index, size, proof, root)
    if other != index:
        with pytest.raises(VerificationError):
            merkle.check_inclusion(merkle.leaf_hash(SMALL[other]), index, size, proof, root)
        with pytest.raises(VerificationError):
            merkle.check_inclusion(leaf, other, size, proof, root)


@unhurried
@given(st.data())
def test_a_prefix_is_proven_and_a_changed_proof_is_not(draw: st.DataObject) -> None:
    size2 = draw.draw(st.integers(1, 70))
    size1 = draw.draw(st.integers(1, size2))
    roots = naive_root(SMALL[:size1]), naive_root(SMALL[:size2])
    proof = merkle.prove_consistency(LEAVES, size1, size2)
    merkle.check_consistency(size1, roots[0], size2, roots[1], proof)
    if proof:
        at = draw.draw(st.integers(0, len(proof) - 1))
        changed = [*proof]
        changed[at] = flipped(proof[at], draw.draw(st.integers(0, 255)))
        for wrong in (changed, proof[:-1], [*proof, proof[0]]):
            with pytest.raises(VerificationError):
                merkle.check_consistency(size1, roots[0], size2, roots[1], wrong)


@unhurried
@given(st.data())
def test_every_subtree_is_proven(draw: st.DataObject) -> None:
    size = draw.draw(st.integers(1, 70))
    start, end = draw.draw(
        st.tuples(st.integers(0, size - 1), st.integers(1, size)).filter(lambda pair: merkle.is_subtree(*pair))
    )
    part = naive_root(SMALL[start:end])
    assert merkle.subtree_root(LEAVES, start, end) == part
    proof = merkle.prove(LEAVES, start, end, size)
    merkle.check_subtree_consistency(start, end, size, part, naive_root(SMALL[:size]), proof)
    index = draw.draw(st.integers(start, end - 1))
    inclusion = merkle.prove_subtree_inclusion(LEAVES, index, start, end)
    merkle.check_subtree_inclusion(merkle.leaf_hash(SMALL[index]), index, start, end, inclusion, part)


@pytest.mark.long
def test_roots_are_those_of_pymerkle() -> None:
    """A second opinion, by others (PyPI)."""
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle is not installed")
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for size, entry in enumerate(SMALL, 1):
        tree.append_entry(entry)
        assert merkle.root(LEAVES, size) == tree.get_root(size)


def test_what_cannot_be_proven_is_refused() -> None:
    for start, end, size in [(0, 0, 5), (3, 2, 5), (0, 6, 5), (1, 3, 5), (-1, 1, 5)]:
        with pytest.raises(UsageError):
            merkle.prove(LEAVES, start, end, size)
    with pytest.raises(UsageError):
        merkle.prove_inclusion(LEAVES, 5, 5)


def test_an_endless_proof_ends() -> None:
    with pytest.raises(VerificationError, match="beyond the root"):
        merkle.check_inclusion(bytes(32), 0, 1 << 62, [bytes(32)] * 100_000, bytes(32))


def test_hashes_of_another_length_are_refused() -> None:
    with pytest.raises(VerificationError, match="32 bytes"):
        merkle.check_inclusion(bytes(31), 0, 1, [], bytes(31))
    with pytest.raises(VerificationError, match="32 bytes"):
        merkle.check_inclusion(bytes(32), 0, 2, [bytes(33)], bytes(32))
