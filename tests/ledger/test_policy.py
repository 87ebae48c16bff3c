"""Trust policies: what they say, what is refused, and that nothing is trusted by default."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import KEY, ORIGIN, VKEY, unhurried

from bylaw.errors import PolicyError, VerificationError
from bylaw.ledger.checkpoint import Checkpoint
from bylaw.ledger.note import COSIGNATURE, Note, Vkey, cosign, sign
from bylaw.ledger.policy import Policy
from bylaw.signing import LocalSigner

WITNESSES = {f"w{number}": LocalSigner.generate() for number in range(5)}
VKEYS = {name: Vkey.of(f"{name}.example", key.public, COSIGNATURE) for name, key in WITNESSES.items()}
LINES = "".join(f"witness {name} {vkey}\n" for name, vkey in VKEYS.items())
TEXT = Checkpoint(ORIGIN, 1, bytes(32)).text
SIGNED = Note(TEXT, (sign(TEXT, ORIGIN, KEY),))


def policy(rest: str, log: str = f"log {VKEY} https://lab.example/ledger\n") -> Policy:
    return Policy.parse(f"# trusted\n{log}{LINES}\n{rest}\n".encode())


def cosigned(*names: str) -> bytes:
    lines = [cosign(TEXT, VKEYS[name].name, WITNESSES[name], 1_700_000_000) for name in names]
    return bytes(SIGNED.with_signatures(lines))


@pytest.mark.parametrize(
    ("rest", "enough", "not_enough"),
    [
        ("quorum none", [()], []),
        ("quorum w1", [("w1",), ("w0", "w1")], [(), ("w0",)]),
        ("group g 2 w0 w1 w2\nquorum g", [("w0", "w2"), ("w0", "w1", "w2")], [("w0",), ("w0", "w3")]),
        ("group g any w0 w1\nquorum g", [("w1",)], [("w2",)]),
        ("group g all w0 w1\nquorum g", [("w0", "w1")], [("w0",)]),
        (
            "group a 2 w0 w1 w2\n\tgroup  b any w3\tw4 \ngroup ab all a b\nquorum ab",
            [("w0", "w1", "w4")],
            [("w0", "w1", "w2"), ("w0", "w3", "w4")],
        ),
    ],
)
def test_quorums(rest: str, enough: list[tuple[str, ...]], not_enough: list[tuple[str, ...]]) -> None:
    rules = policy(rest)
    for names in enough:
        verdict = rules.check(cosigned(*names))
        assert (verdict.log, verdict.checkpoint.size) == (VKEY, 1)
        assert dict(verdict.witnesses) == dict.fromkeys(names, 1_700_000_000)
    for names in not_enough:
        with pytest.raises(VerificationError, match="quorum"):
            rules.check(cosigned(*names))


def test_one_witness_counts_once() -> None:
    with pytest.raises(VerificationError, match="1 of 5 witnesses"):
        policy("group g 2 w0 w1\nquorum g").check(cosigned("w0", "w0"))


def test_nothing_is_trusted_by_default() -> None:
    with pytest.raises(VerificationError, match="no log that the policy knows"):
        policy("quorum none", log="").check(cosigned("w0"))
    assert policy("quorum none", log="").check(cosigned(), [VKEY]).log == VKEY
    other = Vkey.of(ORIGIN, LocalSigner.generate().public)
    with pytest.raises(VerificationError, match="not signed by its log"):
        Policy.unwitnessed(other).check(cosigned())


def test_a_broken_cosignature_of_a_known_witness_spoils_the_note() -> None:
    line = cosign(f"{TEXT}more\n", VKEYS["w0"].name, WITNESSES["w0"], 7)
    with pytest.raises(VerificationError, match="w0"):
        policy("quorum none").check(bytes(SIGNED.with_signatures([line])))


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("", "no quorum line"),
        ("quorum w0\nquorum w0", ":10: there is a quorum line already"),
        ("quorum nobody", "'nobody' is not defined above"),
        ("group g 3 w0 w1\nquorum g", "all, any or a number"),
        ("group g 0 w0 w1\nquorum g", "all, any or a number"),
        ("group g -1 w0\nquorum g", "all, any or a number"),
        ("group g 01 w0\nquorum g", "all, any or a number"),
        ("group g all\nquorum g", "not a line of a policy"),
        ("group g all g\nquorum g", "'g' is not defined above"),
        ("group g all none\nquorum g", "'none' is not defined above"),
        ("group none all w0\nquorum none", "the name 'none' is taken"),
        ("group w1 all w0\nquorum w1", "the name 'w1' is taken"),
        ("group g all w0 w0\nquorum g", "member of a group already"),
        ("group g all w0\ngroup h all w0\nquorum h", "member of a group already"),
        (f"witness again {VKEYS['w0']}\nquorum again", "would count twice"),
        (f"log {VKEY}\nquorum none", "stands twice"),
        (f"log {VKEYS['w0']}\nquorum none", "kind 0x04"),
        (f"witness x {VKEY}\nquorum x", "kind 0x01"),
        ("witness x rubbish\nquorum x", "name\\+id\\+key"),
        ("quorum none # really", "not a line of a policy"),
        ("trust me", "not a line of a policy"),
        ("quorum none\r", "the byte 0d"),
    ],
)
def test_what_is_no_policy(rest: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        policy(rest)


def test_a_policy_is_a_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "policy")
    with pytest.raises(PolicyError, match="is not a plain file"):
        Policy.load(tmp_path / "policy")
    with pytest.raises(PolicyError, match="cannot be read"):
        Policy.load(tmp_path / "none")


def test_a_policy_is_bounded() -> None:
    with pytest.raises(PolicyError, match="longer than"):
        Policy.parse(b"#\n" * 5000)
    with pytest.raises(PolicyError, match="longer than"):
        Policy.parse(b"#" * (2 << 20))


def test_names_are_octets() -> None:
    """The letter K and the Kelvin sign are two names, and so is what is no UTF-8."""
    content = LINES.replace(" w0 ", " K ").replace(" w1 ", " \u212a ").encode().replace(b" w2 ", b" \xff ")
    assert len(Policy.parse(content + b"group g all K \xe2\x84\xaa \xff\nquorum g\n").witnesses) == 5


def test_a_witness_key_of_the_public_network_is_read() -> None:
    """From the tests of transparency-dev/formats."""
    line = b"witness w remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2 https://example.com/w\n"
    assert Policy.parse(line + b"quorum w\n").witnesses["w"].name == "remora.n621.de"


@unhurried
@given(
    st.binary(max_size=200) | st.lists(st.sampled_from(["log", "witness", "group", "quorum", "any", "w0", "2", "\n"]))
)
def test_rubbish_raises_nothing_but_policy_errors(content: bytes | list[str]) -> None:
    with suppress(PolicyError):
        Policy.parse(content if isinstance(content, bytes) else " ".join(content).encode() + b"\n")
