"""One way to turn a value into bytes and a digest.

Bytes follow RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, no white space, numbers
printed as ECMAScript does; NaN and infinities are refused. The digest is SHA-256 over them.
"""

import hashlib

import msgspec
import rfc8785


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a record, or of any value made of JSON's types.

    Raises ``rfc8785.CanonicalizationError`` for what JSON cannot say (NaN, integers beyond 2**53).
    """
    return rfc8785.dumps(msgspec.to_builtins(value, str_keys=True))


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, 64 lower-case hex digits."""
    return sha256(canonical(value))


def sha256(content: bytes) -> str:
    """SHA-256 of bytes, 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def seed_of(*parts: object) -> int:
    """A 63-bit seed from a tuple of ids, numbers and words: the same parts give the same draws everywhere."""
    return int.from_bytes(hashlib.sha256(canonical(list(parts))).digest()[:8], "big") >> 1
