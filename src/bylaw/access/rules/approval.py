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
    approver: tuple[Approver, ...]


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
        before = _envelope(path, content)
        if _signed(before, signer.public):
            raise UsageError(f"{path.name} has this key's signature already; another person's is needed")
        mine = msgspec.structs.replace(mine, signatures=(*before.signatures, *mine.signatures))
    write_bytes(beside, msgspec.json.encode(mine) + b"\n")
    return beside


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
