"""Four eyes: a document counts when two different approvers have signed its exact bytes.

The signatures stand beside the document in a DSSE envelope that holds the same bytes: ``order.toml``,
``order.toml.dsse``. Whose keys count is a list that the operator keeps elsewhere::

    [[approver]]
    name = "Ana Horvat"
    key = '''
    -----BEGIN PUBLIC KEY-----
    …
    -----END PUBLIC KEY-----
    '''
    until = 2027-01-01T00:00:00Z     # from then on the key counts for nothing; left out: it does not end

Somebody who changes keys stands in it twice, under one name, and is still one person.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from bylaw.access.rules.document import Document, Instant, Text, decode
from bylaw.errors import MalformedError, SettingsError, SigningError, UsageError, VerificationError
from bylaw.lineage.dsse import Envelope, parse, seal, unseal
from bylaw.settings import load
from bylaw.signing import PublicKey, Signer
from bylaw.storage import write_bytes

PAYLOAD = "application/vnd.bylaw.rule+toml"
SUFFIX = ".dsse"
NEEDED = 2


class Approver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody whose signature counts until ``until``; ``key`` is PEM."""

    name: Text
    key: Text
    until: Instant | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    approver: tuple[Approver, ...] = ()


NOBODY_YET = '''\
# Whose signatures bring a document into force: each needs those of two different people of this list. Each of them
# makes a key of his own, keeps it to himself, and hands over its public half:
#
#   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ana.pem
#   openssl pkey -in ana.pem -pubout
#
# [[approver]]
# name = "Ana Horvat"
# key = """
# -----BEGIN PUBLIC KEY-----
# …
# -----END PUBLIC KEY-----
# """
'''
"""The list as a new office has it."""


class Approvers(msgspec.Struct, frozen=True):
    """The list, each with the key that is his. Raises ``SettingsError`` if a key stands under two names."""

    known: tuple[tuple[Approver, PublicKey], ...]

    @classmethod
    def read(cls, source: str | Path) -> "Approvers":
        """From a TOML text or file. Raises ``SettingsError``."""
        where = str(source) if isinstance(source, Path) else "approvers"
        return cls.of(load(_File, source, where=where).approver, where)

    @classmethod
    def of(cls, approvers: tuple[Approver, ...], where: str = "approvers") -> "Approvers":
        """From entries. Raises ``SettingsError``."""
        try:
            known = tuple((each, PublicKey.from_pem(each.key.strip().encode(), each.name)) for each in approvers)
        except SigningError as error:
            raise SettingsError(str(error), where) from error
        names: dict[str, str] = {}
        for each, key in known:
            if names.setdefault(key.id, each.name) != each.name:
                raise SettingsError(f"{each.name} and {names[key.id]} have the same key", where)
        return cls(known)


def sign(path: Path, signer: Signer) -> Path:
    """Add a signature to a document's envelope, which is made if it is not there; returns its path.

    Raises ``SettingsError`` for a document that does not read, ``VerificationError`` if it has changed since another
    signed it, ``UsageError`` if this key has signed it.
    """
    content = _read(path)
    decode(content, str(path))
    beside = envelope_of(path)
    mine = seal(content, signer, PAYLOAD)
    if beside.exists():
        try:
            before = _envelope(path, content)
        except VerificationError as error:
            anew = f"if the change is meant, move {beside.name} away, and everybody signs anew"
            raise VerificationError(error.check, f"{error.message}; {anew}") from error
        if _signed(before, signer.public):
            raise UsageError(f"{path.name} has this key's signature already; another person's is needed")
        mine = msgspec.structs.replace(mine, signatures=(*before.signatures, *mine.signatures))
    write_bytes(beside, msgspec.json.encode(mine) + b"\n")
    return beside


def join(path: Path, brought: Envelope, approvers: Approvers) -> tuple[str, ...]:
    """Add the signatures of approvers that were made elsewhere, over a copy of a document; returns whose were new.

    Raises ``VerificationError`` if the copy was another text, ``UsageError`` if nothing new was brought.
    """
    content = _read(path)
    if brought.payload_type != PAYLOAD or brought.content != content:
        raise VerificationError("approval", f"what was signed is not, byte for byte, {path.name}")
    beside = envelope_of(path)
    there = _envelope(path, content).signatures if beside.exists() else ()
    have = {each.sig for each in there}
    new = [each for each in brought.signatures if each.sig not in have]
    lone = [(each, msgspec.structs.replace(brought, signatures=(each,))) for each in new]
    good = {
        each.sig: (each, who.name) for each, one in lone for who, key in approvers.known if _signed(one, key)
    }  # by signature: a key that stands in the list twice signs once
    if not good:
        raise UsageError(f"no signature of an approver is in what was brought that {path.name} does not have")
    joined = msgspec.structs.replace(brought, signatures=(*there, *(each for each, _ in good.values())))
    write_bytes(beside, msgspec.json.encode(joined) + b"\n")
    return tuple(dict.fromkeys(name for _, name in good.values()))


def signed_by(path: Path, approvers: Approvers) -> tuple[str, ...]:
    """Which approvers have signed a document as it is, whether or not their keys still count; by name, each once."""
    content = _read(path)
    if not envelope_of(path).exists():
        return ()
    envelope = _envelope(path, content)
    return tuple(dict.fromkeys(each.name for each, key in approvers.known if _signed(envelope, key)))


def keys_of(path: Path, approvers: Approvers) -> tuple[str, ...]:
    """The ids of the approvers' keys that have signed a document as it is, in order."""
    content = _read(path)
    if not envelope_of(path).exists():
        return ()
    envelope = _envelope(path, content)
    return tuple(sorted({key.id for _, key in approvers.known if _signed(envelope, key)}))


def approved(path: Path, approvers: Approvers, at: datetime) -> Document:
    """The document in a file that two different approvers have signed. Raises ``VerificationError`` saying who did."""
    content = _read(path)
    envelope = _envelope(path, content)
    signed = [(each, key) for each, key in approvers.known if _signed(envelope, key)]
    good = {each.name for each, _ in signed if each.until is None or at < each.until}
    if len(good) < NEEDED:
        raise VerificationError("approval", f"{path.name} {_shortfall(envelope, signed, good)}")
    return decode(content, str(path))


def envelope_of(path: Path) -> Path:
    """Where the signatures of a document stand."""
    return path.with_name(path.name + SUFFIX)


def _shortfall(envelope: Envelope, signed: list[tuple[Approver, PublicKey]], good: set[str]) -> str:
    """Who has signed, and why it is not enough."""
    said = [f"needs the signatures of {NEEDED} different approvers"]
    said += [f"{name} has signed" for name in sorted(good)]
    said += [f"{each.name}'s key ended on {each.until:%Y-%m-%d}" for each, _ in signed if each.name not in good]
    keys = {key.id for _, key in signed}
    if len(envelope.signatures) > len(keys):
        said.append(f"{len(envelope.signatures) - len(keys)} of its signatures are nobody's in the list, or repeated")
    return "; ".join(said)


def _envelope(path: Path, content: bytes) -> Envelope:
    """The envelope beside a document, which must hold its very bytes."""
    beside = envelope_of(path)
    if not beside.exists():
        raise VerificationError("approval", f"nobody has signed {path.name}: {beside.name} is not there")
    envelope = parse(_read(beside))
    if envelope.payload_type != PAYLOAD or envelope.content != content:
        raise VerificationError("approval", f"{path.name} is not, byte for byte, what was signed in {beside.name}")
    return envelope


def _signed(envelope: Envelope, key: PublicKey) -> bool:
    try:
        unseal(envelope, [key], PAYLOAD)
    except MalformedError:
        raise
    except VerificationError:
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", str(path)) from error
