"""Envelopes: the standard's own test vector, and what does not open."""

import msgspec
import pytest

from bylaw.errors import MalformedError, VerificationError
from bylaw.lineage import dsse
from bylaw.signing import P256, LocalSigner

KEY, OTHER = LocalSigner.generate(P256), LocalSigner.generate()


def test_pae_is_the_standards_example() -> None:
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize("signer", [KEY, OTHER], ids=["P-256", "Ed25519"])
def test_what_was_sealed_opens_with_its_key_alone(signer: LocalSigner) -> None:
    content = msgspec.json.encode(dsse.seal(b"{}", signer))
    assert dsse.unseal(dsse.parse(content), [LocalSigner.generate().public, signer.public]) == b"{}"
    with pytest.raises(VerificationError, match="signature: made by none of the 1 trusted keys"):
        dsse.unseal(dsse.parse(content), [LocalSigner.generate().public])
    with pytest.raises(VerificationError, match="none of the 0"):
        dsse.unseal(dsse.parse(content), [])


def test_a_payload_cannot_be_taken_for_another_type() -> None:
    envelope = dsse.seal(b"{}", KEY, "text/plain")
    with pytest.raises(VerificationError, match="text/plain"):
        dsse.unseal(envelope, [KEY.public])
    forged = msgspec.structs.replace(envelope, payload_type=dsse.STATEMENT)
    with pytest.raises(VerificationError, match="signature"):
        dsse.unseal(forged, [KEY.public])


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"payload":1}', b"[" * 5000])
def test_what_is_no_envelope_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(MalformedError):
        dsse.parse(content)


def test_base64_is_strict() -> None:
    envelope = msgspec.structs.replace(dsse.seal(b"{}", KEY), payload="e30=\n")
    with pytest.raises(MalformedError, match="base64"):
        dsse.unseal(envelope, [KEY.public])
