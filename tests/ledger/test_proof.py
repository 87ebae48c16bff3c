"""Proof files: round trip, changed ones, and a verifier written by somebody else."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import KEY, VKEY, entries, files, flipped, new_log, unhurried

from bylaw.errors import MalformedError, UsageError, VerificationError
from bylaw.ledger.log import Log
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import Proof, prove
from bylaw.ledger.stores import DirectoryStore
from bylaw.ledger.witness import Witness
from bylaw.signing import LocalSigner

POLICY = Policy.unwitnessed(VKEY)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_log(tmp_path_factory.mktemp("proofs") / "log", 700)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 511, 512, 698, 699])
def test_a_proof_stands_alone(root: Path, index: int) -> None:
    proof, entry = prove(DirectoryStore(root), index)
    assert entry == entries(index, index + 1)[0]
    read = Proof.parse(bytes(replace(proof, extra=b"\0opaque")))
    assert read == replace(proof, extra=b"\0opaque")
    assert read.check(entry, POLICY).checkpoint.size == 700
    with pytest.raises(VerificationError, match="inclusion"):
        read.check(entry + b"!", POLICY)
    with pytest.raises(VerificationError, match="inclusion"):
        replace(read, index=index ^ 1).check(entry, POLICY)


@unhurried
@given(st.data())
def test_no_bit_of_a_proof_can_change(root: Path, draw: st.DataObject) -> None:
    proof, entry = prove(DirectoryStore(root), 300)
    content = bytes(proof)
    bit = draw.draw(st.integers(0, 8 * len(content) - 1))
    with pytest.raises(VerificationError):
        Proof.parse(flipped(content, bit)).check(entry, POLICY)


@unhurried
@given(st.data())
def test_a_cut_proof_is_refused(root: Path, draw: st.DataObject) -> None:
    proof, entry = prove(DirectoryStore(root), 300)
    content = bytes(proof)
    with pytest.raises(VerificationError):
        Proof.parse(content[: draw.draw(st.integers(0, len(content) - 1))]).check(entry, POLICY)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2", "begin with"),
        (b"index 300", b"index 0300", "no size or index"),
        (b"index 300", b"index -5", "no size or index"),
        (b"index 300", b"index 9999999999999999999999", "no size or index"),
        (b"index 300\n", b"", "no index line"),
        (b"index 300\n", b"extra !\nindex 300\n", "extra line"),
        (b"index 300\n", b"index 300\nAAAA\n", "base64 of a hash"),
        (b"index 300\n", b"index 300\n" + b"A" * 43 + b"=\n", "beyond the root"),
        (b"index 300\n", b"index 300\n" + (b"A" * 43 + b"=\n") * 64, "the most there can be"),
        (b"\n\n", b"\n", "note|empty line|hash"),
        (b"index", "ïndex".encode(), "not ASCII"),
    ],
)
def test_what_is_no_proof(root: Path, old: bytes, new: bytes, said: str) -> None:
    proof, entry = prove(DirectoryStore(root), 300)
    with pytest.raises(VerificationError, match=said):
        Proof.parse(bytes(proof).replace(old, new, 1)).check(entry, POLICY)
    with pytest.raises(MalformedError, match="allowed"):
        Proof.parse(b"x" * (1 << 20))


def test_changed_tiles_and_entries_give_no_proof(tmp_path: Path) -> None:
    """Every file of a log, one bit changed: the proofs that need it are refused, and none verifies that should not."""
    root = new_log(tmp_path / "log", 300)
    for path in files(root):
        content = path.read_bytes()
        path.write_bytes(flipped(content, 8 * 8))
        refused = 0
        for index in (0, 128, 255, 256, 299):
            try:
                proof, entry = prove(DirectoryStore(root), index)
                proof.check(entry, POLICY)
                assert entry == entries(index, index + 1)[0]
            except VerificationError:
                refused += 1
        assert refused, path
        path.write_bytes(content)


def test_beyond_the_checkpoint(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no entry 700"):
        prove(DirectoryStore(root), 700)
    with pytest.raises(VerificationError, match="the log has none"):
        prove(DirectoryStore(tmp_path), 0)


@pytest.mark.long
def test_a_verifier_written_by_others_accepts_ours_and_refuses_its_mutations(tmp_path: Path) -> None:
    """``proofbundle verify-proof`` (PyPI), with one witness; run where that program is at hand."""
    verifier = shutil.which("proofbundle", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if verifier is None:
        pytest.skip("proofbundle is not installed")
    root, witness_key = new_log(tmp_path / "log", 1000), LocalSigner.generate()
    witness = Witness("witness.example/w", witness_key, (VKEY,), tmp_path / "state")
    with Log.open(root) as log:
        log.checkpoint(KEY)
        log.cosign(witness.look(DirectoryStore(root), 1_700_000_000))
    proof, entry = prove(DirectoryStore(root), 123)

    def accepts(proof: bytes, entry: bytes, vkey: object = witness.vkey) -> bool:
        (tmp_path / "p.tlog-proof").write_bytes(proof)
        (tmp_path / "entry").write_bytes(entry)
        keys = ["--log-vkey", str(VKEY), "--witness-vkey", str(vkey), "--threshold", "1"]
        order = [verifier, "verify-proof", str(tmp_path / "p.tlog-proof"), "--payload-file", str(tmp_path / "entry")]
        return subprocess.run([*order, *keys], capture_output=True, check=False).returncode == 0

    assert accepts(bytes(proof), entry)
    assert not accepts(bytes(proof), entry + b"!")
    assert not accepts(bytes(replace(proof, index=122)), entry)
    assert not accepts(bytes(replace(proof, hashes=proof.hashes[:-1])), entry)
    bare = proof.checkpoint.decode().splitlines(keepends=True)[:-1]
    assert not accepts(bytes(replace(proof, checkpoint="".join(bare).encode())), entry)
