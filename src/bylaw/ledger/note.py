"""Signed notes (C2SP signed-note v1.0.0): a text, an empty line, and lines that sign the text.

A verifier key is written ``name+id+key``, the *vkey*::

    example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k

Three kinds of signature are understood: Ed25519 over the text (0x01), and cosignatures of a checkpoint with the time at
which they were made (C2SP tlog-cosignature): Ed25519 (0x04) and ML-DSA-44 (0x06). Signatures of keys that the
verifier does not know are ignored; one of a known key that does not verify makes the whole note worthless.

Notes are parsed strictly: what is read, printed again, is the same bytes.
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from bylaw.errors import MalformedError, PolicyError, SigningError, VerificationError
from bylaw.signing import PublicKey, Signer

ED25519 = 0x01
COSIGNATURE = 0x04
COSIGNATURE_MLDSA = 0x06

MAX_NOTE = 1 << 18
"""Bytes of a note; room for more than 16 signatures with post-quantum keys, as the standard asks."""
MAX_SIGNATURES = 64

_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, COSIGNATURE_MLDSA: 1312}
_SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 8 + 64, COSIGNATURE_MLDSA: 8 + 2420}
_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class Vkey:
    """A verifier key: whose signatures, of which kind."""

    name: str
    kind: int
    key: bytes

    @classmethod
    def parse(cls, text: str) -> "Vkey":
        """Read a vkey. Raises ``PolicyError``."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
            raise PolicyError(f"a verifier key reads name+id+key, not {text[:80]!r}")
        material = unbase64(parts[2])
        if not material or _KEY_BYTES.get(material[0]) != len(material) - 1:
            known = ", ".join(f"{kind:#04x}" for kind in _KEY_BYTES)
            raise PolicyError(f"the key of {parts[0]} is of no known kind or length; known kinds: {known}")
        vkey = cls(parts[0], material[0], material[1:])
        if vkey.id.hex() != parts[1]:
            raise PolicyError(f"the id of the verifier key {parts[0]} is {vkey.id.hex()}, not {parts[1][:8]!r}")
        return vkey

    @classmethod
    def of(cls, name: str, public: PublicKey, kind: int = ED25519) -> "Vkey":
        """The vkey of an Ed25519 key under a name. Raises ``PolicyError`` for a name that cannot be one."""
        if not _NAME.fullmatch(name):
            raise PolicyError(f"a key's name has no white space and no plus sign; {name!r} will not do")
        return cls(name, kind, public.raw)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart; no security lies in them."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def verify(self, text: str, signature: bytes) -> int | None:
        """The time of a cosignature (seconds since 1970), None for a plain signature.

        Raises ``VerificationError`` if it is not this key's signature over the note's text.
        """
        if len(signature) != _SIGNATURE_BYTES[self.kind]:
            raise VerificationError("signature", f"that of {self.name} has {len(signature)} bytes, which is wrong")
        if self.kind == ED25519:
            _ed25519(self, text.encode(), signature)
            return None
        time = int.from_bytes(signature[:8], "big")
        if time >= 1 << 63:
            raise VerificationError("signature", f"the time in the cosignature of {self.name} is out of range")
        if self.kind == COSIGNATURE:
            _ed25519(self, cosigned(text, time), signature[8:])
        else:
            _mldsa(self, _cosigned_subtree(self.name, text, time), signature[8:])
        return time


@dataclass(frozen=True)
class Signature:
    """One line below a note: whose it claims to be, and the bytes (for a cosignature: time, then signature)."""

    name: str
    id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.id + self.blob).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text that ends with a newline, and the lines that claim to sign it."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, content: bytes) -> "Note":
        """Read a note. Raises ``MalformedError``."""
        text, lines = _split(content)
        note = cls(text, tuple(parse_signature(line) for line in lines))
        if bytes(note) != content:
            raise MalformedError("note", "it does not read the same when printed again")
        return note

    def __bytes__(self) -> bytes:
        return f"{self.text}\n{''.join(map(str, self.signatures))}".encode()

    def verified(self, keys: Iterable[Vkey]) -> dict[Vkey, int | None]:
        """Which of the keys signed it, each with the time of its cosignature.

        Raises ``VerificationError`` if a signature that claims to be of one of them is not.
        """
        known = {(key.name, key.id): key for key in keys}
        found: dict[Vkey, int | None] = {}
        for signature in self.signatures:
            if key := known.get((signature.name, signature.id)):
                time = key.verify(self.text, signature.blob)
                found.setdefault(key, time)
        return found

    def with_signatures(self, more: Sequence[Signature]) -> "Note":
        """This note with more lines; a newer signature of the same key takes the older one's place."""
        new = {(each.name, each.id) for each in more}
        kept = [each for each in self.signatures if (each.name, each.id) not in new]
        return replace(self, signatures=(*kept, *more))


def sign(text: str, name: str, signer: Signer) -> Signature:
    """An Ed25519 signature (0x01) over a note's text."""
    key = Vkey.of(name, signer.public)
    return Signature(name, key.id, _checked_length(key, signer.sign(text.encode())))


def cosign(text: str, name: str, signer: Signer, time: int) -> Signature:
    """A cosignature (0x04) over a checkpoint's text, made at ``time`` (seconds since 1970)."""
    key = Vkey.of(name, signer.public, COSIGNATURE)
    return Signature(name, key.id, _checked_length(key, struct.pack(">Q", time) + signer.sign(cosigned(text, time))))


def cosigned(text: str, time: int) -> bytes:
    """What an Ed25519 cosignature signs (tlog-cosignature, *Ed25519 signed message*)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def parse_signature(line: str) -> Signature:
    """Read one signature line, without its newline. Raises ``MalformedError``."""
    dash, _, rest = line.partition(" ")
    name, _, blob = rest.partition(" ")
    signature = unbase64(blob)
    if dash != "—" or not _NAME.fullmatch(name) or signature is None or len(signature) < 5:
        raise MalformedError("note", f"this is no signature line: {line[:80]!r}")
    return Signature(name, signature[:4], signature[4:])


def unbase64(text: str) -> bytes | None:
    """The bytes of a base64 text (RFC 4648, section 4), None unless it is exactly the one way to write them."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.b64encode(content).decode() == text else None


def _split(content: bytes) -> tuple[str, list[str]]:
    """The note's text and its signature lines."""
    if len(content) > MAX_NOTE:
        raise MalformedError("note", f"it has {len(content)} bytes; {MAX_NOTE} are allowed")
    if found := _CONTROL.search(content):
        raise MalformedError("note", f"it holds the control character {found[0]!r} at byte {found.start()}")
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("note", f"it is not UTF-8: {error}") from error
    text, blank, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or not text or lines.pop() or not lines:
        raise MalformedError("note", "it is not a text, an empty line and signature lines that each end with a newline")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedError("note", f"it has {len(lines)} signatures; {MAX_SIGNATURES} are allowed")
    return f"{text}\n", lines


def _checked_length(key: Vkey, blob: bytes) -> bytes:
    if len(blob) != _SIGNATURE_BYTES[key.kind]:
        raise SigningError(f"the signer of {key.name} gave no Ed25519 signature (64 bytes)")
    return blob


def _ed25519(key: Vkey, message: bytes, signature: bytes) -> None:
    try:
        PublicKey.from_ed25519(key.key).verify(message, signature)
    except (SigningError, VerificationError):
        raise VerificationError("signature", f"that of {key.name}+{key.id.hex()} does not verify") from None


def _mldsa(key: Vkey, message: bytes, signature: bytes) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

        MLDSA44PublicKey.from_public_bytes(key.key).verify(signature, message)
    except (ImportError, UnsupportedAlgorithm) as error:
        raise VerificationError("signature", f"the installed cryptography has no ML-DSA-44: {error}") from error
    except (InvalidSignature, ValueError):
        raise VerificationError("signature", f"that of {key.name}+{key.id.hex()} does not verify") from None


def _cosigned_subtree(name: str, text: str, time: int) -> bytes:
    """The ``cosigned_message`` structure for a whole tree (tlog-cosignature, *ML-DSA-44 signed message*)."""
    lines = text.split("\n")
    root = unbase64(lines[2]) if len(lines) > 3 else None
    if root is None or len(root) != 32 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise VerificationError("signature", f"{name} cosigned a text that is no checkpoint")
    origin, cosigner = lines[0].encode(), name.encode()
    if not 0 < len(origin) < 256 or len(cosigner) > 255:
        raise VerificationError("signature", "an origin or a cosigner's name is longer than 255 bytes")
    head = struct.pack(f">12sB{len(cosigner)}sQB{len(origin)}s", b"subtree/v1\n\0", len(cosigner), cosigner, time,
                       len(origin), origin)  # fmt: skip
    return head + struct.pack(">QQ32s", 0, int(lines[1]), root)
