"""Paths, bundles, the reader and the right edge; a log written by others."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import data, entries, naive_root, unhurried

from bylaw.errors import LedgerError, MalformedError, UsageError
from bylaw.ledger import merkle
from bylaw.ledger.checkpoint import open_checkpoint
from bylaw.ledger.note import Vkey
from bylaw.ledger.stores import DirectoryStore, HttpStore, open_store
from bylaw.ledger.tiles import (
    MAX_ENTRY,
    Edge,
    TileReader,
    decode_bundle,
    encode_bundle,
    full_paths,
    partial_paths,
    tile_path,
)

TESSERA = Vkey.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")


@pytest.mark.parametrize(
    ("index", "path"),
    [
        (0, "tile/0/000"),
        (67, "tile/0/067"),
        (999, "tile/0/999"),
        (1000, "tile/0/x001/000"),
        (1234067, "tile/0/x001/x234/067"),
        (12345678901, "tile/0/x012/x345/x678/901"),
    ],
)
def test_paths_as_the_standard_writes_them(index: int, path: str) -> None:
    assert tile_path(0, index) == path
    assert tile_path("entries", index, 8) == path.replace("/0/", "/entries/", 1) + ".p/8"


def test_the_standards_tree_of_70000() -> None:
    full, partial = list(full_paths(0, 70_000)), set(partial_paths(70_000))
    assert sum(path.startswith("tile/0/") for path in full) == 273
    assert sum(path.startswith("tile/1/") for path in full) == 1
    assert partial == {"tile/0/273.p/112", "tile/entries/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}
    assert set(partial_paths(256)) == {"tile/1/000.p/1"}


@unhurried
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_round_trip_and_say_when_they_are_cut(content: list[bytes]) -> None:
    bundle = encode_bundle(content)
    assert decode_bundle(bundle, len(content)) == content
    for wrong, count in [(bundle + b"\0", len(content)), (bundle, len(content) + 1), (bundle[:-1], len(content))]:
        if wrong or count:
            with pytest.raises(MalformedError):
                decode_bundle(wrong, count)


def test_an_entry_that_is_too_long_is_refused() -> None:
    assert decode_bundle(encode_bundle([bytes(MAX_ENTRY)]), 1) == [bytes(MAX_ENTRY)]
    with pytest.raises(UsageError, match="enter a digest"):
        encode_bundle([bytes(MAX_ENTRY + 1)])


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 513, 700])
def test_the_edge_knows_the_root(size: int) -> None:
    content = entries(0, size)
    edge, steps = Edge(), Edge()
    edge.extend(content)
    for at in range(0, size, 37):
        steps.extend(content[at : at + 37])
    assert merkle.root(edge, size) == merkle.root(steps, size) == naive_root(content)
    assert edge.partial == steps.partial
    assert edge.bundle == steps.bundle


def test_a_log_written_by_others_reads_and_proves() -> None:
    root = data("tessera", "log")
    store = DirectoryStore(root)
    for size in range(1, 16):
        checkpoint = open_checkpoint((root / f"checkpoint.{size}").read_bytes(), TESSERA)[1]
        reader = TileReader(store, size)
        assert merkle.root(reader, size) == checkpoint.root
        content = reader.bundle(0)
        assert naive_root(content) == checkpoint.root
        proof = merkle.prove_inclusion(reader, size - 1, size)
        merkle.check_inclusion(merkle.leaf_hash(content[-1]), size - 1, size, proof, checkpoint.root)


def test_our_tiles_are_those_of_others() -> None:
    """The same entries give the same files, byte for byte, at every size."""
    root = data("tessera", "log")
    content = TileReader(DirectoryStore(root), 15).bundle(0)
    for size in range(1, 16):
        edge = Edge()
        edge.extend(content[:size])
        for file in edge.partials():
            assert file.content == (root / file.path).read_bytes()


def test_tiles_of_the_wrong_length_or_missing_are_named(tmp_path: Path) -> None:
    reader = TileReader(DirectoryStore(tmp_path), 3)
    with pytest.raises(MalformedError, match=r"tile/0/000\.p/3 is missing"):
        reader.tile(0, 0)
    path = tmp_path / "tile" / "0" / "000.p" / "3"
    path.parent.mkdir(parents=True)
    for length in (0, 95, 97):
        path.write_bytes(bytes(length))
        with pytest.raises(MalformedError, match="not 3 hashes"):
            reader.tile(0, 0)
    path.write_bytes(bytes(1 << 20))
    with pytest.raises(MalformedError, match="more than the 8192 bytes"):
        reader.tile(0, 0)


def test_a_full_tile_stands_in_for_a_partial_one(tmp_path: Path) -> None:
    edge = Edge()
    for file in edge.extend(entries(0, 256)):
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(file.content)
    reader = TileReader(DirectoryStore(tmp_path), 100)
    assert merkle.root(reader, 100) == naive_root(entries(0, 100))
    assert reader.bundle(0) == entries(0, 100)


def test_stores_by_their_names(tmp_path: Path) -> None:
    assert open_store(tmp_path) == DirectoryStore(tmp_path)
    assert open_store("https://log.example/x") == HttpStore("https://log.example/x")
    with pytest.raises(UsageError, match="neither a directory nor a URL"):
        open_store(tmp_path / "nowhere")
    with pytest.raises(LedgerError, match=r"cannot read http://127\.0\.0\.1:9/"):
        HttpStore("http://127.0.0.1:9", timeout=2).read("checkpoint", 100)


def test_a_web_servers_compressed_answer_is_bounded() -> None:
    from bylaw.ledger.stores import _unpacked as unpacked

    assert unpacked("x", gzip.compress(b"abc"), 3) == b"abc"
    with pytest.raises(MalformedError, match="more than the 1000 bytes"):
        unpacked("x", gzip.compress(bytes(10_000_000)), 1000)
    with pytest.raises(MalformedError, match="not the gzip"):
        unpacked("x", b"no gzip", 1000)
