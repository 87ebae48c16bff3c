"""Keys that sign: Ed25519 and ECDSA P-256, from a local PEM file or behind a command.

A signer is one method, ``sign``, and the public key it answers for. ``LocalSigner`` holds a PKCS #8 PEM file that
only its owner can read. ``CommandSigner`` runs a program (a KMS or HSM client) that gets the message on stdin and
gives the signature on stdout; no private key comes near this process. Ed25519 signatures are 64 raw bytes
(RFC 8032), ECDSA ones are DER over SHA-256 (RFC 3279), as OpenSSL and every KMS give them.

A private key never lies inside what it signs: ``open_signer`` refuses one under the directories it is told.
"""

import hashlib
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bylaw.errors import SigningError, UsageError, VerificationError

ED25519 = "ed25519"
P256 = "ecdsa-p256"
ALGORITHMS = (ED25519, P256)

_LIMIT = 1 << 16
_ECDSA = ec.ECDSA(hashes.SHA256())
_ECDSA_SAME = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
"""RFC 6979: the same text is signed with the same bytes, so a run that is repeated ends with the same files."""
_PEM = serialization.Encoding.PEM
_SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


@dataclass(frozen=True)
class PublicKey:
    """A key that checks signatures."""

    key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

    @classmethod
    def load(cls, path: Path) -> "PublicKey":
        """Read a PEM file (SubjectPublicKeyInfo). Raises ``SigningError``."""
        return cls.from_pem(_read(path), str(path))

    @classmethod
    def from_pem(cls, pem: bytes, where: str = "the key") -> "PublicKey":
        """The key in a PEM text. Raises ``SigningError`` for anything but Ed25519 and P-256."""
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SigningError(f"{where} is not a public key in PEM: {error}") from error
        _require_known(key, where)
        return cls(key)  # type: ignore[arg-type]  # narrowed by _require_known

    @classmethod
    def from_ed25519(cls, raw: bytes) -> "PublicKey":
        """The Ed25519 key of 32 raw bytes. Raises ``SigningError``."""
        try:
            return cls(ed25519.Ed25519PublicKey.from_public_bytes(raw))
        except ValueError as error:
            raise SigningError(f"these bytes are no Ed25519 public key: {error}") from error

    @property
    def algorithm(self) -> str:
        """One of ``ALGORITHMS``."""
        return ED25519 if isinstance(self.key, ed25519.Ed25519PublicKey) else P256

    @property
    def der(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self.key.public_bytes(serialization.Encoding.DER, _SPKI)

    @property
    def pem(self) -> bytes:
        """SubjectPublicKeyInfo in PEM."""
        return self.key.public_bytes(_PEM, _SPKI)

    @property
    def raw(self) -> bytes:
        """32 bytes of an Ed25519 key (RFC 8032). Raises ``UsageError`` for a P-256 key."""
        if not isinstance(self.key, ed25519.Ed25519PublicKey):
            raise UsageError("logs and witnesses sign with Ed25519 keys (C2SP signed-note); this key is ECDSA P-256")
        return self.key.public_bytes_raw()

    @property
    def id(self) -> str:
        """SHA-256 of the DER form, 64 hex digits: how a key is named where names are not chosen by hand."""
        return hashlib.sha256(self.der).hexdigest()

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if ``signature`` is this key's over ``message``; else raise ``VerificationError``."""
        try:
            if isinstance(self.key, ed25519.Ed25519PublicKey):
                self.key.verify(signature, message)
            else:
                self.key.verify(signature, message, _ECDSA)
        except InvalidSignature:
            raise VerificationError("signature", f"not made over this text by the key {self.id[:16]}…") from None


class Signer(Protocol):
    """Whoever signs."""

    @property
    def public(self) -> PublicKey:
        """The key that checks this signer's signatures."""

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``. Raises ``SigningError``."""


@dataclass(frozen=True)
class LocalSigner:
    """A private key in this process."""

    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls, algorithm: str = ED25519) -> "LocalSigner":
        """A fresh key."""
        if algorithm not in ALGORITHMS:
            raise UsageError(f"no such kind of key: {algorithm!r}; known: {', '.join(ALGORITHMS)}")
        if algorithm == ED25519:
            return cls(ed25519.Ed25519PrivateKey.generate())
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> "LocalSigner":
        """Read an unencrypted PKCS #8 PEM file. Raises ``SigningError``."""
        try:
            key = serialization.load_pem_private_key(_read(path), password=None)
        except TypeError as error:
            raise SigningError(f"{path} is encrypted; give a command that decrypts and signs instead") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SigningError(f"{path} is not a private key in PEM: {error}") from error
        _require_known(key, str(path))
        return cls(key)  # type: ignore[arg-type]  # narrowed by _require_known

    @property
    def public(self) -> PublicKey:
        """The key that checks this signer's signatures."""
        return PublicKey(self.key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The signature over ``message``."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(message)
        return self.key.sign(message, _ECDSA_SAME)

    def save(self, path: Path) -> None:
        """Write ``path`` (readable by its owner only) and ``path.pub``. Raises ``SigningError`` if a file is there."""
        private = self.key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        _write_new(path, private, 0o600)
        _write_new(path.with_name(f"{path.name}.pub"), self.public.pem, 0o644)


@dataclass(frozen=True)
class CommandSigner:
    """A program that signs: message on stdin, signature on stdout, exit code 0. No shell is involved.

    What it gives is checked against ``public`` before it is used, so a wrong key is found here and not by a reader.
    """

    command: tuple[str, ...]
    public: PublicKey
    timeout: float = 60.0
    """Seconds before the program is given up."""

    def sign(self, message: bytes) -> bytes:
        """The program's signature over ``message``. Raises ``SigningError`` naming the program."""
        name = self.command[0]
        try:
            done = subprocess.run(self.command, input=message, capture_output=True, timeout=self.timeout, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SigningError(f"the signing command {name} did not answer: {error}") from error
        if done.returncode:
            said = done.stderr[-500:].decode(errors="replace").strip()
            raise SigningError(f"the signing command {name} ended with code {done.returncode}: {said}")
        try:
            self.public.verify(message, done.stdout)
        except VerificationError as error:
            raise SigningError(f"the signing command {name} gave no signature of its public key: {error}") from error
        return done.stdout


def open_signer(
    private: Path | None = None,
    *,
    command: str | None = None,
    public: Path | None = None,
    outside: Sequence[Path] = (),
) -> Signer:
    """The signer of a PEM file, or of a command line with its public key's file.

    Raises ``UsageError`` unless exactly one is given, and ``SigningError`` if the key lies under a directory of
    ``outside``: what is handed out or served must not hold the key that signs it.
    """
    if command is not None and public is not None and private is None:
        if not (words := tuple(shlex.split(command))):
            raise UsageError("the signing command is empty")
        return CommandSigner(words, PublicKey.load(public))
    if private is None or command is not None or public is not None:
        raise UsageError("give either a private key's file, or a signing command together with its public key's file")
    refuse_inside(private, outside)
    return LocalSigner.load(private)


def refuse_inside(path: Path, outside: Sequence[Path]) -> None:
    """Raise ``SigningError`` if ``path`` lies under one of the directories."""
    for directory in outside:
        if path.resolve().is_relative_to(directory.resolve()):
            raise SigningError(f"the key {path} lies inside {directory}, which others get to see; keep it elsewhere")


def _require_known(key: object, where: str) -> None:
    """Raise ``SigningError`` for a key that is neither Ed25519 nor P-256."""
    curves = (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey)
    p256 = isinstance(key, curves) and isinstance(key.curve, ec.SECP256R1)
    if not p256 and not isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        raise SigningError(f"{where} is neither Ed25519 nor ECDSA P-256, the two kinds used here")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT)
    except OSError as error:
        raise SigningError(f"cannot read the key {path}: {error.strerror}") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise SigningError(f"cannot write the key {path}: {error.strerror} (no key is ever replaced)") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
