"""The keys that sign a lab's statements: the present one, and those that it came after.

A key is replaced by a *rotation*, which names the old key and the new one and is signed by both. It is entered in the
ledger, and that entry ends the old key's time: what it signed counts if it was entered before. A key that no rotation
leads to from the present one counts for nothing, wherever its file lies.

::

    keys/statements.pem              the present key: who holds this file's key signs, nobody else
    keys/statements.pem.next         the new one, while a rotation is under way
    keys/retired/<old key>.json      rotations · .pub the old key · .entry where the rotation stands in the ledger

**Killed at any moment.** A rotation that was written is gone on with, before anything else is signed or entered; a new
key that no rotation names yet is dropped. The last step puts the new key in the old one's place.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bylaw import storage
from bylaw.canonical import canonical
from bylaw.errors import SigningError, VerificationError
from bylaw.ledger.entries import StatementEntry, encode, now, reference
from bylaw.lineage import dsse
from bylaw.signing import P256, LocalSigner, PublicKey, Signer

ROTATION = "application/vnd.bylaw.rotation+json"
ROTATED = "https://bylaw.dev/rotation/v1"


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key takes another's place. ``old`` and ``new`` are public keys in PEM."""

    at: str
    old: str
    new: str

    @property
    def before(self) -> PublicKey:
        """The key that was retired."""
        return PublicKey.from_pem(self.old.encode(), "a rotation's old key")

    @property
    def after(self) -> PublicKey:
        """The key that signs from then on."""
        return PublicKey.from_pem(self.new.encode(), "a rotation's new key")

    @property
    def entry(self) -> bytes:
        """What the ledger holds of it."""
        return encode(StatementEntry(at=self.at, statement=reference(canonical(self)), predicate=ROTATED))


class Keys:
    """The files of one lab. ``private`` is the present key's."""

    def __init__(self, private: Path) -> None:
        self._private = private
        self._next = private.with_name(f"{private.name}.next")
        self._next_public = private.with_name(f"{private.name}.next.pub")
        self._retired = private.parent / "retired"

    def record(self, old: PublicKey) -> Path:
        """The rotation that retired a key."""
        return self._retired / f"{old.id[:16]}.json"

    def note(self, old: PublicKey) -> Path:
        """Where the index of that rotation's entry is kept."""
        return self._retired / f"{old.id[:16]}.entry"

    def rotations(self, present: PublicKey) -> Iterator[Rotation]:
        """Those that led to the present key, the last one first. What is not signed by both its keys is none."""
        by_new = {each.after.id: each for path in sorted(self._retired.glob("*.json")) if (each := _read(path))}
        while rotation := by_new.pop(present.id, None):
            yield rotation
            present = rotation.before

    def begin(self, old: Signer) -> None:
        """Make a new key, and have both say that it comes after the old one."""
        self._drop()
        new = LocalSigner.generate(P256)
        new.save(self._next)
        rotation = Rotation(at=now(), old=old.public.pem.decode(), new=new.public.pem.decode())
        storage.write_bytes(self._retired / f"{old.public.id[:16]}.pub", old.public.pem)
        storage.write_bytes(self.record(old.public), _sealed(rotation, old, new))

    def pending(self, present: PublicKey) -> Rotation | None:
        """The rotation that was begun and is not through; a new key that none names is dropped."""
        if not self._next.exists():
            return None
        rotation = _read(self.record(present)) if self.record(present).is_file() else None
        if rotation and rotation.after.id == LocalSigner.load(self._next).public.id:
            return rotation
        self._drop()
        return None

    def is_pending(self) -> bool:
        """Whether there may be one; costs a look at a name."""
        return self._next.exists()

    def switch(self, rotation: Rotation) -> None:
        """Put the new key in the old one's place."""
        storage.write_text(self._private.with_name(f"{self._private.name}.pub"), rotation.new)
        storage.remove(self._next_public)
        os.replace(self._next, self._private)

    def _drop(self) -> None:
        storage.remove(self._next_public)
        storage.remove(self._next)


def _sealed(rotation: Rotation, old: Signer, new: Signer) -> bytes:
    """The envelope, signed by the key before and by the key after: neither alone can name the other."""
    one, other = (dsse.seal(canonical(rotation), signer, ROTATION) for signer in (old, new))
    both = msgspec.structs.replace(one, signatures=one.signatures + other.signatures)
    return msgspec.json.encode(both) + b"\n"


def _read(path: Path) -> Rotation | None:
    """The rotation in a file; None if it is none, or not signed by both of its keys."""
    try:
        envelope = dsse.parse(path.read_bytes())
        rotation = msgspec.json.decode(envelope.content, type=Rotation)
        for key in (rotation.before, rotation.after):
            dsse.unseal(envelope, [key], ROTATION)
    except (VerificationError, SigningError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return rotation if canonical(rotation) == envelope.content else None
