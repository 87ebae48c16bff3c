"""Trust policies (C2SP tlog-policy): which logs are known, which witnesses, and how many must have cosigned.

::

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...
    quorum <name>|none

A policy comes from whoever checks, never from what is checked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bylaw.errors import PolicyError, VerificationError
from bylaw.ledger.checkpoint import Checkpoint
from bylaw.ledger.note import COSIGNATURE, COSIGNATURE_MLDSA, ED25519, Note, Vkey

MAX_POLICY = 1 << 20
MAX_LINES = 4096
NONE = "none"

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")
_LOG_KINDS = (ED25519, COSIGNATURE_MLDSA)
_WITNESS_KINDS = (COSIGNATURE, COSIGNATURE_MLDSA)


@dataclass(frozen=True)
class Group:
    """``needed`` of the members, each a witness or a group."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """A checkpoint that satisfies a policy."""

    checkpoint: Checkpoint
    log: Vkey
    witnesses: Mapping[str, int]
    """Names (of the policy) of the witnesses that cosigned it, with the time of each (seconds since 1970)."""


@dataclass(frozen=True)
class Policy:
    """A parsed policy. ``quorum`` is the name of a witness or group, or ``none``."""

    logs: tuple[Vkey, ...]
    witnesses: Mapping[str, Vkey]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def load(cls, path: Path) -> "Policy":
        """Read a file. Raises ``PolicyError`` naming file and line."""
        try:
            if path.exists() and not path.is_file():  # to open a pipe has no end
                raise PolicyError("is not a plain file", str(path))
            with path.open("rb") as file:
                return cls.parse(file.read(MAX_POLICY + 1), str(path))
        except OSError as error:
            raise PolicyError(f"cannot be read: {error.strerror}", str(path)) from error

    @classmethod
    def parse(cls, content: bytes, where: str = "policy") -> "Policy":
        """Read a policy's bytes. Raises ``PolicyError`` naming the line."""
        if len(content) > MAX_POLICY or content.count(b"\n") > MAX_LINES:
            raise PolicyError(f"longer than {MAX_POLICY} bytes or {MAX_LINES} lines", where)
        if found := _FORBIDDEN.search(content):
            raise PolicyError(f"the byte {found[0].hex()} may not stand in a policy", where)
        if content and not content.endswith(b"\n"):
            raise PolicyError("the last line does not end with a newline", where)
        reader = _Reader()
        # names are octets, not characters: what is no UTF-8 is kept as it is
        for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if words and not words[0].startswith("#"):
                try:
                    reader.read(words)
                except PolicyError as error:
                    raise PolicyError(str(error), f"{where}:{number}") from error
        if reader.quorum is None:
            raise PolicyError("there is no quorum line", where)
        return cls(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)

    @classmethod
    def unwitnessed(cls, *logs: Vkey) -> "Policy":
        """The policy that knows these logs and asks for no witness."""
        return cls(logs, {}, {}, NONE)

    def check(self, content: bytes, logs: Sequence[Vkey] = ()) -> Verdict:
        """Check a checkpoint's note: signed by a known log whose name is its origin, cosigned by the quorum.

        ``logs`` are known besides the policy's own; with none at all everything is refused.
        Raises ``MalformedError`` or ``VerificationError``.
        """
        note = Note.parse(content)
        checkpoint = Checkpoint.parse(note.text)
        known = [log for log in (*self.logs, *logs) if log.name == checkpoint.origin]
        if not known:
            raise VerificationError("origin", f"{checkpoint.origin!r} is no log that the policy knows")
        signed = note.verified(known)
        log = next((each for each in known if each in signed), None)
        if log is None:
            raise VerificationError("signature", f"the checkpoint of {checkpoint.origin} is not signed by its log")
        cosigned = note.verified(self.witnesses.values())
        times = {name: time for name, key in self.witnesses.items() if (time := cosigned.get(key)) is not None}
        if not self._holds(self.quorum, times):
            raise VerificationError("quorum", f"{self._said(times)}; the policy asks for {self.quorum}")
        return Verdict(checkpoint, log, times)

    def _holds(self, name: str, times: Mapping[str, int]) -> bool:
        if name == NONE:
            return True
        if group := self.groups.get(name):
            return sum(self._holds(member, times) for member in group.members) >= group.needed
        return bool(times.get(name))  # a cosignature without a time says nothing about a checkpoint

    def _said(self, times: Mapping[str, int]) -> str:
        missing = [name for name in self.witnesses if name not in times]
        return f"{len(times)} of {len(self.witnesses)} witnesses cosigned it (missing: {', '.join(missing) or 'none'})"


class _Reader:
    """The state of parsing: what is defined so far."""

    def __init__(self) -> None:
        self.logs: list[Vkey] = []
        self.witnesses: dict[str, Vkey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._grouped: set[str] = set()

    def read(self, words: Sequence[str]) -> None:
        """Take in one line."""
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._log(_vkey(vkey, _LOG_KINDS))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._witness(name, _vkey(vkey, _WITNESS_KINDS))
            case ["group", name, count, _, *_]:
                self._group(name, count, tuple(words[3:]))
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise PolicyError(f"not a line of a policy: {' '.join(words)[:80]!r}")

    def _log(self, vkey: Vkey) -> None:
        if any(vkey.key == other.key for other in self.logs):
            raise PolicyError(f"the key of the log {vkey.name} stands twice")
        self.logs.append(vkey)

    def _witness(self, name: str, vkey: Vkey) -> None:
        if any(vkey.key == other.key for other in self.witnesses.values()):
            raise PolicyError(f"the key of the witness {name} stands twice: it would count twice")
        self._define(name)
        self.witnesses[name] = vkey

    def _group(self, name: str, count: str, members: tuple[str, ...]) -> None:
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise PolicyError(f"{member!r} is not defined above")
            if member in self._grouped:
                raise PolicyError(f"{member!r} is a member of a group already")
            self._grouped.add(member)
        needed = {"any": 1, "all": len(members)}.get(count) or (int(count) if _COUNT.fullmatch(count) else 0)
        if not 1 <= needed <= len(members):
            raise PolicyError(f"a group of {len(members)} needs all, any or a number from 1 to that, not {count!r}")
        self._define(name)
        self.groups[name] = Group(needed, members)

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise PolicyError("there is a quorum line already")
        if name != NONE and name not in self.witnesses and name not in self.groups:
            raise PolicyError(f"{name!r} is not defined above")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise PolicyError(f"the name {name!r} is taken")


def _vkey(text: str, kinds: Sequence[int]) -> Vkey:
    vkey = Vkey.parse(text)
    if vkey.kind not in kinds:
        allowed = ", ".join(f"{kind:#04x}" for kind in kinds)
        raise PolicyError(f"the key of {vkey.name} is of kind {vkey.kind:#04x}; here it must be one of {allowed}")
    return vkey
