"""The lab: its keys and its ledger, in one directory that is no run and is never handed out.

::

    HOME/lab.toml            who signs what: key files here, or commands (KMS, HSM); the ledger's name
    HOME/keys/               private keys, readable by their owner only; *.pub beside them; retired/*.pub
    HOME/ledger/             the append-only log, a directory of static files to publish

Made at first use. Statements and model directories are signed with ECDSA P-256, which the public model verifier takes;
the log with Ed25519, as its format asks. ``rotate`` replaces the statements' key: the new one is signed by the old and
entered in the ledger, and what the old one signed stays valid.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bylaw import settings, storage
from bylaw.canonical import canonical
from bylaw.errors import LedgerError, LedgerLocked, UsageError
from bylaw.ledger.entries import StatementEntry, encode, now, reference
from bylaw.ledger.log import Log, log_vkey
from bylaw.ledger.proof import prove
from bylaw.ledger.stores import DirectoryStore
from bylaw.lineage import dsse
from bylaw.signing import ED25519, P256, LocalSigner, PublicKey, Signer, open_signer, refuse_inside

HOME = "BYLAW_HOME"
"""Environment variable that names the directory; ``~/.bylaw`` without it."""
ROTATION = "application/vnd.bylaw.rotation+json"
ROTATED = "https://bylaw.dev/rotation/v1"
PATIENCE = 60.0
"""Seconds that an entry waits for another process that writes the ledger."""


class KeySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A private key's file (relative to the lab), or a command that signs and its public key's file."""

    private: str = ""
    command: str = ""
    public: str = ""


class LabSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``origin``: the ledger's name, where it will be served, without ``https://``."""

    origin: str = "bylaw.local/ledger"
    statements: KeySettings = KeySettings(private="keys/statements.pem")
    ledger: KeySettings = KeySettings(private="keys/ledger.pem")


class Lab:
    """Who signs, and where statements are entered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = settings.load(LabSettings, root / "lab.toml")
        self.signer = _signer(root, self.settings.statements)
        if self.signer.public.algorithm != P256:
            raise UsageError(f"{root / 'lab.toml'}: statements are signed with ECDSA P-256, and this key is not one")

    @classmethod
    def open(cls, root: Path | None = None) -> "Lab":
        """The lab in ``root``, or where ``BYLAW_HOME`` says; made if it is not there."""
        root = root or Path(os.environ.get(HOME) or Path.home() / ".bylaw")
        if not (root / "lab.toml").is_file():
            cls.create(root)
        return cls(root)

    @staticmethod
    def create(root: Path, how: LabSettings | None = None) -> None:
        """Make keys and an empty, signed ledger; another process that is quicker wins."""
        with storage.explained(root):
            root.parent.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=f".{root.name}.", suffix=storage.TEMPORARY, dir=root.parent))
            try:
                _furnish(made, how or LabSettings())
                made.rename(root)
            except OSError:
                if not (root / "lab.toml").is_file():
                    raise
            finally:
                storage.remove(made)

    @property
    def ledger(self) -> Path:
        """The log's directory."""
        return self.root / "ledger"

    @property
    def vkey(self) -> str:
        """The verifier key of the ledger, for readers' policies."""
        return str(log_vkey(self.ledger))

    @property
    def trusted(self) -> list[PublicKey]:
        """The keys that statements may be signed with: the present one and those that were retired."""
        retired = sorted((self.root / "keys" / "retired").glob("*.pub"))
        return [self.signer.public, *map(PublicKey.load, retired)]

    def keep_out_of(self, directory: Path) -> None:
        """Raise ``SigningError`` if the lab lies inside a directory that others get to see."""
        refuse_inside(self.root / "lab.toml", [directory])

    def enter(self, entries: Sequence[bytes]) -> range:
        """Append entries to the ledger, safely on the disk; returns their indexes. Waits for another writer."""
        with self._writing() as log:
            return log.append(entries)

    def checkpoint(self) -> bytes:
        """Sign the ledger as it is; returns the checkpoint. Waits for another writer."""
        with self._writing() as log:
            return log.checkpoint(_signer(self.root, self.settings.ledger))

    def prove(self, index: int, entry: bytes) -> bytes:
        """The proof (C2SP tlog-proof) that an entry stands at ``index``, against the ledger's last checkpoint.

        Raises ``LedgerError`` if another one stands there.
        """
        proof, found = prove(DirectoryStore(self.ledger), index)
        if found != entry:
            raise LedgerError(f"entry {index} of {self.ledger} is another one than the one that should be proven")
        return bytes(proof)

    @contextmanager
    def _writing(self) -> Iterator[Log]:
        """The ledger, open for writing, once nobody else writes it."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                log = Log.open(self.ledger)
                break
            except LedgerLocked:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        with log:
            yield log

    def rotate(self) -> tuple[Path, int]:
        """Replace the statements' key: the old one signs which is the new, and that is entered in the ledger.

        Returns the envelope's file and its index. Raises ``UsageError`` where a command signs: its owner rotates it.
        """
        private = self.root / self.settings.statements.private
        if self.settings.statements.command:
            raise UsageError("statements are signed by a command: rotate its key there, and name it in lab.toml")
        old, new = self.signer, LocalSigner.generate(P256)
        said = canonical({"old": old.public.id, "new": new.public.pem.decode()})
        record = self.root / "keys" / "retired" / f"{old.public.id[:16]}.json"
        storage.write_bytes(record, msgspec.json.encode(dsse.seal(said, old, ROTATION)))
        fresh = private.with_name(f"{new.public.id[:16]}.pem")
        new.save(fresh)
        storage.write_bytes(self.root / "keys" / "retired" / f"{old.public.id[:16]}.pub", old.public.pem)
        os.replace(fresh, private)
        os.replace(fresh.with_name(f"{fresh.name}.pub"), private.with_name(f"{private.name}.pub"))
        self.signer = new
        index = self.enter([encode(StatementEntry(at=now(), statement=reference(said), predicate=ROTATED))])[0]
        self.checkpoint()
        return record, index


def _furnish(root: Path, how: LabSettings) -> None:
    root.chmod(0o700)
    for key, kind in ((how.statements, P256), (how.ledger, ED25519)):
        if key.private:
            LocalSigner.generate(kind).save(root / key.private)
    signer = _signer(root, how.ledger)
    Log.create(root / "ledger", how.origin, signer.public)
    with Log.open(root / "ledger") as log:
        log.checkpoint(signer)
    storage.write_text(root / "lab.toml", settings.dumps(how))


def _signer(root: Path, how: KeySettings) -> Signer:
    if how.command:
        return open_signer(command=how.command, public=root / how.public)
    return open_signer(root / how.private, outside=[root / "ledger"])
