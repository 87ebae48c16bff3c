"""Signed notes, verifier keys, cosignatures and checkpoints: vectors of others, and what must be refused."""

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import KEY, ORIGIN, VKEY, data, flipped, unhurried

from bylaw.errors import BylawError, MalformedError, PolicyError, UsageError, VerificationError
from bylaw.ledger.checkpoint import Checkpoint, open_checkpoint
from bylaw.ledger.merkle import EMPTY
from bylaw.ledger.note import COSIGNATURE, COSIGNATURE_MLDSA, MAX_NOTE, Note, Signature, Vkey, cosign, sign
from bylaw.ledger.note import _cosigned_subtree as cosigned_subtree
from bylaw.signing import P256, LocalSigner

# C2SP signed-note, the example of its section on verifier keys
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
CHECKPOINT = Checkpoint(ORIGIN, 1, bytes(range(32)))
SIGNED = Note(CHECKPOINT.text, (sign(CHECKPOINT.text, ORIGIN, KEY),))
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def test_the_standards_example() -> None:
    key = Vkey.parse(EXAMPLE_KEY)
    note = Note.parse(EXAMPLE)
    assert str(key) == EXAMPLE_KEY
    assert bytes(note) == EXAMPLE
    assert note.verified([key]) == {key: None}


def test_the_checkpoints_of_another_log() -> None:
    log = Vkey.parse(TESSERA)
    sizes = []
    for path in data("tessera", "log").glob("checkpoint.*"):
        note, checkpoint = open_checkpoint(path.read_bytes(), log)
        assert checkpoint.text == note.text
        sizes.append(checkpoint.size)
    assert sorted(sizes) == list(range(16))


def test_signing_and_opening() -> None:
    note, checkpoint = open_checkpoint(bytes(SIGNED), VKEY)
    assert (note, checkpoint) == (SIGNED, CHECKPOINT)


@unhurried
@given(st.integers(0, 8 * len(bytes(SIGNED)) - 1))
def test_no_bit_of_a_checkpoint_can_change(bit: int) -> None:
    with pytest.raises(VerificationError):
        open_checkpoint(flipped(bytes(SIGNED), bit), VKEY)


@unhurried
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_refused_and_nothing_else_happens(content: bytes) -> None:
    with pytest.raises(MalformedError):
        Note.parse(content)


def test_signatures_of_unknown_keys_are_ignored() -> None:
    stranger = Signature("stranger.example", b"abcd", b"whatever it is")
    note = Note.parse(bytes(SIGNED.with_signatures([stranger])))
    assert note.verified([VKEY]) == {VKEY: None}
    same_name = Signature(ORIGIN, b"abcd", b"another key of this name")
    assert SIGNED.with_signatures([same_name]).verified([VKEY]) == {VKEY: None}


def test_a_false_signature_of_a_known_key_spoils_the_note() -> None:
    false = Signature(ORIGIN, VKEY.id, bytes(64))
    note = Note(SIGNED.text, (*SIGNED.signatures, false))
    with pytest.raises(VerificationError, match="does not verify"):
        note.verified([VKEY])


def test_sixteen_signatures_are_accepted_and_a_flood_is_not() -> None:
    strangers = [Signature(f"w{number}.example", b"abcd", bytes(4000)) for number in range(16)]
    assert Note.parse(bytes(SIGNED.with_signatures(strangers)))
    flood = [Signature(f"w{number}.example", b"abcd", b"x") for number in range(70)]
    with pytest.raises(MalformedError, match="64 are allowed"):
        Note.parse(bytes(SIGNED.with_signatures(flood)))
    with pytest.raises(MalformedError, match="bytes"):
        Note.parse(b"x" * (MAX_NOTE + 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("—", "-"),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n",
        lambda text: text + "more\n",
        lambda text: text.replace("=\n", "\n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("— lab", "—  lab"),
        lambda text: "\n\n" + text.partition("\n\n")[2],
    ],
)
def test_another_way_to_write_a_note_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(VerificationError):
        open_checkpoint(change(bytes(SIGNED).decode()).encode(), VKEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n01\n{'A' * 43}=\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n1e3\n{'A' * 43}=\n",
        f"{ORIGIN}\n{1 << 63}\n{'A' * 43}=\n",
        f"{ORIGIN}\n{'9' * 100_000}\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 44}\n",
        f"{ORIGIN}\n1\n{'A' * 42}B=\n",
        f"{ORIGIN}\n0\n{'A' * 43}=\n",
        f"\n1\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 43}=\n\nmore\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(MalformedError):
        Checkpoint.parse(text)


def test_extension_lines_are_kept() -> None:
    checkpoint = Checkpoint(ORIGIN, 0, EMPTY, ("more", "and more"))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_a_checkpoint_of_another_log_by_the_same_key_is_refused() -> None:
    other = Checkpoint("other.example/log", 1, bytes(32))
    note = Note(other.text, (sign(other.text, ORIGIN, KEY),))
    with pytest.raises(VerificationError, match="origin"):
        open_checkpoint(bytes(note), VKEY)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        EXAMPLE_KEY.replace("530d", "530e"),
        EXAMPLE_KEY.replace("foo", "fou"),
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY.replace("/foo", " foo"),
        "name+00000000+" + base64.b64encode(b"\x09" + bytes(32)).decode(),
        "name+00000000+" + "A" * 1_000_000,
    ],
)
def test_what_is_no_verifier_key(vkey: str) -> None:
    with pytest.raises(PolicyError):
        Vkey.parse(vkey)


def test_cosignatures_carry_their_time() -> None:
    witness = LocalSigner.generate()
    key = Vkey.of("witness.example/w", witness.public, COSIGNATURE)
    note = SIGNED.with_signatures([cosign(SIGNED.text, key.name, witness, 1679315147)])
    assert Note.parse(bytes(note)).verified([VKEY, key]) == {VKEY: None, key: 1679315147}
    line = note.signatures[-1]
    later = Signature(line.name, line.id, struct.pack(">Q", 1679315148) + line.blob[8:])
    with pytest.raises(VerificationError):
        SIGNED.with_signatures([later]).verified([key])
    plain = Signature(line.name, line.id, witness.sign(SIGNED.text.encode()))
    with pytest.raises(VerificationError, match="has 64 bytes"):
        SIGNED.with_signatures([plain]).verified([key])


def test_post_quantum_cosignatures_are_understood() -> None:
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    secret = mldsa.MLDSA44PrivateKey.generate()
    key = Vkey("witness.example/pq", COSIGNATURE_MLDSA, secret.public_key().public_bytes_raw())
    assert Vkey.parse(str(key)) == key
    message = cosigned_subtree(key.name, SIGNED.text, 7)
    assert message.startswith(b"subtree/v1\n\0\x12witness.example/pq")
    assert message.endswith(struct.pack(">QQ", 0, 1) + CHECKPOINT.root)
    blob = struct.pack(">Q", 7) + secret.sign(message)
    note = SIGNED.with_signatures([Signature(key.name, key.id, blob)])
    assert Note.parse(bytes(note)).verified([key]) == {key: 7}
    with pytest.raises(VerificationError):
        SIGNED.with_signatures([Signature(key.name, key.id, flipped(blob, 99))]).verified([key])


def test_only_ed25519_keys_sign_notes() -> None:
    with pytest.raises(UsageError, match="Ed25519"):
        sign("text\n", ORIGIN, LocalSigner.generate(P256))
    with pytest.raises(BylawError, match="white space"):
        Vkey.of("two words", KEY.public)
