"""Everything bylaw raises on purpose. A caller catches ``BylawError`` or one of its branches::

BylawError
├── UsageError             the command line or a call asks for something that cannot be
├── DocumentError          a text somebody wrote is wrong: file, line and field are named
│   ├── ConstitutionError
│   ├── SettingsError      an unknown key names its nearest known neighbour
│   ├── RecordError        a row of a .jsonl file does not decode
│   └── PolicyError        a trust policy or a verifier key is not in its format
├── ModelError             a model directory cannot be used: no chat template, pickled weights
│   ├── ClusterLost        the workers of a cluster cannot be had, or are gone for good; what is finished is kept
│   └── RemoteError        a server cannot be asked, or what it says cannot be used; what is finished is kept
│       ├── ModelChanged   the model behind the server is not the one it was
│       └── BudgetSpent    the run has spent what it may
├── HubError               a hub does not take what is pushed to it; says why
├── MissingExtra           an optional dependency is not installed; says what to install
├── RunError               a run directory cannot be used or continued
│   ├── RunLocked          another process works in it
│   └── RunCorrupt         a finished stage no longer has the digests it finished with
├── ObjectError            a store behind a URL cannot be reached, or refuses; what is finished is kept here
├── SigningError           a key cannot be read, or the command that signs does not
├── StoreError             the store of facts cannot be used (access/store: StoreBusy, UnderHold)
├── LedgerError            a ledger cannot be used or continued
│   ├── LedgerLocked       another process writes it
│   └── LedgerCorrupt      what lies on disk is not what was acknowledged or signed
├── VerificationError      something does not verify; ``check`` names the check that failed
│   ├── MalformedError     what should be checked is not in its format, or larger than it may be
│   └── ForkError          a log has shown two histories that cannot both be true
├── VocabularyError        a text lies outside the wind tunnel's world
└── GateStopped            a measurement passed its bound; names the last good checkpoint
"""


class BylawError(Exception):
    """Base of all errors raised on purpose; ``str()`` of it is a sentence for a person."""

    exit_code = 1


class UsageError(BylawError):
    """The request itself is wrong."""

    exit_code = 2


class DocumentError(BylawError):
    """A text somebody wrote is wrong.

    ``where`` is ``file``, ``file:line`` or ``file:line: field`` as far as it is known.
    """

    exit_code = 2

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class ConstitutionError(DocumentError):
    """A constitution does not parse or breaks a rule of its format."""


class SettingsError(DocumentError):
    """A settings file or ``--set`` override names an unknown key or a value of the wrong type."""


class RecordError(DocumentError):
    """A row of a records file does not decode."""


class PolicyError(DocumentError):
    """A trust policy (C2SP tlog-policy) or a verifier key does not parse."""


class ModelError(BylawError):
    """A model directory or its tokenizer cannot be used as asked."""


class ClusterLost(ModelError):
    """A cluster cannot be had, or is gone for good. Every chunk that was finished is kept."""


class RemoteError(ModelError):
    """A server cannot be asked, or what it says cannot be used. Every answer before it is kept."""


class ModelChanged(RemoteError):
    """The model behind a server is not the one that was asked for, or that the run began with; both are named."""


class BudgetSpent(RemoteError):
    """The run has spent the tokens or the money it may."""

    exit_code = 3


class HubError(BylawError):
    """A hub does not take what is pushed to it, or cannot be reached."""


class MissingExtra(BylawError):
    """An optional dependency is absent."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs {package}; install it with: pip install 'bylaw[{extra}]'")


class RunError(BylawError):
    """A run directory cannot be used or continued."""


class RunLocked(RunError):
    """Another live process works in the run directory."""


class RunCorrupt(RunError):
    """What a finished stage left behind no longer has the digests it finished with."""


class ObjectError(BylawError):
    """A store behind a URL cannot be reached, or refuses. What is finished is kept on this machine."""


class SigningError(BylawError):
    """A key cannot be read or made, or the command that signs gave no valid signature."""


class LedgerError(BylawError):
    """A ledger cannot be used or continued."""


class LedgerLocked(LedgerError):
    """Another live process writes this ledger."""


class LedgerCorrupt(LedgerError):
    """What lies on disk is not what was acknowledged or signed; nothing is repaired silently."""


class VerificationError(BylawError):
    """Something does not verify. ``check`` is the name of the check that failed (``inclusion``, ``quorum`` …)."""

    exit_code = 4

    def __init__(self, check: str, message: str) -> None:
        super().__init__(f"{check}: {message}")
        self.check = check
        self.message = message


class MalformedError(VerificationError):
    """What should be checked is not in its format, or is larger than it may be."""


class ForkError(VerificationError):
    """A log has shown two histories that cannot both be true, or an older one than before."""


class VocabularyError(BylawError):
    """A prompt or principle speaks of things the wind tunnel's world does not contain."""


class GateStopped(BylawError):
    """A gate's bound was passed; the run stops with the last good checkpoint named."""

    exit_code = 3
