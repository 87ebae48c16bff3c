"""The lab: its keys and its ledger, in one directory that is no run and is never handed out.

::

    HOME/lab.toml            who signs what: key files here, or commands (KMS, HSM); the ledger's name; the witnesses
    HOME/keys/               private keys, readable by their owner only; *.pub beside them; retired/ (see ``keys``)
    HOME/ledger/             the append-only log, a directory of static files to publish

Made at first use. Statements and model directories are signed with ECDSA P-256, which the public model verifier takes;
the log with Ed25519, as its format asks. A statement is signed and entered in one step: no rotation comes between.
"""

import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bylaw import settings, storage
from bylaw.errors import LedgerError, LedgerLocked, UsageError, VerificationError
from bylaw.ledger.entries import StatementEntry, encode, reference
from bylaw.ledger.log import Log, log_vkey
from bylaw.ledger.policy import Policy
from bylaw.ledger.proof import prove
from bylaw.ledger.stores import DirectoryStore
from bylaw.lineage import dsse, places
from bylaw.lineage.keys import Keys
from bylaw.signing import ED25519, P256, LocalSigner, PublicKey, Signer, open_signer, refuse_inside

HOME = "BYLAW_HOME"
"""Environment variable that names the directory; ``~/.bylaw`` without it."""
PATIENCE = 60.0
"""Seconds that an entry waits for another process that writes the ledger."""


class KeySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A private key's file (relative to the lab), or a command that signs and its public key's file."""

    private: str = ""
    command: str = ""
    public: str = ""


class LabSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``origin``: the ledger's name, where it will be served, without ``https://``.

    ``policy``: a tlog-policy's file (relative to the lab) that names the witnesses who are believed here.
    """

    origin: str = "bylaw.local/ledger"
    policy: str = ""
    statements: KeySettings = KeySettings(private="keys/statements.pem")
    ledger: KeySettings = KeySettings(private="keys/ledger.pem")


class Lab:
    """Who signs, and where statements are entered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = settings.load(LabSettings, root / "lab.toml")
        self._keys = Keys(root / (self.settings.statements.private or "keys/statements.pem"))
        if self.signer.public.algorithm != P256:
            raise UsageError(f"{root / 'lab.toml'}: statements are signed with ECDSA P-256, and this key is not one")
        if self._keys.is_pending():
            with self._writing():  # goes on with a rotation that was killed
                pass

    @classmethod
    def open(cls, root: Path | None = None) -> "Lab":
        """The lab in ``root``, or where ``BYLAW_HOME`` says; made if it is not there."""
        root = home_of(root)
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
                _move_in(made, root)
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
    def signer(self) -> Signer:
        """Who signs statements now: read each time, since another process may have replaced the key."""
        return _signer(self.root, self.settings.statements)

    @property
    def trusted(self) -> list[PublicKey]:
        """The keys the lab has signed with: the present one, and those a chain of rotations leads to from it."""
        present = self.signer.public
        return [present, *(each.before for each in self._keys.rotations(present))]

    @property
    def policy(self) -> Policy | None:
        """The witnesses the lab relies on; None where it names none."""
        return Policy.load(self.root / self.settings.policy) if self.settings.policy else None

    @property
    def working_key(self) -> bytes:
        """What the working files of runs are marked with; made when it is first asked for, and never let out."""
        path = self.root / "keys" / "working.key"
        if not path.is_file():
            with self._locked():  # two processes make one
                if not path.is_file():
                    storage.write_bytes(path, secrets.token_bytes(32))
                    path.chmod(0o600)
        return path.read_bytes()

    def keep_out_of(self, directory: Path) -> None:
        """Raise ``SigningError`` if the lab lies inside a directory that others get to see."""
        refuse_inside(self.root / "lab.toml", [directory])

    def seal(self, payload: bytes, predicate: str, at: str) -> tuple[bytes, int]:
        """Sign a statement and enter it; returns its envelope, a line of JSON, and its index."""
        with self._writing() as log:
            envelope = dsse.seal(payload, self.signer)
            entry = encode(StatementEntry(at=at, statement=reference(payload), predicate=predicate))
            index = log.append([entry])[0]
        return msgspec.json.encode(envelope) + b"\n", index

    def unseal(self, envelope: dsse.Envelope, entry: bytes, note: Path) -> bytes:
        """The payload of a statement the lab has signed: with its present key, or with another in that key's time.

        ``entry`` is what the ledger holds of it, ``note`` the file with its index. Raises ``VerificationError``.
        """
        present = self.signer.public
        try:
            return dsse.unseal(envelope, [present])
        except VerificationError as error:
            ended = [each for each in self._keys.rotations(present) if dsse.has_signed(envelope, each.before)]
            if not ended:
                asked = f"{error.message}; is {self.root} the same lab that signed it?"
                raise VerificationError(error.check, asked) from error
        index, until = self.place(entry, note), self.place(ended[0].entry, self._keys.note(ended[0].before))
        if index is None or until is None or index > until:
            where = "is not in the ledger" if index is None else f"is entry {index}"
            key = f"the key {ended[0].before.id[:16]}…"
            raise VerificationError("signature", f"made by {key}, which was retired at entry {until}; this {where}")
        return envelope.content

    def enter(self, entries: Sequence[bytes]) -> range:
        """Append entries to the ledger, safely on the disk; returns their indexes. Waits for another writer."""
        with self._writing() as log:
            return log.append(entries)

    def enter_once(self, entry: bytes) -> int:
        """The index of an entry: of the one that is there already, else of a new one."""
        with self._writing() as log:
            return self._once(log, entry)

    def place(self, entry: bytes, note: Path) -> int | None:
        """Where an entry stands: as the file ``note`` says, if that is so, else where it is found; None if nowhere.

        Only what the ledger's last checkpoint covers is seen.
        """
        own = Policy.unwitnessed(log_vkey(self.ledger))
        return places.place(DirectoryStore(self.ledger), own, entry, note)

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

    def rotate(self) -> tuple[Path, int]:
        """Replace the statements' key, or go on with a replacement that was killed.

        Returns the rotation's file and its index. Raises ``UsageError`` where a command signs: its owner rotates it.
        """
        if self.settings.statements.command:
            raise UsageError("statements are signed by a command: rotate its key there, and name it in lab.toml")
        with self._locked() as log:
            old = self.signer
            if not self._keys.pending(old.public):
                self._keys.begin(old)
            self._settle(log)
        note = self._keys.note(old.public)
        return self._keys.record(old.public), int(note.read_text())

    def _settle(self, log: Log) -> None:
        """Go on with a rotation that was begun, if there is one: enter it, note where, put the new key in place."""
        old = self.signer.public
        if rotation := self._keys.pending(old):
            index = self._once(log, rotation.entry)
            log.checkpoint(_signer(self.root, self.settings.ledger))
            storage.write_text(self._keys.note(old), f"{index}\n")
            self._keys.switch(rotation)

    def _once(self, log: Log, entry: bytes) -> int:
        log.checkpoint(_signer(self.root, self.settings.ledger))  # with it, all entries are in the tiles
        found = places.find(DirectoryStore(self.ledger), log.size, entry)
        return log.append([entry])[0] if found is None else found

    @contextmanager
    def _writing(self) -> Iterator[Log]:
        """The ledger, open for writing, once nobody else writes it and no rotation is under way."""
        with self._locked() as log:
            if self._keys.is_pending():
                self._settle(log)
            yield log

    @contextmanager
    def _locked(self) -> Iterator[Log]:
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


def home_of(root: Path | None = None) -> Path:
    """The lab's directory: as named, or where ``BYLAW_HOME`` says, or ``~/.bylaw``."""
    return root or Path(os.environ.get(HOME) or Path.home() / ".bylaw")


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


def _move_in(made: Path, root: Path) -> None:
    """Give the lab its place, in one step; or in several, ``lab.toml`` last, where something of another kind lies there
    already, such as an office. Raises ``UsageError`` where that bears a name of the lab's.
    """
    try:
        made.rename(root)
    except OSError:
        if not root.is_dir():
            raise
        with storage.alone(root / ".lab.lock", LedgerLocked(f"another process makes a lab in {root}; try again")):
            if (root / "lab.toml").is_file():
                return
            names = _pieces(made, root)
            taken = [name for name in names if (root / name).exists()]
            if taken:
                raise UsageError(
                    f"{root} has {', '.join(taken)} and no lab.toml: bring it back, or move these away"
                ) from None
            for name in names:
                (made / name).rename(root / name)
            root.chmod(0o700)


def _pieces(made: Path, root: Path) -> list[str]:
    """What is to be moved, ``lab.toml`` last; keys one by one where others, such as a gateway's, lie there already."""
    names = sorted((each.name for each in made.iterdir()), key=lambda name: (name == "lab.toml", name))
    if (root / "keys").is_dir() and "keys" in names:
        at = names.index("keys")
        names[at : at + 1] = sorted(f"keys/{each.name}" for each in (made / "keys").iterdir())
    return names


def _signer(root: Path, how: KeySettings) -> Signer:
    if how.command:
        return open_signer(command=how.command, public=root / how.public)
    return open_signer(root / how.private, outside=[root / "ledger"])
