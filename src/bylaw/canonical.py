"""One way to turn a value into bytes and a digest.

Bytes follow RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, no white space, numbers
printed as ECMAScript does; NaN and infinities are refused. The digest is SHA-256 over them.
"""

import hashlib
from pathlib import Path

import msgspec
import rfc8785


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a record, or of any value made of JSON's types.

    Raises ``rfc8785.CanonicalizationError`` for what JSON cannot say (NaN, integers beyond 2**53).
    """
    return rfc8785.dumps(msgspec.to_builtins(value, str_keys=True))


def digest(value: object) -> str:
    """SHA-256 of the canonical bytes, 64 lower-case hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_digest(root: Path) -> str:
    """SHA-256 over the sorted (relative path, file digest) pairs of a directory: binds names and contents."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return digest([[path.relative_to(root).as_posix(), file_digest(path)] for path in files])


def seed_of(*parts: object) -> int:
    """A 63-bit seed from a tuple of ids, numbers and words: the same parts give the same draws everywhere."""
    return int.from_bytes(hashlib.sha256(canonical(list(parts))).digest()[:8], "big") >> 1
