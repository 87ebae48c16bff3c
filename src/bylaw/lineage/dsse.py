"""Signed envelopes: DSSE v1 (secure-systems-lab/dsse, protocol.md and envelope.md).

What is signed is the payload with its type, each behind its length (PAE), so that no text can be read as another. A key
is named by ``keyid``, a hint only: whom to trust is the reader's business.
"""

import base64
import binascii
from collections.abc import Iterable

import msgspec

from bylaw.errors import MalformedError, VerificationError
from bylaw.signing import PublicKey, Signer

STATEMENT = "application/vnd.in-toto+json"
LIMIT = 16 << 20
"""Bytes of the largest envelope that is read."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """``keyid``: SHA-256 of the public key in DER, 64 hex digits; ``sig``: base64."""

    sig: str
    keyid: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``payload`` is base64."""

    payload: str
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def content(self) -> bytes:
        """The payload's bytes. Raises ``MalformedError``."""
        return _unbase64(self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: what a signature is made over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, signer: Signer, payload_type: str = STATEMENT) -> Envelope:
    """An envelope with one signature."""
    signature = base64.b64encode(signer.sign(pae(payload_type, payload))).decode()
    return Envelope(
        payload=base64.b64encode(payload).decode(),
        payload_type=payload_type,
        signatures=(Signature(sig=signature, keyid=signer.public.id),),
    )


def parse(content: bytes) -> Envelope:
    """The envelope in a JSON text. Raises ``MalformedError``."""
    if len(content) > LIMIT:
        raise MalformedError("envelope", f"it has {len(content)} bytes; {LIMIT} are allowed")
    try:
        return msgspec.json.decode(content, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError("envelope", str(error)) from error


def unseal(envelope: Envelope, trusted: Iterable[PublicKey], payload_type: str = STATEMENT) -> bytes:
    """The payload, if one of the ``trusted`` keys has signed it; else ``VerificationError``."""
    if envelope.payload_type != payload_type:
        raise VerificationError("envelope", f"its payload is {envelope.payload_type!r}, not {payload_type!r}")
    payload = envelope.content
    message = pae(payload_type, payload)
    keys = list(trusted)
    if not any(_is_signed(key, message, each) for key in keys for each in envelope.signatures):
        raise VerificationError("signature", f"made by none of the {len(keys)} trusted keys")
    return payload


def has_signed(envelope: Envelope, key: PublicKey) -> bool:
    """Whether this key has signed it. Raises ``MalformedError``."""
    message = pae(envelope.payload_type, envelope.content)
    return any(_is_signed(key, message, each) for each in envelope.signatures)


def _is_signed(key: PublicKey, message: bytes, signature: Signature) -> bool:
    try:
        key.verify(message, _unbase64(signature.sig))
    except VerificationError:
        return False
    return True


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError("envelope", f"no base64: {error}") from error
